//! Where stories stand, without reading them: what counts, maps and trends are made of.
//!
//! Deliberately absent: `per_source`, for which every story would have to be read.

use std::collections::HashSet;

use super::{Store, terms};
use crate::model::{Filter, Second, Window};

impl Store {
    /// Where the stories that pass a filter stand within a window, newest first, each story once; at most `most`.
    ///
    /// Of a story that has several editions which could be shown it is the newest of them.
    pub fn places(&self, filter: &Filter, mut window: Window, most: usize) -> Vec<Second> {
        let asked = terms::asked(filter);
        let index = self.index();
        let (mut seen, mut places) = (HashSet::new(), Vec::new());
        while places.len() < most {
            let found = index.newest(&asked, &mut window);
            if found.is_empty() {
                break;
            }
            let is_first = |at: &Second| index.at(*at).is_some_and(|number| seen.insert(number));
            places.extend(found.into_iter().rev().filter(is_first));
        }
        places.truncate(most);
        places
    }
}

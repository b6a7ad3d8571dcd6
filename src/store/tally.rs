//! Where stories stand, without reading them: what counts, maps and trends are made of.
//!
//! Deliberately absent: `per_source`, for which every story would have to be read; and what was written since words were last read.

use std::collections::HashSet;

use super::{Store, StoreError, terms, terms::Meeting};
use crate::model::{Filter, Second, Window};

impl Store {
    /// Where the stories that pass a filter stand within a window, newest first, each story once; at most `most`.
    ///
    /// Of a story that has several editions which could be shown it is the newest of them.
    pub fn places(&self, filter: &Filter, window: Window, most: usize) -> Result<Vec<Second>, StoreError> {
        let mut seen = HashSet::new();
        if filter.words.is_empty() {
            return Ok(self.met(&terms::asked(filter), window, most, &mut seen));
        }
        let words = self.words.reading().ok_or(StoreError::NoWords)?;
        let mut places = Vec::new();
        for slice in words.slices(&filter.words, window, self.last_position()) {
            let found = self.words.found(&words, &filter.words, &slice)?;
            let asked: Vec<Meeting> = terms::asked(filter).into_iter().map(|meeting| meeting.among(&found)).collect();
            places.extend(self.met(&asked, slice.window, most - places.len(), &mut seen));
            if places.len() >= most {
                break;
            }
        }
        Ok(places)
    }

    /// Where these meetings take place, newest first; at most `most`, and no story that was seen.
    fn met(&self, asked: &[Meeting], mut window: Window, most: usize, seen: &mut HashSet<u32>) -> Vec<Second> {
        let index = self.index();
        let mut places = Vec::new();
        while places.len() < most {
            let found = index.newest(asked, &mut window, most - places.len());
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

//! The end of a wait: stories that waited for their original are shown, when nobody told it in time.
//!
//! They are looked for once a round, and before each group of looks, so that what a look finds is decided against what is
//! shown by then. Deliberately absent: who waits and for how long, which is decided with the look (`table`).

use std::sync::Arc;

use super::{ApplyError, Hand, records};
use crate::{
    dedup,
    model::{Act, Acted, Second, Story},
    text,
};

impl Hand {
    /// Shows the stories whose wait is over, in the order in which it ended.
    pub(super) fn open_waiting(&mut self, now: Second) -> Result<(), ApplyError> {
        let mut opened: Vec<(Option<Second>, Story)> = Vec::new();
        for id in self.store.waiting() {
            let story = self.store.story(&id).map_err(|error| self.failed(error))?;
            let story = story.and_then(|story| Some((story.waits(), dedup::open(&story, now)?)));
            opened.extend(story);
        }
        if opened.is_empty() {
            return Ok(());
        }
        // Of those that waited equally long the first one kept comes first.
        opened.sort_by_key(|(until, story)| (*until, story.first_edition().position));
        let mut stories: Vec<Story> = opened.into_iter().map(|(_, story)| story).collect();
        self.place_as_news(&mut stories, |_| true, now);
        tracing::info!(stories = stories.len(), "the wait of {} stories is over", stories.len());
        let stories = stories.into_iter().map(Arc::new).collect();
        let (who, why) = (Some(dedup::BY_RULE.to_owned()), Some(dedup::WAIT_IS_OVER.to_owned()));
        let acted = Acted { act: Act::Release, story: None, source: None, who, why, stories };
        self.write(&records::acted(acted, now, self.journal.bounds().last + 1))
    }

    /// The same when the round ends. What can not be shown now is shown at the next one.
    pub(super) fn open_in_time(&mut self) {
        if self.store.waiting().is_empty() {
            return;
        }
        let opened = self.begin().and_then(|now| self.open_waiting(now));
        if let Err(error) = opened {
            tracing::warn!("stories that waited are not shown yet: {}", text::chain(&error));
        }
    }
}

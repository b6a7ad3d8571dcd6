//! What is kept, filed again by the rules of today.
//!
//! A change of the topics is for what comes after it; this is for what came before. It is looked at first: which
//! stories would be filed elsewhere, and what that does to each feed. Then they are written, a few at a time
//! between looks, each as it stands by then. Ids, places, times and languages stay.
//! Deliberately absent: rules of filing (`classify`), and what makes a story (`dedup`).

use std::{
    collections::BTreeMap,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use crate::{
    classify::Classifier,
    dedup,
    model::{CountryCode, Labels, RegionSlug, Source, SourceId, Story, StoryId, TopicSlug},
    store::{Store, StoreError},
    text,
};

/// Stories that are looked at in one stretch.
const STRETCH: u32 = 500;
/// A feed that loses this share of its stories is all but empty, in hundredths.
const EMPTIES: u64 = 80;
/// A feed that more than doubles by more stories than this floods its subscribers.
const FLOODS: u64 = 20;

/// The rules of today: how items are filed, and what their sources say of them.
pub struct Filing {
    classifier: Arc<Classifier>,
    sources: BTreeMap<SourceId, Arc<Source>>,
}

impl Filing {
    /// By this classifier, with the defaults of these sources. A source that is not among them has none.
    pub fn new(classifier: Arc<Classifier>, sources: BTreeMap<SourceId, Arc<Source>>) -> Self {
        Self { classifier, sources }
    }

    /// A story as it is filed today; nothing when that is how it is filed. One that makes us stumble stays as it is.
    pub(super) fn again(&self, story: &Story) -> Option<Story> {
        // What is told in another story is filed there; what has no words is filed nowhere.
        if story.joined().is_some() || story.is_at_rest() {
            return None;
        }
        let filed = catch_unwind(AssertUnwindSafe(|| dedup::refile(story, self.labels(story))));
        filed.unwrap_or_else(|panic| {
            tracing::error!(story.id = %story.id, "story {} can not be filed again and stays as it is: {}", story.id, text::of_panic(&*panic));
            None
        })
    }

    fn labels(&self, story: &Story) -> Vec<Labels> {
        let filed = story.copies.iter().map(|copy| {
            let source = self.sources.get(&copy.item.source).map(AsRef::as_ref);
            // As at the first time: near misses are not kept.
            Labels { rejected: Vec::new(), ..self.classifier.again(&copy.item, source, copy.labels.lang) }
        });
        filed.collect()
    }
}

/// A label that stories are filed under, and that has a feed. Written as its address is: `topic/youth`, `country/gt`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// A topic.
    Topic(TopicSlug),
    /// A country.
    Country(CountryCode),
    /// A region.
    Region(RegionSlug),
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topic(slug) => write!(f, "topic/{slug}"),
            Self::Country(code) => write!(f, "country/{}", code.as_str().to_ascii_lowercase()),
            Self::Region(slug) => write!(f, "region/{slug}"),
        }
    }
}

/// The labels that a story is filed under.
pub fn labels(story: &Story) -> impl Iterator<Item = Label> + '_ {
    let topics = story.topics.iter().cloned().map(Label::Topic);
    let countries = story.countries.iter().copied().map(Label::Country);
    topics.chain(countries).chain(story.regions.iter().cloned().map(Label::Region))
}

/// What becomes of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Shift {
    /// Stories in it now.
    pub before: u64,
    /// Stories that come into it.
    pub enter: u64,
    /// Stories that go out of it.
    pub leave: u64,
}

impl Shift {
    /// Stories in it afterwards.
    pub fn after(self) -> u64 {
        self.before + self.enter - self.leave
    }

    /// What its subscribers would not expect.
    pub fn warning(self) -> Option<String> {
        let Self { before, enter, leave } = self;
        if leave > 0 && leave * 100 >= before * EMPTIES {
            Some(format!("{leave} of its {before} stories leave"))
        } else if enter > FLOODS && self.after() > 2 * before {
            Some(format!("{enter} stories enter where {before} are"))
        } else {
            None
        }
    }
}

/// What filing again would do, as far as it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outlook {
    /// Stories that were looked at.
    pub stories: u64,
    /// Those that would be filed in another way, or for another reason.
    pub changed: Vec<StoryId>,
    /// How many of them would stand in other feeds.
    pub moved: u64,
    /// What becomes of each feed that has stories, or would have.
    pub shifts: BTreeMap<Label, Shift>,
    next: u32,
}

impl Outlook {
    /// Looks at some more stories; says whether there are more.
    pub fn go_on(&mut self, store: &Store, filing: &Filing) -> Result<bool, StoreError> {
        let (stories, next) = store.stretch(self.next, STRETCH)?;
        for story in stories {
            self.take(&story, filing.again(&story).as_ref());
        }
        self.next = next.unwrap_or(self.next);
        Ok(next.is_some())
    }

    fn take(&mut self, story: &Story, refiled: Option<&Story>) {
        self.stories += 1;
        let shown = |story: &Story| if story.is_gone() { Vec::new() } else { labels(story).collect::<Vec<Label>>() };
        let (before, after) = (shown(story), shown(refiled.unwrap_or(story)));
        let (mut enter, mut leave) = (0, 0);
        for label in &before {
            let shift = self.shifts.entry(label.clone()).or_default();
            shift.before += 1;
            let leaves = u64::from(!after.contains(label));
            shift.leave += leaves;
            leave += leaves;
        }
        for label in after.into_iter().filter(|label| !before.contains(label)) {
            self.shifts.entry(label).or_default().enter += 1;
            enter += 1;
        }
        self.moved += u64::from(enter + leave > 0);
        self.changed.extend(refiled.map(|story| story.id));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    #[test]
    fn a_feed_that_all_but_empties_or_floods_is_warned_of() {
        let warned = |before, enter, leave| Shift { before, enter, leave }.warning().is_some();
        assert_eq!([warned(10, 0, 7), warned(10, 0, 8), warned(1, 0, 1), warned(10, 40, 8)], [false, true, true, true]);
        assert_eq!([warned(0, 20, 0), warned(0, 21, 0), warned(21, 21, 0), warned(20, 21, 0)], [false, true, false, true]);
        assert!(!warned(0, 0, 0) && !warned(1_000, 999, 0));
    }
}

//! What editors want done, done by the writer.
//!
//! A deed is decided against the stories as they stand when its turn comes, written as one record, and only then seen.
//! Deliberately absent: rules (`dedup`), and how a story is named by people (`daemon`).

use std::sync::Arc;

use super::{ApplyError, Hand, records};
use crate::{
    dedup::{self, Parted, Unfit, Wanted},
    model::{Act, Acted, Edition, Relabelled, Said, Second, SourceId, Story, StoryId, Why},
    store::Touched,
};

/// What an editor wants done, by whom and why.
#[derive(Debug, Clone)]
pub struct Deed {
    /// What.
    pub what: What,
    /// Who wants it, when that was said.
    pub who: Option<String>,
    /// Why, when that was said.
    pub why: Option<String>,
}

/// What can be wanted. With `as_new` what was done is news: its entries stand first, and keep their ids.
#[derive(Debug, Clone)]
pub enum What {
    /// A story out of every feed.
    Hide(StoryId),
    /// A story back in its feeds.
    Release {
        /// Which.
        story: StoryId,
        /// In a new place.
        as_new: bool,
    },
    /// A story under other labels.
    Relabel {
        /// Which.
        story: StoryId,
        /// The labels, given and taken.
        labels: Relabelled,
        /// Whether all that was said before is taken back first.
        forget: bool,
        /// In a new place.
        as_new: bool,
    },
    /// A copy out of a story.
    Split {
        /// Which.
        story: StoryId,
        /// Whose copy.
        source: SourceId,
        /// A key that it goes by.
        key: String,
        /// In a new place.
        as_new: bool,
    },
    /// One story of two.
    Join(StoryId, StoryId),
    /// What a source had filed in the archive because it was too much, shown as news.
    ReleaseFlood {
        /// Which source.
        source: SourceId,
        /// When it was filed.
        at: Second,
        /// Which stories; a few at a time, the oldest first.
        stories: Vec<StoryId>,
    },
    /// Copies of a source out of stories.
    Withdraw {
        /// Whose copies.
        source: SourceId,
        /// Out of which stories; a few at a time.
        stories: Vec<StoryId>,
    },
}

impl What {
    fn act(&self) -> Act {
        match self {
            Self::Hide(_) => Act::Hide,
            Self::Release { .. } | Self::ReleaseFlood { .. } => Act::Release,
            Self::Relabel { .. } => Act::Relabel,
            Self::Split { .. } => Act::Split,
            Self::Join(..) => Act::Join,
            Self::Withdraw { .. } => Act::Withdraw,
        }
    }

    fn story(&self) -> Option<StoryId> {
        match self {
            Self::Hide(story)
            | Self::Release { story, .. }
            | Self::Relabel { story, .. }
            | Self::Split { story, .. }
            | Self::Join(story, _) => Some(*story),
            Self::Withdraw { .. } | Self::ReleaseFlood { .. } => None,
        }
    }

    fn source(&self) -> Option<SourceId> {
        match self {
            Self::Withdraw { source, .. } | Self::ReleaseFlood { source, .. } => Some(source.clone()),
            _ => None,
        }
    }
}

/// Why a deed was not done. Nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// It can not be written.
    #[error("nothing was done")]
    Apply(#[from] ApplyError),
    /// It can not be done to such a story.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// There is no such story, any more.
    #[error("there is no story {0}")]
    NoStory(StoryId),
    /// There is no such copy, any more.
    #[error("story {0} has no such copy")]
    NoCopy(StoryId),
}

impl Hand {
    /// Decides a deed, writes it, and gives the stories before and after it.
    pub(super) fn act(&mut self, deed: Deed) -> Result<Vec<Touched>, ActError> {
        let now = self.begin()?;
        let Deed { what, who, why } = deed;
        let said = Said { act: what.act(), at: now, who, why };
        let after = self.outcome(&what, &said)?;
        let mut touched = Vec::with_capacity(after.len());
        for after in after {
            let before = self.store.story(&after.id).map_err(|error| self.failed(error))?;
            touched.push(Touched { before, after: Arc::new(after) });
        }
        if touched.is_empty() {
            return Ok(touched);
        }
        let stories = touched.iter().map(|touched| touched.after.clone()).collect();
        let Said { act, who, why, .. } = said;
        let acted = Acted { act, story: what.story(), source: what.source(), who, why, stories };
        self.write(&records::acted(acted, now, self.journal.bounds().last + 1))?;
        if let Some(id) = what.story() {
            tracing::info!(story.id = %id, "an editor's act: `{act}` of story {id}");
        } else if let Some(source) = what.source() {
            let count = touched.len();
            tracing::info!(source.id = %source, stories = count, "an editor's act: `{act}` of source `{source}`, from {count} stories");
        }
        Ok(touched)
    }

    /// The stories that a deed changes, as they stand afterwards.
    fn outcome(&mut self, what: &What, said: &Said) -> Result<Vec<Story>, ActError> {
        match what {
            What::Hide(story) => {
                let story = self.existing(story)?;
                Ok(vec![dedup::hide(&story, said.clone())?])
            }
            What::Release { story, as_new } => {
                let story = self.existing(story)?;
                let released = dedup::release(&story, *as_new, said.clone())?;
                if !story.is_gone() {
                    return Ok(self.as_news(vec![released], |edition| edition.archived, said.at));
                }
                // What nobody has seen is news.
                Ok(vec![self.placed(released, *as_new || story.waits().is_some(), said.at)])
            }
            What::Relabel { story, labels, forget, as_new } => {
                let story = self.existing(story)?;
                let relabelled = dedup::say_labels(&story, labels, *forget, said.clone())?;
                Ok(vec![self.placed(relabelled, *as_new, said.at)])
            }
            What::Split { story, source, key, as_new } => {
                let story = self.existing(story)?;
                let at = story.copies.iter().position(|copy| copy.item.source == *source && copy.item.upstream.goes_by(key));
                let at = at.ok_or(ActError::NoCopy(story.id))?;
                let Parted { rest, own, .. } = self.split(&story, at, said, *as_new)?;
                Ok(vec![rest, own])
            }
            What::Join(one, other) => {
                let (one, other) = (self.existing(one)?, self.existing(other)?);
                let (whole, left) = dedup::join(&one, &other, &Why::Editor { why: said.why.clone() }, said.clone())?;
                Ok(vec![whole, left])
            }
            What::ReleaseFlood { at, stories, .. } => {
                let mut released = Vec::new();
                for id in stories {
                    let story = self.store.story(id).map_err(|error| self.failed(error))?;
                    let story = story.filter(|story| !story.is_gone() && story.editions.iter().any(|edition| edition.is_of_flood(*at)));
                    released.extend(story.map(|story| dedup::release(&story, true, said.clone())).transpose()?);
                }
                Ok(self.as_news(released, |edition| edition.is_of_flood(*at), said.at))
            }
            What::Withdraw { source, stories } => {
                let mut after = Vec::new();
                for id in stories {
                    let story = self.store.story(id).map_err(|error| self.failed(error))?;
                    after.extend(story.and_then(|story| dedup::withdraw(&story, source, said.clone())));
                }
                Ok(after)
            }
        }
    }

    pub(super) fn existing(&mut self, id: &StoryId) -> Result<Arc<Story>, ActError> {
        self.store.story(id).map_err(|error| self.failed(error))?.ok_or(ActError::NoStory(*id))
    }

    /// A copy's own story stands where the copy was first seen, or where it stood before it was joined.
    fn split(&mut self, story: &Story, at: usize, said: &Said, as_new: bool) -> Result<Parted, ActError> {
        let copy = &story.copies[at];
        let upstream = &copy.item.upstream.id;
        let former = dedup::story_id(&copy.item.source, upstream);
        let former = self.store.story(&former).map_err(|error| self.failed(error))?;
        let id_is_used = self.store.by_entry_id(upstream).is_some();
        let mut parted = dedup::split(story, at, former.as_deref(), id_is_used, said.clone())?;
        for edition in &mut parted.own.editions {
            let stands = |at: Second| self.store.at_position(at);
            let is_taken = stands(edition.position).is_some_and(|id| id != story.id);
            if parted.is_unplaced || is_taken {
                let place = self.store.free_at_or_before(if is_taken { edition.position } else { copy.first_seen });
                (edition.position, edition.updated, edition.archived) = (place, edition.updated.max(place), true);
            }
        }
        parted.own = self.placed(parted.own, as_new, said.at);
        Ok(parted)
    }

    /// The story, in places of today when it is to be news.
    fn placed(&self, mut story: Story, as_new: bool, now: Second) -> Story {
        if as_new {
            self.place_as_news([&mut story], |_| true, now);
        }
        story
    }

    fn as_news(&self, mut stories: Vec<Story>, which: impl Fn(&Edition) -> bool, now: Second) -> Vec<Story> {
        self.place_as_news(&mut stories, which, now);
        stories
    }

    /// Gives some editions of stories places of today, in their order.
    pub(super) fn place_as_news<'s>(
        &self,
        stories: impl IntoIterator<Item = &'s mut Story>,
        which: impl Fn(&Edition) -> bool,
        now: Second,
    ) {
        let mut editions: Vec<&mut Edition> =
            stories.into_iter().flat_map(|story| &mut story.editions).filter(|edition| which(edition)).collect();
        let wanted = vec![Wanted::Live; editions.len()];
        let places = dedup::places(&wanted, self.store.last_position(), now, |from| self.store.free_at_or_before(from));
        editions.iter_mut().zip(places).for_each(|(edition, place)| dedup::place_anew(edition, place));
    }
}

//! A story's words taken out of all that is kept.
//!
//! First it is written down which lines of the journal lose them, and what the story is from now on; then the view shows that;
//! then the lines are changed, and the view is made anew on the disk, because an engine keeps what it has let go of. A crash in
//! between leaves everything readable: `verify` tells the lines that still hold words, and the same act again takes them out.
//! Deliberately absent: exports, backups and copies elsewhere, which are not ours to find.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{ActError, ApplyError, Desk, Hand, prune::has_own_link};
use crate::{
    dedup,
    journal::JournalError,
    model::{Act, Body, Copy, Draft, Erased, Gone, Said, SourceId, Story, StoryId},
};

/// What an erasure came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Erasure {
    /// Stories whose words went: the one that was meant, those that were joined to it, and others that had a copy of it.
    pub stories: usize,
    /// Lines of the journal that held them.
    pub lines: usize,
    /// Old parts of the data folder that may hold them still, and are kept for an operator to look through.
    pub left: Vec<PathBuf>,
}

impl Desk {
    /// Takes the words of a story out of all that is kept.
    pub async fn erase(&self, story: StoryId, who: Option<String>, why: Option<String>) -> Result<Erasure, ActError> {
        self.have(move |hand| hand.erase(story, who, why)).await
    }
}

/// Whose words go.
struct Theirs {
    stories: HashSet<StoryId>,
    /// Source and resting key of each copy.
    copies: HashSet<(SourceId, String)>,
}

impl Theirs {
    fn is_copy(&self, copy: &Copy) -> bool {
        self.copies.contains(&(copy.item.source.clone(), dedup::resting(&copy.item.upstream.id)))
    }

    fn take(&mut self, story: &Story) {
        self.stories.insert(story.id);
        let copies = story.copies.iter().chain(&story.edited.withdrawn);
        self.copies.extend(copies.map(|copy| (copy.item.source.clone(), dedup::resting(&copy.item.upstream.id))));
    }

    /// A story as it stands in a line without the words; nothing when it has none of them.
    fn blank(&self, story: &Story) -> Option<Story> {
        let blank = if self.stories.contains(&story.id) {
            dedup::erased(story, |_| true)
        } else if story.copies.iter().chain(&story.edited.withdrawn).any(|copy| self.is_copy(copy)) {
            dedup::silenced(story, |copy| self.is_copy(copy))
        } else {
            return None;
        };
        (blank != *story).then_some(blank)
    }
}

impl Hand {
    fn erase(&mut self, id: StoryId, who: Option<String>, why: Option<String>) -> Result<Erasure, ActError> {
        let now = self.begin()?;
        let story = self.existing(&id)?;
        if let Some(other) = story.joined() {
            return Err(dedup::Unfit::Joined(id, other).into());
        }
        let theirs = self.theirs(&story)?;
        let mut erasure = Erasure::default();
        if story.edited.gone != Some(Gone::Erased) {
            let said = Said { act: Act::Erase, at: now, who: who.clone(), why: why.clone() };
            let stories = self.without_words(&theirs, &said)?;
            let lines = self.journal.lines_with(&|story| theirs.blank(story)).map_err(ApplyError::from)?;
            erasure.stories = stories.len();
            let body = Body::Erased(Erased { story: id, who, why, lines, stories });
            self.write(&[Draft { at: now, key: format!("erase/{now}/{}", self.journal.bounds().last + 1), body }])?;
        }
        erasure.lines = self.journal.take_out(&|story| theirs.blank(story)).map_err(ApplyError::from)?;
        self.renew_view()?;
        erasure.left = clear(self.journal.path())
            .map_err(|cause| JournalError::Io { path: self.journal.path().to_owned(), cause })
            .map_err(ApplyError::from)?;
        tracing::info!(story.id = %id, "the words of story {id} were taken out of {} lines of the journal, and of the store", erasure.lines);
        Ok(erasure)
    }

    /// A story, and those that were joined to it, by however many steps.
    fn theirs(&mut self, story: &Story) -> Result<Theirs, ApplyError> {
        let mut theirs = Theirs { stories: HashSet::new(), copies: HashSet::new() };
        theirs.take(story);
        let mut joined: Vec<Story> = Vec::new();
        let store = self.store.clone();
        for other in store.stories() {
            let other = other.map_err(|error| self.failed(error))?;
            joined.extend(Some(other).filter(|other| other.joined().is_some()));
        }
        loop {
            let before = joined.len();
            joined.retain(|other| {
                let is_theirs = other.joined().is_some_and(|into| theirs.stories.contains(&into));
                if is_theirs {
                    theirs.take(other);
                }
                !is_theirs
            });
            if joined.len() == before {
                return Ok(theirs);
            }
        }
    }

    /// All stories of the view that hold any of the words, as they are from now on.
    fn without_words(&mut self, theirs: &Theirs, said: &Said) -> Result<Vec<Arc<Story>>, ApplyError> {
        let mut without = Vec::new();
        let store = self.store.clone();
        for story in store.stories() {
            let story = story.map_err(|error| self.failed(error))?;
            let Some(mut blank) = theirs.blank(&story) else { continue };
            if theirs.stories.contains(&story.id) {
                blank = dedup::erased(&story, |item| has_own_link(&store, item));
                blank.edited.note(said.clone());
            }
            without.push(Arc::new(blank));
        }
        Ok(without)
    }
}

/// Removes what earlier repairs left behind and nobody misses: views that were set aside, and frames that were cut off. Gives the
/// segments that were set aside, which may hold what nothing else does.
fn clear(journal: &Path) -> io::Result<Vec<PathBuf>> {
    let mut left = Vec::new();
    for entry in fs::read_dir(journal)?.chain(journal.parent().into_iter().flat_map(fs::read_dir).flatten()) {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("store.set-aside-") {
            fs::remove_dir_all(&path)?;
        } else if name.contains(".torn-") {
            fs::remove_file(&path)?;
        } else if name.starts_with("set-aside-") {
            left.push(path);
        }
    }
    left.sort();
    Ok(left)
}

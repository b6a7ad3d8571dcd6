//! All that is known as one segment, after which no older one is needed.
//!
//! It is written aside, fsynced and renamed, so that a crash leaves the old segments or the new one; what stands before a
//! snapshot is not read any more, whether it is still there or not. The chain goes on: its header names the last line before it.
//! Deliberately absent: what is known; the caller has it, and answers for it.

use std::{path::PathBuf, sync::Arc};

use super::{
    Bounds, Journal, JournalError,
    segment::{self, Aside, Segment},
};
use crate::model::{Body, Record, Second, Snapshot, SnapshotEnd, Story};

/// Stories in one snapshot record at most.
const STORIES_IN_RECORD: usize = 64;

/// What a compaction came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    /// Stories that were written anew.
    pub stories: u64,
    /// Bytes that the journal has now.
    pub bytes: u64,
    /// Segments that were removed, and their bytes.
    pub removed: (u64, u64),
}

/// A snapshot that was written.
struct Written {
    segment: Segment,
    stories: u64,
    bounds: Bounds,
}

impl Journal {
    /// Writes all that is known as a new segment; the older ones are moved into `set-aside-…`, never deleted.
    ///
    /// `applied` is the last sequence that the stories reflect; `rest` is what is known beside them. This mends a damaged journal, and one that a view is ahead of.
    pub fn write_snapshot(
        &mut self,
        stories: impl Iterator<Item = Story>,
        rest: Snapshot,
        applied: u64,
        at: Second,
    ) -> Result<PathBuf, JournalError> {
        // Records behind a bad frame have used their numbers, even if nothing reads them any more.
        let used = if self.damage.is_some() { segment::last_number_used(&self.segments)? } else { self.bounds.last };
        let written = self.snapshot(stories.map(Ok::<_, JournalError>), rest, applied.max(used), at)?;
        let aside = segment::set_aside(&self.dir, &self.segments, written.bounds.first)?;
        self.begin_with(written)?;
        self.damage = None;
        Ok(aside)
    }

    /// Writes all that is known as a new segment, and removes the older ones. The stories have to be those that the journal tells.
    pub fn compact<E: From<JournalError>>(
        &mut self,
        stories: impl Iterator<Item = Result<Story, E>>,
        rest: Snapshot,
        at: Second,
    ) -> Result<Compacted, E> {
        self.must_be_whole()?;
        let written = self.snapshot(stories, rest, self.bounds.last, at)?;
        let (number, stories, bytes) = (written.segment.number, written.stories, written.segment.length);
        self.begin_with(written)?;
        let removed = segment::remove_before(&self.dir, number)?;
        Ok(Compacted { stories, bytes, removed })
    }

    fn begin_with(&mut self, written: Written) -> Result<(), JournalError> {
        self.segments.clear();
        self.go_on_in(written.segment)?;
        self.bounds = written.bounds;
        Ok(())
    }

    fn snapshot<E: From<JournalError>>(
        &mut self,
        stories: impl Iterator<Item = Result<Story, E>>,
        rest: Snapshot,
        used: u64,
        at: Second,
    ) -> Result<Written, E> {
        let at = at.max(self.bounds.last_at);
        let first = used.max(self.bounds.last) + 1;
        let header = self.header(first, true, at);
        let number = self.segments.last().map_or(1, |segment| segment.number + 1);
        let mut draft = Aside::begin(&self.dir, number, header, &mut self.press)?;
        match self.fill(&mut draft, stories, rest, first, at) {
            Ok((stories, last)) => Ok(Written { segment: draft.finish()?, stories, bounds: Bounds { first, last, last_at: at } }),
            Err(error) => {
                draft.abandon();
                Err(error)
            }
        }
    }

    /// Gives how many stories were written, and the last sequence.
    fn fill<E: From<JournalError>>(
        &mut self,
        draft: &mut Aside,
        mut stories: impl Iterator<Item = Result<Story, E>>,
        rest: Snapshot,
        first: u64,
        at: Second,
    ) -> Result<(u64, u64), E> {
        let (mut told, mut all) = (0u64, blake3::Hasher::new());
        let count = rest.states.len() as u64;
        let (mut seq, mut rest) = (first, Some(rest));
        let mut prev = draft.hash.clone();
        loop {
            let stories: Vec<Arc<Story>> =
                stories.by_ref().take(STORIES_IN_RECORD).map(|story| story.map(Arc::new)).collect::<Result<_, E>>()?;
            if stories.is_empty() && rest.is_none() {
                break;
            }
            told += stories.len() as u64;
            let body = Body::Snapshot(Snapshot { stories, ..rest.take().unwrap_or_default() });
            prev = draft.line(&Record { seq, at, prev, key: format!("snapshot/{first}/{seq}"), body }, &mut self.press, &mut all)?;
            seq += 1;
        }
        let end = SnapshotEnd { stories: told, states: count, hash: all.finalize().to_hex().to_string() };
        let key = format!("snapshot/{first}/end");
        draft.line(&Record { seq, at, prev, key, body: Body::SnapshotEnd(end) }, &mut self.press, &mut all)?;
        Ok((told, seq))
    }
}

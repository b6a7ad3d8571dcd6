//! Whether journal and view are whole, and agree.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use crate::{
    journal::{self, Journal, JournalError},
    model::{Body, Follower, Lease, SourceId, SourceState, Story, StoryId},
    store::{self, Store, StoreError},
};

/// What a full check of both found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The last sequence in the journal.
    pub last: u64,
    /// What the journal holds.
    pub journal: journal::Report,
    /// What the view holds.
    pub store: store::Report,
}

impl Verdict {
    /// Whether both are whole and the view has all that the journal has.
    pub fn agrees(&self) -> bool {
        self.journal.problems.is_empty() && self.store.problems.is_empty() && self.last == self.store.applied
    }

    /// What was found, a row each.
    pub fn rows(&self) -> Vec<Value> {
        let problems = |list: Vec<String>| Value::from(list);
        let lost: Vec<String> = self.journal.problems.iter().map(|(file, what)| format!("{}: {what}", file.display())).collect();
        vec![
            json!({ "part": "journal", "records": self.journal.records, "segments": self.journal.segments, "bytes": self.journal.bytes, "last": self.last, "problems": problems(lost) }),
            json!({ "part": "store", "stories": self.store.stories, "editions": self.store.editions, "applied": self.store.applied, "problems": problems(self.store.problems.clone()) }),
        ]
    }
}

/// Reads every frame of the journal and every key of the view, and holds each story and state of the one against the other.
pub fn verify(store: &Store, journal: &Journal) -> Result<Verdict, StoreError> {
    let mut verdict = Verdict { last: journal.bounds().last, journal: journal.verify(), store: store.verify()? };
    if verdict.agrees() {
        verdict.store.problems = differences(store, journal)?;
    }
    Ok(verdict)
}

/// What the view tells otherwise than the journal, when it has applied all of it. What can not be read is a difference too.
pub fn differences(store: &Store, journal: &Journal) -> Result<Vec<String>, StoreError> {
    let mut last = match LastWords::of(journal) {
        Ok(last) => last,
        Err(error) => return Ok(vec![error.to_string()]),
    };
    let mut differences = Vec::new();
    for story in store.stories() {
        let story = story?;
        match last.stories.remove(&story.id) {
            Some(hash) if Some(hash) == hashed(&story) => {}
            Some(_) => differences.push(format!("story {} is not what the journal says", story.id)),
            None => differences.push(format!("story {} is not in the journal", story.id)),
        }
    }
    let mut missing: Vec<StoryId> = last.stories.into_keys().collect();
    missing.sort_unstable();
    differences.extend(missing.into_iter().map(|id| format!("story {id} is missing")));
    for state in store.states()? {
        if last.states.remove(&state.source).as_ref() != Some(&state) {
            differences.push(format!("the state of source `{}` is not what the journal says", state.source));
        }
    }
    for follower in store.followers()? {
        if last.followers.remove(&follower.id()).as_ref() != Some(&follower) {
            differences.push(format!("the subscription of {} is not what the journal says", follower.callback));
        }
    }
    differences.extend(last.followers.into_values().map(|follower| format!("the subscription of {} is missing", follower.callback)));
    for lease in store.leases()? {
        if last.leases.remove(&lease.source).as_ref() != Some(&lease) {
            differences.push(format!("the promise of the hub of `{}` is not what the journal says", lease.source));
        }
    }
    differences.extend(last.leases.into_keys().map(|source| format!("the promise of the hub of `{source}` is missing")));
    differences.extend(last.states.into_keys().map(|source| format!("the state of source `{source}` is missing")));
    Ok(differences)
}

/// The last word of a journal on each story, as a hash, and on each source.
#[derive(Default)]
struct LastWords {
    stories: HashMap<StoryId, blake3::Hash>,
    states: BTreeMap<SourceId, SourceState>,
    followers: BTreeMap<String, Follower>,
    leases: BTreeMap<SourceId, Lease>,
}

impl LastWords {
    fn of(journal: &Journal) -> Result<Self, JournalError> {
        let mut last = Self::default();
        for record in journal.read_from(1) {
            last.hear(&record?.body);
        }
        Ok(last)
    }

    fn hear(&mut self, body: &Body) {
        self.stories.extend(body.stories().iter().filter_map(|story| Some((story.id, hashed(story)?))));
        match body {
            Body::Pull(pull) => self.know(&pull.state),
            Body::Checked(checked) => {
                for looked in &checked.unchanged {
                    if let Some(state) = self.states.get_mut(&looked.source) {
                        state.answer_again(looked.at, looked.not_before);
                    }
                }
                self.know(&checked.states);
            }
            Body::Snapshot(part) => {
                self.know(&part.states);
                self.count_in(&part.followers, &part.leases);
            }
            Body::Followed(followed) => {
                self.count_in(&followed.begun, &followed.leased);
                self.followers.retain(|id, _| !followed.ended.contains(id));
                self.leases.retain(|id, _| !followed.unleased.contains(id));
            }
            _ => {}
        }
    }

    fn count_in(&mut self, followers: &[Follower], leases: &[Lease]) {
        self.leases.extend(leases.iter().map(|lease| (lease.source.clone(), lease.clone())));
        self.followers.extend(followers.iter().map(|follower| (follower.id(), follower.clone())));
    }

    fn know<'a>(&mut self, states: impl IntoIterator<Item = &'a SourceState>) {
        self.states.extend(states.into_iter().map(|state| (state.source.clone(), state.clone())));
    }
}

/// A story as 32 bytes; nothing when it can not be written.
fn hashed(story: &Story) -> Option<blake3::Hash> {
    serde_json::to_vec(story).ok().map(|bytes| blake3::hash(&bytes))
}

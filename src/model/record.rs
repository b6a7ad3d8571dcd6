//! What is written into the journal, one record a line.
//!
//! A record is complete in itself: applying it needs no rule and no configuration, only the
//! view it is applied to. Fields that a newer version added are ignored; a kind that a newer
//! version added is refused, because ignoring a decision would lose it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Act, Erased, Fault, Followed, Follower, Guard, Hints, Imported, Lease, NamedHub, Pruned, Rhythm, Second, SourceId, Story, StoryId,
};

/// Who began a journal, and when. Written into every segment, and into the view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Genesis {
    /// The journal itself: a view of another one is refused.
    pub id: Uuid,
    /// The installation: feed ids are computed under it.
    pub instance: Uuid,
    /// When it was begun: the time of a feed that never held anything.
    pub created: Second,
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its number: one more than that of the record before; never used twice.
    pub seq: u64,
    /// When it was decided; never before the record before it.
    pub at: Second,
    /// BLAKE3, in hexadecimal, of the line before it (a record or a segment's header).
    pub prev: String,
    /// Names the act: a second record with the same key is the same act again.
    pub key: String,
    /// What was decided.
    #[serde(flatten)]
    pub body: Body,
}

/// What a writer hands to the journal; sequence and chain are the journal's to give.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// When it was decided.
    pub at: Second,
    /// Names the act.
    pub key: String,
    /// What was decided.
    pub body: Body,
}

/// What a record says. The kind is a field of its own in the line: `"kind":"pull"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "records are few, and pulls are most of them")]
pub enum Body {
    /// What one look at one source found, or a part of it.
    Pull(Pull),
    /// What a round of looks found that was no story: nothing new, back-off, moves.
    Checked(Checked),
    /// Stories that an operator had filed again, by other rules.
    Refiled(Refiled),
    /// What an editor did.
    Acted(Acted),
    /// Stories that were brought in.
    Imported(Imported),
    /// Stories that are kept no longer.
    Pruned(Pruned),
    /// A story whose words were taken out.
    Erased(Erased),
    /// Who wants to be told of changes, and who no more; and which hubs tell us.
    Followed(Followed),
    /// A part of a whole view, written by compaction or repair.
    Snapshot(Snapshot),
    /// The end of a snapshot: how much it holds.
    SnapshotEnd(SnapshotEnd),
}

impl Body {
    /// The stories that it holds, each as it stands afterwards.
    pub fn stories(&self) -> &[Arc<Story>] {
        match self {
            Self::Pull(Pull { stories, .. })
            | Self::Refiled(Refiled { stories })
            | Self::Acted(Acted { stories, .. })
            | Self::Imported(Imported { stories })
            | Self::Pruned(Pruned { stories })
            | Self::Erased(Erased { stories, .. })
            | Self::Snapshot(Snapshot { stories, .. }) => stories,
            Self::Checked(_) | Self::Followed(_) | Self::SnapshotEnd(_) => &[],
        }
    }
}

/// Stories that a pull made or changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pull {
    /// The source that was pulled.
    pub source: SourceId,
    /// Each story whole, as it stands after the pull; at most 64.
    pub stories: Vec<Arc<Story>>,
    /// The source's state after the pull: only in the last record of the pull.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<SourceState>,
}

/// What was no story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checked {
    /// Sources that had nothing new, and whose state did not change otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unchanged: Vec<Unchanged>,
    /// Sources whose state changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<SourceState>,
}

/// A source that had nothing new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unchanged {
    /// Which source.
    pub source: SourceId,
    /// When it was asked.
    pub at: Second,
    /// Not to be asked before this, by the publisher's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Second>,
}

/// Stories that were filed again: other labels, and nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refiled {
    /// Each story whole, as it stands afterwards; at most 64.
    pub stories: Vec<Arc<Story>>,
}

/// What an editor did: which act, by whom, why, and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Acted {
    /// Which act.
    pub act: Act,
    /// The story that was meant; none, when it was a source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub story: Option<StoryId>,
    /// The source that was meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceId>,
    /// Who did it, when that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// Why, when that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Each story that it changed, whole, as it stands afterwards; at most 64.
    pub stories: Vec<Arc<Story>>,
}

/// A part of a whole view.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Snapshot {
    /// Stories, at most 64.
    #[serde(default)]
    pub stories: Vec<Arc<Story>>,
    /// Source states.
    #[serde(default)]
    pub states: Vec<SourceState>,
    /// Those who want to be told of changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub followers: Vec<Follower>,
    /// The hubs that promised to tell us.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leases: Vec<Lease>,
}

/// The end of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SnapshotEnd {
    /// How many stories the snapshot holds.
    pub stories: u64,
    /// How many source states it holds.
    pub states: u64,
    /// BLAKE3, in hexadecimal, over the hexadecimal BLAKE3 of each of its lines in order.
    pub hash: String,
}

/// What we know of a source from asking it. What an operator set is [`Source`](super::Source).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceState {
    /// Which source.
    pub source: SourceId,
    /// Its title, home page and feed address when last pulled, so that its stories can name it when it is configured no more.
    pub title: String,
    /// Home page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// Feed address.
    pub url: String,
    /// `ETag` exactly as received (RFC 9110 §8.8.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// `Last-Modified` exactly as received (RFC 9110 §8.8.2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// The address that these came from, when redirects led elsewhere than to `url`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// BLAKE3 of the last body, in hexadecimal: an unchanged body under a changed ETag is unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_hash: Option<String>,
    /// When it was last asked.
    pub asked: Second,
    /// When it last answered well, changed or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<Second>,
    /// When it last had something new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<Second>,
    /// On which days it had something new of late.
    #[serde(default, skip_serializing_if = "Rhythm::is_empty")]
    pub rhythm: Rhythm,
    /// Failures in a row.
    #[serde(default)]
    pub failures: u32,
    /// Looks in a row that left out items because their own pages did not answer ([`Detail`](super::Detail)).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unread: u32,
    /// Why it failed last, in words; absent when the last answer was good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// What kind of trouble that was; absent in records of before kinds were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// Since when it has had trouble of this [`Standing`](super::Standing) at every look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Second>,
    /// Not to be asked before this, by the publisher's word or by back-off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Second>,
    /// Its host asked, by 429 or 503, to be left alone until then, with all its sources (RFC 9110 §10.2.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_rests: Option<Second>,
    /// How seldom its last document asked to be asked; an answer without a document does not repeat it.
    #[serde(default, skip_serializing_if = "Hints::is_silent")]
    pub hints: Hints,
    /// A permanent redirect (301, 308): where to, since when, how often in a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
    /// The publisher said 410: it is asked no more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub gone: bool,
    /// What had to be mended to read its last document.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repaired: Vec<String>,
    /// Items in its last document.
    #[serde(default)]
    pub items: u32,
    /// Items that were new or changed at the last look.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub news: u32,
    /// In what way it was read, when not as any feed is: what would be read in another way now is read again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules: Option<String>,
    /// Who tells of its changes, by the last document that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hub: Option<NamedHub>,
    /// What its ids are worth, when they are not what ids should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ids: Option<Ids>,
    /// What it brought that was not taken as it came.
    #[serde(default, skip_serializing_if = "Guard::is_empty")]
    pub guard: Guard,
}

impl SourceState {
    /// Whether a look taught us nothing but that the source still answers, beside what was known `before`.
    pub fn repeats(&self, before: &Self) -> bool {
        let mut repeated = before.clone();
        repeated.answer_again(self.asked, self.not_before);
        self.answered == Some(self.asked) && repeated == *self
    }

    /// The state after one more look that taught nothing else.
    pub fn answer_again(&mut self, at: Second, not_before: Option<Second>) {
        (self.asked, self.answered, self.not_before, self.news) = (at, Some(at), not_before, 0);
    }
}

/// What the ids of a source are worth. [`Changing`](Self::Changing) and [`Repeating`](Self::Repeating)
/// stay until the source has another address: its items are then known by link, else by text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ids {
    /// Most items that were known had other ids in the last document: perhaps they are made in a new way from now on.
    Renewed,
    /// They are others at every fetch.
    Changing,
    /// One id stands for several items.
    Repeating,
}

impl Ids {
    /// Whether an id still says which item it is.
    pub fn are_believed(ids: Option<Self>) -> bool {
        !matches!(ids, Some(Self::Changing | Self::Repeating))
    }
}

/// A permanent redirect that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The new address.
    pub to: String,
    /// When it was first seen.
    pub since: Second,
    /// How often in a row.
    pub seen: u32,
    /// Whether the new address is asked directly.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub believed: bool,
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

//! The keys of the one tree: a byte that says what, then what it is of.
//!
//! What people named is hashed or preceded by its length, so that no two things share a key.
//! Times are written so that the newest comes first.

use super::Term;
use crate::model::{Second, SourceId, StoryId};

/// Makes keys. There is nothing to it but its names.
pub(super) struct Key;

const META: u8 = b'm';
const STORY: u8 = b's';
const STATE: u8 = b't';
const COUNT: u8 = b'c';
const CHANGED: u8 = b'd';
/// Kinds of keys that lead to a story: what `verify` counts.
pub(super) const ENTRIES: [u8; 5] = [UPSTREAM, LINK, ENTRY, POSITION, INDEX];
const UPSTREAM: u8 = b'u';
const LINK: u8 = b'l';
const ENTRY: u8 = b'e';
const POSITION: u8 = b'p';
const INDEX: u8 = b'x';

impl Key {
    /// Layout of the view and the journal it belongs to.
    pub(super) fn owner() -> Vec<u8> {
        vec![META, b'o']
    }

    pub(super) fn applied() -> Vec<u8> {
        vec![META, b'a']
    }

    pub(super) fn story(id: &StoryId) -> Vec<u8> {
        join(STORY, id.as_bytes())
    }

    pub(super) fn stories() -> Vec<u8> {
        vec![STORY]
    }

    pub(super) fn state(id: &SourceId) -> Vec<u8> {
        join(STATE, id.as_str().as_bytes())
    }

    pub(super) fn states() -> Vec<u8> {
        vec![STATE]
    }

    pub(super) fn upstream(source: &SourceId, upstream: &str) -> Vec<u8> {
        // A source id has no line break.
        join(UPSTREAM, &short_hash(&format!("{source}\n{upstream}")))
    }

    pub(super) fn links(link: &str) -> Vec<u8> {
        join(LINK, &short_hash(link))
    }

    /// One source's copies under a link stand together: others that share it can not hide them.
    pub(super) fn links_of(link: &str, source: &SourceId) -> Vec<u8> {
        [Self::links(link).as_slice(), &short_hash(source.as_str())].concat()
    }

    pub(super) fn link(link: &str, source: &SourceId, id: &StoryId) -> Vec<u8> {
        [Self::links_of(link, source).as_slice(), id.as_bytes()].concat()
    }

    pub(super) fn entry(entry_id: &str) -> Vec<u8> {
        join(ENTRY, &short_hash(entry_id))
    }

    pub(super) fn positions() -> Vec<u8> {
        vec![POSITION]
    }

    pub(super) fn position(at: Second) -> Vec<u8> {
        join(POSITION, &newest_first(at.unix()))
    }

    pub(super) fn index(term: &Term) -> Vec<u8> {
        join(INDEX, &term.bytes())
    }

    pub(super) fn index_at(term: &Term, at: i64) -> Vec<u8> {
        [Self::index(term).as_slice(), &newest_first(at)].concat()
    }

    pub(super) fn counts() -> Vec<u8> {
        vec![COUNT]
    }

    pub(super) fn count(term: &Term) -> Vec<u8> {
        join(COUNT, &term.bytes())
    }

    pub(super) fn changed(term: &Term) -> Vec<u8> {
        join(CHANGED, &term.bytes())
    }
}

fn join(kind: u8, rest: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + rest.len());
    key.push(kind);
    key.extend(rest);
    key
}

fn short_hash(text: &str) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..16]);
    short
}

/// A time as eight bytes that sort the newest first.
fn newest_first(at: i64) -> [u8; 8] {
    (!(at as u64 ^ (1 << 63))).to_be_bytes()
}

/// The story that a key ends with.
pub(super) fn story(key: &[u8]) -> Option<StoryId> {
    key.split_last_chunk::<16>().map(|(_, id)| StoryId::from_bytes(*id))
}

/// The time that a key ends with.
pub(super) fn at(key: &[u8]) -> Option<Second> {
    let (_, end) = key.split_last_chunk::<8>()?;
    Some(Second::from_unix((!u64::from_be_bytes(*end) ^ (1 << 63)) as i64))
}

/// A time that is a value.
pub(super) fn second(value: &[u8]) -> Option<Second> {
    Some(Second::from_unix(i64::from_be_bytes(value.try_into().ok()?)))
}

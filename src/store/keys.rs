//! The keys of the one tree: a byte that says what, then what it is of.

use super::index::Number;
use crate::model::SourceId;

/// Makes keys. There is nothing to it but its names.
pub(super) struct Key;

const META: u8 = b'm';
const STORY: u8 = b's';
const STATE: u8 = b't';
const QUIET: u8 = b'q';
const BLOCK: u8 = b'b';
const FOLLOWER: u8 = b'f';
const LEASE: u8 = b'l';

impl Key {
    /// Layout of the view and the journal it belongs to.
    pub(super) fn owner() -> Vec<u8> {
        vec![META, b'o']
    }

    pub(super) fn applied() -> Vec<u8> {
        vec![META, b'a']
    }

    /// Stories stand in the order they were kept, so that what is written together stands together.
    pub(super) fn story(number: Number) -> Vec<u8> {
        join(STORY, &number.to_be_bytes())
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

    /// The looks at a source since its state was written.
    pub(super) fn quiet(id: &SourceId) -> Vec<u8> {
        join(QUIET, id.as_str().as_bytes())
    }

    /// What the record of this sequence says of the index.
    pub(super) fn block(seq: u64) -> Vec<u8> {
        join(BLOCK, &seq.to_be_bytes())
    }

    /// One that is told of changes, by its name.
    pub(super) fn follower(id: &str) -> Vec<u8> {
        join(FOLLOWER, id.as_bytes())
    }

    pub(super) fn followers() -> Vec<u8> {
        vec![FOLLOWER]
    }

    /// The promise of a source's hub.
    pub(super) fn lease(id: &SourceId) -> Vec<u8> {
        join(LEASE, id.as_str().as_bytes())
    }

    pub(super) fn leases() -> Vec<u8> {
        vec![LEASE]
    }

    pub(super) fn blocks() -> Vec<u8> {
        vec![BLOCK]
    }
}

fn join(kind: u8, rest: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(1 + rest.len());
    key.push(kind);
    key.extend(rest);
    key
}

/// The story number that a key ends with.
pub(super) fn number(key: &[u8]) -> Option<Number> {
    key.split_last_chunk::<4>().map(|(_, number)| Number::from_be_bytes(*number))
}

//! What looks that came to nothing leave in the view: a few bytes beside the state of the source.
//!
//! Most looks find nothing new, and all that they teach is when they were. To write the whole state
//! for each would cost more than the look, so they are counted here and laid over the state when it
//! is read; the next look that comes to something takes them in.

use super::{StoreError, value};
use crate::model::{History, Second, SourceState};

/// Looks in a row that found nothing new, since the state was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quiet {
    first: Second,
    last: Second,
    looks: u32,
    not_before: Option<Second>,
}

/// Stands for no time.
const NEVER: i64 = i64::MIN;

impl Quiet {
    /// One more such look.
    pub(super) fn then(before: Option<Self>, at: Second, not_before: Option<Second>) -> Self {
        let (first, looks) = before.map_or((at, 0), |before| (before.first, before.looks));
        Self { first, last: at, looks: looks.saturating_add(1), not_before }
    }

    /// Lays them over what was known before them.
    pub(super) fn lay_over(self, state: &mut SourceState, history: &mut History) {
        state.answer_again(self.last, self.not_before);
        history.note_unchanged(self.first, self.last, self.looks);
    }

    pub(super) fn pack(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(28);
        for at in [self.first.unix(), self.last.unix(), self.not_before.map_or(NEVER, Second::unix)] {
            bytes.extend(at.to_be_bytes());
        }
        bytes.extend(self.looks.to_be_bytes());
        value::seal(&bytes)
    }

    pub(super) fn unpack(bytes: &[u8]) -> Result<Self, StoreError> {
        let damaged = || StoreError::Damaged { what: "the last looks at a source" };
        let bytes: &[u8; 28] = value::unseal(bytes).and_then(|bytes| bytes.try_into().ok()).ok_or_else(damaged)?;
        let at = |n: usize| bytes[8 * n..].first_chunk().map(|bytes| i64::from_be_bytes(*bytes)).ok_or_else(damaged);
        let looks = bytes.last_chunk().map(|bytes| u32::from_be_bytes(*bytes)).ok_or_else(damaged)?;
        let not_before = Some(at(2)?).filter(|at| *at != NEVER).map(Second::from_unix);
        Ok(Self { first: Second::from_unix(at(0)?), last: Second::from_unix(at(1)?), looks, not_before })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    #[test]
    fn it_is_read_as_it_was_written_and_a_flipped_bit_is_found() {
        let at = Second::from_unix;
        for not_before in [None, Some(at(1_600_000_900)), Some(Second::EPOCH)] {
            let quiet = Quiet::then(Some(Quiet::then(None, at(-5), None)), at(1_600_000_000), not_before);
            assert_eq!(quiet, Quiet { first: at(-5), last: at(1_600_000_000), looks: 2, not_before });
            let packed = quiet.pack();
            assert_eq!(Quiet::unpack(&packed).unwrap(), quiet);
            for n in 0..packed.len() * 8 {
                let mut flipped = packed.clone();
                flipped[n / 8] ^= 1 << (n % 8);
                assert!(Quiet::unpack(&flipped).is_err(), "bit {n}");
            }
        }
    }
}

//! Looking for lines where the frames can not be followed: behind a bad one.

use super::{
    chain,
    frame::{Frames, MAGIC},
};

/// Where a frame may begin in these bytes.
fn starts(bytes: &[u8]) -> impl Iterator<Item = usize> {
    bytes.windows(MAGIC.len()).enumerate().filter(|(_, window)| *window == MAGIC).map(|(at, _)| at)
}

/// Whether a readable line begins anywhere in these bytes: then what stands before it is the middle, not the end.
pub(super) fn holds_a_line(bytes: &[u8]) -> bool {
    starts(bytes).any(|at| matches!(Frames::new(&bytes[at..]).next(), Some(Ok(line)) if chain::is_a_line(line)))
}

/// The highest sequence number in any readable line of these bytes.
pub(super) fn last_number_used(bytes: &[u8]) -> u64 {
    let numbers = starts(bytes).filter_map(|at| match Frames::new(&bytes[at..]).next() {
        Some(Ok(line)) => chain::sequence(line),
        _ => None,
    });
    numbers.max().unwrap_or(0)
}

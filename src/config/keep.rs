//! `[keep]` of `tributary.toml`, and `keep` of a source: for how long, and how many.
//!
//! An empty age and the number 0 both say: without end.

use super::reader::Table;
use crate::model::Keep;

/// The most that can be counted to.
const MOST: i64 = 100_000_000;

/// Takes what a table says of each source; `number` is the key of how many.
pub(super) fn read(table: &mut Table<'_, '_>, number: &'static str, keep: &mut Keep) {
    if let Some(text) = table.string("age") {
        match text.parse() {
            _ if text.is_empty() => keep.age = None,
            Ok(age) => keep.age = Some(age),
            Err(_) => table.wrong_at("age", &format!("`age`: `{text}` is no length of time; write P400D, P12M or P2Y, or nothing")),
        }
    }
    count(table, number, &mut keep.stories);
}

/// Takes how many there may be.
pub(super) fn count(table: &mut Table<'_, '_>, key: &'static str, most: &mut Option<usize>) {
    if let Some(number) = table.integer(key, 0..=MOST) {
        *most = usize::try_from(number).ok().filter(|most| *most > 0);
    }
}

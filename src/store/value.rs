//! A value as it stands in the tree: a version, a checksum, and the rest compressed.
//!
//! The checksum is what finds a flipped bit that the engine does not.

use std::cell::RefCell;

use serde::{Serialize, de::DeserializeOwned};
use zstd::bulk::{Compressor, Decompressor};

use super::StoreError;

/// The first byte of a value: how the rest is written.
const VALUE: u8 = 1;
/// Bytes of checksum in a value.
const CHECK: usize = 8;
/// How hard values are compressed. They are short, and each is written by itself: tables of letters would take longer to make than they save.
const LEVEL: i32 = -3;
/// The longest value that is believed, in bytes.
const LONGEST: u64 = 64 << 20;

/// A context costs a megabyte to make, and its buffers grow to the longest value: each thread keeps one.
struct Press {
    press: Compressor<'static>,
    plain: Vec<u8>,
    packed: Vec<u8>,
}

thread_local! {
    static PRESS: RefCell<Option<Press>> =
        RefCell::new(Compressor::new(LEVEL).ok().map(|press| Press { press, plain: Vec::new(), packed: Vec::new() }));
    static UNPRESS: RefCell<Option<Decompressor<'static>>> = RefCell::new(Decompressor::new().ok());
}

/// A value with its version and checksum, compressed.
pub(super) fn pack(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    let packed = PRESS.with_borrow_mut(|press| {
        let Press { press, plain, packed } = press.as_mut()?;
        plain.clear();
        rmp_serde::encode::write_named(plain, value).ok()?;
        packed.resize(zstd::zstd_safe::compress_bound(plain.len()), 0);
        let length = press.compress_to_buffer(&plain[..], &mut packed[..]).ok()?;
        Some(seal(&packed[..length]))
    });
    packed.ok_or(StoreError::Damaged { what: "a value to be written" })
}

/// Bytes with version and checksum.
pub(super) fn seal(bytes: &[u8]) -> Vec<u8> {
    [&[VALUE][..], &blake3::hash(bytes).as_bytes()[..CHECK], bytes].concat()
}

/// The bytes that were sealed, if they are whole.
pub(super) fn unseal(bytes: &[u8]) -> Option<&[u8]> {
    let (&version, rest) = bytes.split_first()?;
    let (check, sealed) = rest.split_at_checked(CHECK)?;
    (version == VALUE && check == &blake3::hash(sealed).as_bytes()[..CHECK]).then_some(sealed)
}

/// The value that was packed. `what` it should be is for the error.
pub(super) fn unpack<T: DeserializeOwned>(bytes: &[u8], what: &'static str) -> Result<T, StoreError> {
    let damaged = || StoreError::Damaged { what };
    let packed = unseal(bytes).ok_or_else(damaged)?;
    let size = zstd::zstd_safe::get_frame_content_size(packed).ok().flatten().filter(|size| *size <= LONGEST).ok_or_else(damaged)?;
    let size = usize::try_from(size).map_err(|_| damaged())?;
    let plain = UNPRESS.with_borrow_mut(|unpress| unpress.as_mut().and_then(|unpress| unpress.decompress(packed, size).ok()));
    let plain = plain.ok_or_else(damaged)?;
    rmp_serde::from_slice(&plain).map_err(|_| damaged())
}

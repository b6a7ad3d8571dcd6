//! A value as it stands in the tree: a version, a checksum, and the rest compressed.
//!
//! The checksum is what finds a flipped bit that the engine does not.

use std::{cell::RefCell, io};

use serde::{Serialize, de::DeserializeOwned};
use zstd::bulk::{Compressor, Decompressor};

use super::StoreError;

/// The first byte of a value: how the rest is written.
const VALUE: u8 = 1;
/// Bytes of checksum in a value.
const CHECK: usize = 8;
/// The longest value that is believed, in bytes.
const LONGEST: u64 = 64 << 20;

thread_local! {
    /// A context costs a megabyte to make: each thread makes one.
    static PRESS: RefCell<Option<Compressor<'static>>> = RefCell::new(Compressor::new(1).ok());
    static UNPRESS: RefCell<Option<Decompressor<'static>>> = RefCell::new(Decompressor::new().ok());
}

/// A value with its version and checksum, compressed.
pub(super) fn pack(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    let damaged = |_: io::Error| StoreError::Damaged { what: "a value to be written" };
    let plain = rmp_serde::to_vec_named(value).map_err(|_| StoreError::Damaged { what: "a value to be written" })?;
    let packed = PRESS.with_borrow_mut(|press| press.as_mut().map(|press| press.compress(&plain)));
    let packed = packed.ok_or_else(|| damaged(io::ErrorKind::OutOfMemory.into()))?.map_err(damaged)?;
    Ok(seal(&packed))
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

//! What the fuzzers found, and what they began with, kept as promised: `fuzz/corpus/TARGET/*`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "../fuzz/promises.rs"]
mod promises;

use std::fs;

fn replay(target: &str, promise: fn(&[u8])) {
    let folder = format!("{}/fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "{folder} is empty");
    for file in files {
        // Shown when the promise is broken.
        println!("{}", file.display());
        promise(&fs::read(&file).unwrap());
    }
}

#[test]
fn decoding_keeps_its_promises() {
    replay("decode", promises::decode);
}

#[test]
fn reading_keeps_its_promises() {
    replay("parse", promises::parse);
}

#[test]
fn cleaning_keeps_its_promises() {
    replay("clean", promises::clean);
}

#[test]
fn reading_listings_keeps_its_promises() {
    replay("page", promises::page);
}

#![no_main]
//! The promises stand in `promises.rs`, so that `cargo test` can replay what was found.

libfuzzer_sys::fuzz_target!(|input: &[u8]| promises::clean(input));

#[path = "../promises.rs"]
mod promises;

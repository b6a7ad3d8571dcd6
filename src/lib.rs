//! Tributary gathers the feeds of many publishers, tells each story once, says what it is
//! about and where, and publishes the merge as feeds that any news reader can subscribe to.
//!
//! ```text
//! ground   text  html  model  config                                      words and their guarantees
//! stages   fetch → parse → clean → classify → dedup → journal → store → publish     strangers to one another
//! roof     meters  workshop  pull  schedule  apply  verify  health  serve  websub  daemon  cli      where the stages are joined
//! ```
//!
//! Imports go down, never sideways between stages, never up; `tests/house.rs` keeps it so.
//! What passes between stages is a type in [`model`]. The order of the stages is written once, in `pull`.

pub mod config;
pub mod html;
pub mod model;
pub mod text;

pub mod classify;
pub mod clean;
pub mod dedup;
pub mod fetch;
pub mod journal;
pub mod parse;
pub mod publish;
pub mod store;

pub mod apply;
pub mod cli;
pub mod daemon;
pub mod health;
pub mod meters;
pub mod pull;
pub mod schedule;
pub mod serve;
pub mod verify;
pub mod websub;
pub mod workshop;

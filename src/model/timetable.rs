//! When a source is pulled.

use std::time::Duration;

/// When a source is pulled.
#[derive(Debug, Clone, PartialEq)]
pub enum Timetable {
    /// At its own rhythm.
    Adaptive,
    /// At this distance.
    Every(Duration),
}

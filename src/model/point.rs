//! A place on the map, as publishers give it.

use serde::{Deserialize, Serialize};

/// Latitude and longitude (WGS 84), in millionths of a degree: a tenth of a metre, and comparable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// North of the equator, in millionths of a degree.
    pub latitude: i32,
    /// East of Greenwich, in millionths of a degree.
    pub longitude: i32,
}

impl Point {
    /// A point from degrees. `None` where the globe has none, and for 0, 0, which is how programs write "unknown".
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let is_on_globe = latitude.abs() <= 90.0 && longitude.abs() <= 180.0 && (latitude, longitude) != (0.0, 0.0);
        is_on_globe.then(|| Self { latitude: (latitude * 1e6).round() as i32, longitude: (longitude * 1e6).round() as i32 })
    }

    /// Latitude and longitude in degrees.
    pub fn degrees(self) -> (f64, f64) {
        (f64::from(self.latitude) / 1e6, f64::from(self.longitude) / 1e6)
    }
}

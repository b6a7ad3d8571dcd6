//! The shapes of countries, to be drawn.
//!
//! Made by `scripts/world-map.py` from Natural Earth (public domain) in Equal Earth projection, where areas are true.

use std::sync::LazyLock;

use crate::model::CountryCode;

/// The shapes, one country a line.
const TABLE: &str = include_str!("world.tsv");
/// The window that all of them lie in, as SVG says it.
pub(super) const WINDOW: &str = "0 0 1920 846";

/// One country.
pub(super) struct Shape {
    pub(super) code: CountryCode,
    /// Its outline as an SVG path; empty for one that has only a dot.
    pub(super) path: &'static str,
    /// Where a dot stands for a country too small to be seen.
    pub(super) dot: Option<(u32, u32)>,
}

/// Every country that is drawn, by code.
pub(super) static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| TABLE.lines().filter_map(shape).collect());

fn shape(line: &'static str) -> Option<Shape> {
    let mut cells = line.split('\t');
    let code = cells.next()?.parse().ok()?;
    let path = cells.next()?;
    let dot = cells.next().and_then(|dot| dot.split_once(' ')).and_then(|(x, y)| Some((x.parse().ok()?, y.parse().ok()?)));
    Some(Shape { code, path, dot })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_is_drawn_but_antarctica() {
        let drawn: Vec<CountryCode> = SHAPES.iter().map(|shape| shape.code).collect();
        let missing: Vec<String> = CountryCode::all().filter(|code| !drawn.contains(code)).map(|code| code.to_string()).collect();
        assert_eq!(missing, ["AQ"]);
        assert!(SHAPES.iter().all(|shape| !shape.path.is_empty() || shape.dot.is_some()));
        let is_path = |path: &str| path.chars().all(|c| c.is_ascii_digit() || "Mlz -".contains(c));
        assert!(SHAPES.iter().all(|shape| is_path(shape.path)));
    }
}

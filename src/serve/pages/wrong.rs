//! What a person is told when there is nothing at an address, and where to go from there.

use askama::Template;

use super::{Frame, Place, Ui};
use crate::serve::{Publishing, Wrong};

#[derive(Template)]
#[template(path = "wrong.html")]
struct Page<'a> {
    frame: Frame<'a>,
    status: u16,
    heading: &'static str,
    /// As programs are told it: in English.
    detail: &'a str,
    nearest: Vec<(String, String)>,
}

/// What is wrong with an address.
pub(in crate::serve) fn page(status: u16, detail: &str, wrong: Option<&Wrong>, ui: Ui, publishing: &Publishing) -> String {
    let frame = Frame::new(publishing, ui, Place::Elsewhere, "", "");
    let heading = match status {
        400 => frame.w.not_understood,
        410 => frame.w.is_gone,
        404 => frame.w.not_found,
        _ => frame.w.failed,
    };
    let nearest = match wrong {
        Some(Wrong::Unknown { key, nearest, .. }) => {
            nearest.iter().map(|name| (frame.to(&format!("feed/{key}/{}", name.to_ascii_lowercase())), name.clone())).collect()
        }
        _ => Vec::new(),
    };
    let frame = Frame::new(publishing, ui, Place::Elsewhere, heading, "");
    Page { frame, status, heading, detail, nearest }.render().unwrap_or_default()
}

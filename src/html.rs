//! HTML that is safe to republish.
//!
//! Feeds carry other people's markup, and we serve it from our own address, so
//! a script that slipped through would run with our name on it. Rather than
//! remember to sanitise before every use, we make the unsafe case impossible to
//! write down: [`SafeHtml::sanitise`] is the only way to get a [`SafeHtml`] from a stranger's
//! markup, and [`Item`](crate::model::Item) holds nothing else.

use serde::{Deserialize, Serialize};

/// Markup without scripts, styles, frames, forms, event handlers and relative addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SafeHtml(String);

impl SafeHtml {
    /// The markup.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// stub
    pub fn to_text(&self) -> String {
        self.0.clone()
    }
}

//! What changed of an item, and from what.
//!
//! Only what was there before is kept: what came after it is the next revision, or the item itself.
//! Deliberately absent: what counts as a change (`dedup`).

use serde::{Deserialize, Serialize};

use super::Second;

/// Revisions that are kept of an item at most; the oldest go first.
pub const REVISIONS: usize = 20;

/// One revision: when, and what was there before. What did not change is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// When we saw it.
    pub at: Second,
    /// The title before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The link before; empty when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// What changed in its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<TextChange>,
}

/// What changed in a text: its words from the first that is another one to the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextChange {
    /// The words that went, shortened.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub gone: String,
    /// The words that came, shortened.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub new: String,
    /// Words of the text before and after.
    pub words: [u32; 2],
}

impl Revision {
    /// In words for people, without the time.
    pub fn words(&self) -> String {
        let title = self.title.as_ref().map(|title| format!("title, was “{title}”"));
        let link = self.link.as_ref().map(|link| if link.is_empty() { "link, was none".to_owned() } else { format!("link, was {link}") });
        let text = self.text.as_ref().map(TextChange::told);
        title.into_iter().chain(link).chain(text).collect::<Vec<_>>().join("; ")
    }
}

impl TextChange {
    fn told(&self) -> String {
        let [before, after] = self.words;
        let changed = match (self.gone.as_str(), self.new.as_str()) {
            ("", "") => String::new(),
            ("", new) => format!(": came “{new}”"),
            (gone, "") => format!(": went “{gone}”"),
            (gone, new) => format!(": “{gone}” became “{new}”"),
        };
        format!("text, {before} words before and {after} after{changed}")
    }
}

//! Who publishes: the part of the configuration that published bytes depend on.

use url::Url;
use uuid::Uuid;

use super::Lang;

/// The publishing side of one installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The public address all links begin with; its path ends with `/`. Never taken from a request.
    pub base: Url,
    /// Its title: stands last in the title of each feed.
    pub title: String,
    /// The language of its own words where a feed asks for none, one of [`Lang::SPOKEN`].
    pub lang: Lang,
    /// The address of a square picture that stands for it.
    pub icon: String,
    /// The address of one that is twice as wide as high.
    pub logo: String,
    /// The address of the hub that tells when feeds change (WebSub), if one does.
    pub hub: Option<String>,
    /// The name of this installation for ever, from the journal's genesis: feed ids are computed under it.
    pub instance: Uuid,
}

impl Site {
    /// The absolute address of a path, given without its leading slash: `feed.atom`.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

//! One feed in a list of subscriptions, as news readers exchange them.

use super::Lang;

/// One feed in a list (OPML 2.0: an `outline` with `xmlUrl`). Texts are one clean line; an empty text is an absent value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subscription {
    /// `xmlUrl`: the address of the feed as it was written, which need not be an address at all.
    pub feed: String,
    /// `title`, else `text`.
    pub title: String,
    /// `htmlUrl`: the page for people.
    pub home: Option<String>,
    /// `language`.
    pub lang: Option<Lang>,
    /// `category`: what it is about, in the words of whoever made the list.
    pub categories: Vec<String>,
    /// The names of the outlines around it, outermost first.
    pub folder: Vec<String>,
}

//! How a feed is subscribed to: its addresses by use, and the ways into readers.

use url::form_urlencoded;

use super::{Words, frame::FeedLink};
use crate::serve::{Asked, Format, Publishing};

/// The ways into one feed.
pub(super) struct Subscribe {
    /// Its public addresses, our native one first.
    pub(super) feeds: Vec<FeedLink>,
    /// For whatever program knows the `feed:` scheme.
    pub(super) scheme: String,
    /// Readers that take an address in a link: name and link.
    pub(super) readers: Vec<(&'static str, String)>,
    /// What FreshRSS takes below the address that it has at its owner's.
    pub(super) freshrss: String,
    /// The same filter as a list of feeds; nothing where there is none.
    pub(super) opml: Option<String>,
}

impl Subscribe {
    /// The ways into what was asked for.
    pub(super) fn to(asked: &Asked, publishing: &Publishing) -> Self {
        let feeds = links(asked, publishing);
        let atom = feeds.first().map(|feed| feed.address.clone()).unwrap_or_default();
        let escaped: String = form_urlencoded::byte_serialize(atom.as_bytes()).collect();
        let readers = [
            ("Feedly", format!("https://feedly.com/i/subscription/feed/{escaped}")),
            ("Inoreader", format!("https://www.inoreader.com/?add_feed={escaped}")),
            ("Miniflux", format!("https://reader.miniflux.app/bookmarklet?uri={escaped}")),
        ];
        let is_listed = asked.base.formats().contains(&Format::Rss) && asked.base == crate::serve::Base::All;
        Self {
            scheme: format!("feed:{atom}"),
            readers: readers.into(),
            freshrss: format!("/i/?c=feed&a=add&url_rss={escaped}"),
            opml: is_listed.then(|| publishing.site.address(&asked.current().list(publishing))),
            feeds,
        }
    }
}

/// The addresses of what was asked for, in each format that it comes in.
pub(super) fn links(asked: &Asked, publishing: &Publishing) -> Vec<FeedLink> {
    // Nobody subscribes to an archived page.
    let asked = &asked.current();
    let link = |format: &Format| FeedLink { format: *format, address: publishing.site.address(&asked.path(publishing, *format)) };
    asked.base.formats().iter().map(link).collect()
}

impl Format {
    /// What it is best for.
    pub(super) fn used_for(self, w: &Words) -> &'static str {
        match self {
            Self::Rss => w.for_teams,
            Self::Json => w.for_programs,
            Self::Atom | Self::Page => w.for_readers,
        }
    }
}

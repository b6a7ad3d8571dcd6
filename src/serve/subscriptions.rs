//! A filter as a list of subscriptions: itself, and one for each topic that has stories in it.

use super::{App, Asked, Format, Publishing};
use crate::{
    model::{About, Filed, Page, Second, Subscription},
    publish::{self, More},
    store::StoreError,
};

impl App {
    /// The list as OPML.
    pub(super) fn opml(&self, asked: &Asked) -> Result<String, StoreError> {
        let publishing = self.publishing.load();
        let window = asked.filter.window((self.clock)());
        let mut list = vec![subscription(asked, &publishing)];
        for slug in publishing.names.topics.keys() {
            let topic = About { topics: [Filed::Under(slug.clone())].into(), ..About::default() }.into();
            let (Ok(own), Ok(filter)) = (asked.own.and(&topic), asked.filter.and(&topic)) else { continue };
            // A topic that was asked for, or left out, is no list of its own.
            let is_narrower = filter != asked.filter && filter.check().is_ok();
            if is_narrower && !self.store.query(&filter, window, 1)?.entries.is_empty() {
                list.push(subscription(&Asked { own, filter, ..asked.clone() }, &publishing));
            }
        }
        Ok(publish::opml(&list[0].title, &list))
    }
}

fn subscription(asked: &Asked, publishing: &Publishing) -> Subscription {
    let page = Page { entries: Vec::new(), changed: Second::EPOCH };
    let [path, home] = [Format::Atom, Format::Page].map(|format| asked.path(publishing, format));
    let more = More::default();
    let feed = publishing.feed(asked, [&path, &home], &page, &more);
    Subscription {
        feed: publishing.site.address(&path),
        title: publish::title(&feed),
        home: Some(publishing.site.address(&home)),
        lang: asked.filter.langs.first().copied().filter(|_| asked.filter.langs.len() == 1),
        ..Subscription::default()
    }
}

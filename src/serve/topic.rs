//! Feeds as whoever tells of their changes sees them (WebSub): an address that stands for one, its bytes, and whether stories touch it.
//!
//! What is told is what would be answered: it comes from the same finished answers. Deliberately absent: who is told (`websub`).

use std::sync::Arc;

use bytes::Bytes;
use url::Url;

use super::{
    App, Asked, Base, Format, Publishing, Wrong,
    cache::{Changed, Question},
    coding::Coding,
    gate::{Asker, Unmade},
    reading,
};
use crate::{model::Second, store::Touched};

/// A feed that can be subscribed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic(Question);

/// Stories that changed. What they say is made out once, for whoever asks for words.
pub struct Changes<'a>(Vec<Changed<'a>>);

impl<'a> Changes<'a> {
    /// These stories.
    pub fn of(touched: &'a [Touched]) -> Self {
        Self(Changed::all(touched))
    }

    fn concern(&self, question: &Question) -> bool {
        self.0.iter().any(|story| story.concerns(question))
    }
}

impl Topic {
    pub(super) fn of(asked: Asked, format: Format) -> Self {
        Self(Question { asked, format, day: None, view: None })
    }

    pub(super) fn asked(self) -> (Asked, Format) {
        (self.0.asked, self.0.format)
    }

    /// Whether stories entered it, left it, or changed in it.
    pub fn is_touched(&self, changes: &Changes<'_>) -> bool {
        changes.concern(&self.0)
    }
}

/// A feed as it is now.
#[derive(Debug, Clone)]
pub struct Content {
    /// Its bytes.
    pub bytes: Bytes,
    /// Their `Content-Type`.
    pub media_type: &'static str,
    /// Its address and its hub, as a `Link` header says them.
    pub links: String,
    /// A name of the bytes.
    pub tag: String,
    /// When what it shows last changed.
    pub changed: Second,
}

impl App {
    /// The feed at an address of ours, whichever of its equal forms that is; or why there is none.
    pub fn topic(&self, address: &Url) -> Result<Topic, String> {
        let publishing = self.publishing.load_full();
        let base = &publishing.site.base;
        let path =
            Some(address).filter(|address| address.origin() == base.origin()).and_then(|address| address.path().strip_prefix(base.path()));
        let path = path.ok_or_else(|| format!("it is not ours; our feeds begin with {base}"))?;
        topic(path, address.query().unwrap_or_default(), &publishing)
    }

    /// The same by path and query below the base.
    pub fn topic_at(&self, path: &str) -> Result<Topic, String> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        topic(path, query, &self.publishing.load_full())
    }

    /// The canonical address of a feed, below the base.
    pub fn path_of(&self, topic: &Topic) -> String {
        topic.0.asked.path(&self.publishing.load(), topic.0.format)
    }

    /// The absolute address of what stands at a path below the base.
    pub fn address_of(&self, path: &str) -> String {
        self.publishing.load().site.address(path)
    }

    /// The address of the hub that feeds name, if they name one.
    pub fn hub(&self) -> Option<String> {
        self.publishing.load().site.hub.clone()
    }

    /// A feed as it would be answered now.
    pub async fn content(self: &Arc<Self>, topic: &Topic) -> Result<Content, Unmade> {
        let finished = self.finished(&self.question(topic.0.asked.clone(), topic.0.format), Asker::House).await?;
        Ok(Content {
            bytes: finished.bytes(Coding::Identity).0.clone(),
            media_type: topic.0.format.content_type(),
            links: finished.links.clone(),
            tag: finished.tag.clone(),
            changed: finished.changed,
        })
    }

    /// The feeds that were asked for since they last changed, and that stories change now; and those that everybody is shown.
    pub fn asked_for(&self, changes: &Changes<'_>) -> Vec<Topic> {
        let publishing = self.publishing.load();
        let shown = std::iter::once("feed".to_owned()).chain(publishing.feeds.keys().map(|slug| format!("feed/saved/{slug}")));
        let shown = shown.flat_map(|path| Format::FEEDS.map(|format| format!("{path}{}", format.extension())));
        let shown: Vec<Topic> =
            shown.filter_map(|path| topic(&path, "", &publishing).ok()).filter(|topic| topic.is_touched(changes)).collect();
        let kept = self.cache.kept(|question| is_told(question) && changes.concern(question));
        let kept = kept.into_iter().map(|question| Topic::of(question.asked, question.format));
        let kept = kept.filter(|topic| !shown.contains(topic)).collect::<Vec<_>>();
        shown.into_iter().chain(kept).collect()
    }
}

/// What a path and a query ask for, if it is a feed of today.
pub(super) fn read(path: &str, query: &str, publishing: &Publishing) -> Result<Topic, Wrong> {
    let (path, format) = Format::of(path.trim_matches('/')).ok_or(Wrong::NoPage)?;
    let asked = reading::read(path, query, publishing)?;
    if asked.base.formats().contains(&format) { Ok(Topic::of(asked, format)) } else { Err(Wrong::NoPage) }
}

fn topic(path: &str, query: &str, publishing: &Publishing) -> Result<Topic, String> {
    let read = read(path, query, publishing).or_else(|wrong| match wrong {
        // It has another name by now.
        Wrong::Elsewhere(asked) => Ok(Topic::of(*asked, Format::of(path.trim_matches('/')).map_or(Format::Atom, |(_, format)| format))),
        wrong => Err(wrong.detail(publishing)),
    })?;
    match &read.0.asked {
        Asked { leaf: Some(_), .. } => Err("it is a page of an archive, which stays as it is".to_owned()),
        Asked { base: Base::Unfiled, .. } => Err("it is work for editors, and nobody is told of it".to_owned()),
        Asked { daily: Some(_), .. } => Err("it has something new once a day, and is best asked then".to_owned()),
        _ => Ok(read),
    }
}

/// Whether anybody is told of it: it is a feed, and none of those above.
fn is_told(Question { asked, format, .. }: &Question) -> bool {
    *format != Format::Page && asked.leaf.is_none() && asked.daily.is_none() && asked.base != Base::Unfiled
}

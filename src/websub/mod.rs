//! Telling readers at once that a feed changed, instead of waiting until they ask (W3C Recommendation WebSub, 23 January 2018).
//!
//! Either the hub that is built in ([`hub`]) tells whoever subscribed, or another one is told ([`outside`]) and does the rest.
//! Which it is stands in the configuration. And publishers that have a hub are heard in the same way ([`upstream`]). Deliberately absent: what is in a feed, and which stories touch it (`serve`).

mod book;
mod hub;
mod intent;
mod outside;
mod request;
mod secrets;
mod signature;
mod upstream;

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Weak},
};

pub use book::Pace;
use tokio::{sync::watch, task::JoinHandle};

pub use upstream::Sources;

use self::{hub::Hub, outside::Outside, upstream::Upstream};
use crate::{
    apply::{Clock, Desk},
    config,
    fetch::Client,
    meters::Meters,
    model::Private,
    serve::App,
    store::{Store, Touched},
    text,
};

/// All that it is done with.
pub struct Means {
    /// Makes the feeds.
    pub app: Arc<App>,
    /// Writes subscriptions down.
    pub desk: Desk,
    /// Calls the others; it is another one when the configuration is.
    pub client: Box<dyn Fn() -> Client + Send + Sync>,
    /// Says when a lease is over.
    pub clock: Clock,
    /// Counts what is told.
    pub meters: Meters,
    /// The data folder, for secrets.
    pub data: PathBuf,
    /// Subscriptions at most.
    pub most: usize,
    /// Which addresses may be called though they are not public.
    pub allow_private: Private,
}

/// Where whoever changes something says so. It keeps nothing alive, and hears nothing once the work has stopped.
#[derive(Clone)]
pub struct Ear(Heard);

#[derive(Clone)]
enum Heard {
    Own(Weak<Hub>),
    Other(Weak<Outside>),
}

impl Ear {
    /// These stories changed: they can be seen, and what was finished before is not dropped yet.
    pub fn changed(&self, touched: &[Touched]) {
        match &self.0 {
            Heard::Own(hub) => hub.upgrade().into_iter().for_each(|hub| hub.changed(touched)),
            Heard::Other(outside) => outside.upgrade().into_iter().for_each(|outside| outside.changed(touched)),
        }
    }

    /// What is published is configured otherwise.
    pub async fn configured(&self) {
        if let Heard::Own(hub) = &self.0
            && let Some(hub) = hub.upgrade()
        {
            hub.read_again().await;
        }
    }

    /// How many subscriptions there are.
    pub fn count(&self) -> usize {
        match &self.0 {
            Heard::Own(hub) => hub.upgrade().map_or(0, |hub| hub.count()),
            Heard::Other(_) => 0,
        }
    }
}

/// Begins, and goes on until `stop` becomes true. Nothing is begun where nobody is to be told, or nothing can be known of whom.
pub fn start(hub: &config::Hub, means: Means, store: &Store, pace: Pace, stop: watch::Receiver<bool>) -> Option<(Ear, JoinHandle<()>)> {
    match hub {
        config::Hub::Off => None,
        config::Hub::At(url) => {
            let outside = Outside::new(means, url.clone(), pace);
            let ear = Ear(Heard::Other(Arc::downgrade(&outside)));
            Some((ear, tokio::spawn(outside.run(stop))))
        }
        config::Hub::BuiltIn => {
            let followers = store.followers().map_err(|error| text::chain(&error));
            match followers.and_then(|followers| Hub::open(means, followers, pace).map_err(|error| error.to_string())) {
                Ok((hub, run)) => {
                    let ear = Ear(Heard::Own(Arc::downgrade(&hub)));
                    Some((ear, tokio::spawn(run(stop))))
                }
                Err(why) => {
                    tracing::error!("the hub is closed: its subscriptions can not be read: {why}");
                    None
                }
            }
        }
    }
}

/// Asks the hubs of publishers to tell us, until `stop` becomes true.
pub fn hear(sources: Sources, store: &Store, data: &Path, stop: watch::Receiver<bool>) -> Option<JoinHandle<()>> {
    let leases = store.leases().unwrap_or_else(|error| {
        tracing::warn!("what hubs promised can not be read: {}; they are asked again", text::chain(&error));
        Vec::new()
    });
    match Upstream::open(sources, leases, data) {
        Ok(upstream) => Some(tokio::spawn(upstream.run(stop))),
        Err(error) => {
            tracing::error!("hubs of publishers are not asked: the key of our callbacks can not be kept: {error}");
            None
        }
    }
}

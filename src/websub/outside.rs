//! Another hub, which we tell what changed: it asks for the feed, and tells its subscribers (`hub.mode=publish`).
//!
//! Who subscribes there is not ours to know. Told are the feeds that somebody asked for since they last changed, the hub among
//! them, and those that everybody is shown. Deliberately absent: memory of it over a start; subscribers ask on their own as well.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep_until},
};
use url::{Url, form_urlencoded};

use super::{Means, Pace};
use crate::{fetch::Call, meters::Told, serve::Changes, store::Touched};

/// Feeds that wait to be told at most: more are told with a later change.
const MOST: usize = 2_000;
/// Feeds that one request names.
const NAMED_AT_ONCE: usize = 50;
/// The hub has answered within this.
const PATIENCE: Duration = Duration::from_secs(30);

/// The other hub.
pub(super) struct Outside {
    means: Means,
    hub: Url,
    pace: Pace,
    /// The feeds that changed, by address, and when they are told.
    waiting: Mutex<BTreeMap<String, Instant>>,
    bell: Notify,
}

impl Outside {
    pub(super) fn new(means: Means, hub: Url, pace: Pace) -> Arc<Self> {
        Arc::new(Self { means, hub, pace, waiting: Mutex::default(), bell: Notify::new() })
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Instant>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// These stories changed, and can be seen. What was finished of them is still known.
    pub(super) fn changed(&self, touched: &[Touched]) {
        let app = &self.means.app;
        if touched.is_empty() || app.hub().is_none() {
            return;
        }
        let (asked_for, at) = (app.asked_for(&Changes::of(touched)), Instant::now() + self.pace.quiet);
        let mut waiting = self.waiting();
        for topic in asked_for {
            let address = app.address_of(&app.path_of(&topic));
            if waiting.len() < MOST || waiting.contains_key(&address) {
                waiting.entry(address).or_insert(at);
            }
        }
        drop(waiting);
        self.bell.notify_one();
    }

    /// Those whose time has come, at most as many as one request names; and when the next one's comes.
    fn take_due(&self, now: Instant) -> (Vec<String>, Option<Instant>) {
        let mut waiting = self.waiting();
        let due: Vec<String> =
            waiting.iter().filter(|(_, at)| **at <= now).map(|(address, _)| address.clone()).take(NAMED_AT_ONCE).collect();
        waiting.retain(|address, _| !due.contains(address));
        (due, waiting.values().min().copied())
    }

    pub(super) async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        loop {
            let (due, next) = self.take_due(Instant::now());
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.tell(&due), if !due.is_empty() => {}
                () = self.bell.notified(), if due.is_empty() => {}
                () = sleep_until(next.unwrap_or_else(Instant::now)), if due.is_empty() && next.is_some() => {}
            }
        }
    }

    /// Names feeds, and does so again until the hub has heard.
    async fn tell(&self, addresses: &[String]) {
        let body = named(addresses);
        for wait in self.pace.retries.iter().map(Some).chain([None]) {
            let why = match self.say(&body).await {
                Ok(()) => return self.means.meters.told(Told::Taken),
                Err(why) => why,
            };
            self.means.meters.told(Told::Failed);
            match wait {
                Some(wait) => {
                    tracing::debug!("the hub was not told: {why}");
                    tokio::time::sleep(*wait).await;
                }
                None => {
                    self.means.meters.told(Told::GivenUp);
                    tracing::warn!("{} did not take that {} feeds changed: {why}", self.hub, addresses.len());
                }
            }
        }
    }

    async fn say(&self, body: &Bytes) -> Result<(), String> {
        let headers = [("content-type", "application/x-www-form-urlencoded".to_owned())];
        let allow_private = &self.means.allow_private;
        let call = Call { url: &self.hub, body: Some(body), headers: &headers, timeout: PATIENCE, allow_private, most: 0 };
        let answered = (self.means.client)().call(&call).await.map_err(|error| error.to_string())?;
        if (200..=299).contains(&answered.status) { Ok(()) } else { Err(format!("it answered {}", answered.status)) }
    }
}

/// The form that names feeds.
fn named(addresses: &[String]) -> Bytes {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("hub.mode", "publish");
    for address in addresses {
        form.append_pair("hub.url", address);
    }
    form.finish().into()
}

//! Who is told of which feed, when next, and how often that failed.
//!
//! It decides and does nothing: times are handed in. All of it is bounded, in all, by host and by feed, and so is what is done at once.
//! Deliberately absent: what is told. It is made when somebody is told, so that whoever is late is told the newest.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use tokio::time::Instant;
use url::Url;

use crate::{
    model::{Follower, Second},
    serve::{Changes, Topic},
    store::Touched,
};

/// A host has this share of all subscriptions at most, and so has a feed.
const SHARE: usize = 4;
/// Callbacks at one host that are told at once.
const AT_ONCE_BY_HOST: usize = 4;

/// How telling goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// From the first change of a feed until it is told: what changes meanwhile is told with it.
    pub quiet: Duration,
    /// How long is waited after each attempt that failed; after the last one it is given up until the feed changes again.
    pub retries: Vec<Duration>,
}

impl Default for Pace {
    /// A pull is several records within moments; a callback that is started again is back in minutes, or in hours.
    fn default() -> Self {
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        Self { quiet: Duration::from_secs(5), retries: [1, 5, 20, 60, 180].map(minutes).to_vec() }
    }
}

/// All subscriptions.
pub(super) struct Book {
    most: usize,
    retries: Vec<Duration>,
    feeds: BTreeMap<String, Feed>,
    hosts: HashMap<String, Host>,
}

#[derive(Default)]
struct Host {
    places: usize,
    running: usize,
}

struct Feed {
    topic: Topic,
    /// By callback.
    places: BTreeMap<String, Place>,
    /// When its subscribers are told of a change.
    due: Option<Instant>,
}

struct Place {
    follower: Follower,
    url: Url,
    due: Option<Instant>,
    /// Attempts that failed, since it was last told or given up.
    failures: usize,
    is_running: bool,
    /// The name of the bytes that it has.
    told: Option<String>,
}

/// One that is to be told now.
pub(super) struct Work {
    pub(super) topic: Topic,
    pub(super) follower: Follower,
    pub(super) url: Url,
    pub(super) told: Option<String>,
}

/// What telling came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Came {
    /// It has the bytes of this name.
    Told(String),
    /// There was nothing to tell.
    ToNothing,
    /// It did not take them.
    Failed,
}

/// What is to be done now, and when there is more to do.
pub(super) struct Turn {
    pub(super) due: Vec<Work>,
    pub(super) expired: Vec<Follower>,
    pub(super) next: Option<Instant>,
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

impl Book {
    pub(super) fn new(most: usize, retries: Vec<Duration>) -> Self {
        Self { most, retries, feeds: BTreeMap::new(), hosts: HashMap::new() }
    }

    /// How many subscriptions there are.
    pub(super) fn count(&self) -> usize {
        self.hosts.values().map(|host| host.places).sum()
    }

    /// Whether one more can be told; or why not.
    pub(super) fn has_room(&self, path: &str, callback: &Url) -> Result<(), String> {
        let share = (self.most / SHARE).max(1);
        let [of_host, of_feed] =
            [self.hosts.get(&host(callback)).map_or(0, |host| host.places), self.feeds.get(path).map_or(0, |feed| feed.places.len())];
        match () {
            () if self.find(path, callback).is_some() => Ok(()),
            () if self.count() >= self.most => Err(format!("this hub has {} subscriptions, and takes no more", self.most)),
            () if of_host >= share => Err(format!("{} has {share} subscriptions here, and can have no more", host(callback))),
            () if of_feed >= share => Err(format!("this feed has {share} subscriptions, and takes no more")),
            () => Ok(()),
        }
    }

    /// Writes a subscription down, or its new lease.
    pub(super) fn put(&mut self, follower: Follower, url: Url, topic: Topic) {
        let feed = self.feeds.entry(follower.topic.clone()).or_insert_with(|| Feed { topic, places: BTreeMap::new(), due: None });
        match feed.places.get_mut(&follower.callback) {
            Some(place) => place.follower = follower,
            None => {
                self.hosts.entry(host(&url)).or_default().places += 1;
                let callback = follower.callback.clone();
                let place = Place { follower, url, due: None, failures: 0, is_running: false, told: None };
                feed.places.insert(callback, place);
            }
        }
    }

    /// The subscription of a callback to a feed.
    pub(super) fn find(&self, path: &str, callback: &Url) -> Option<&Follower> {
        self.feeds.get(path)?.places.get(callback.as_str()).map(|place| &place.follower)
    }

    /// Strikes a subscription out. One that was asked for again since stays.
    pub(super) fn strike(&mut self, follower: &Follower) -> bool {
        let Some(feed) = self.feeds.get_mut(&follower.topic) else { return false };
        if feed.places.get(&follower.callback).is_none_or(|place| place.follower != *follower) {
            return false;
        }
        let Some(place) = feed.places.remove(&follower.callback) else { return false };
        if feed.places.is_empty() {
            self.feeds.remove(&follower.topic);
        }
        let name = host(&place.url);
        if let Some(host) = self.hosts.get_mut(&name) {
            host.places -= 1;
            host.running -= usize::from(place.is_running);
            if host.places == 0 {
                self.hosts.remove(&name);
            }
        }
        true
    }

    /// These stories changed: the feeds that they touch are told of at `at`, if not before. Says whether there are any.
    pub(super) fn touch(&mut self, touched: &[Touched], at: Instant) -> bool {
        let (changes, mut has_any) = (Changes::of(touched), false);
        for feed in self.feeds.values_mut().filter(|feed| feed.due.is_none() && feed.topic.is_touched(&changes)) {
            feed.due = Some(at);
            has_any = true;
        }
        has_any
    }

    /// All feeds may have changed.
    pub(super) fn touch_all(&mut self, at: Instant) {
        self.feeds.values_mut().for_each(|feed| feed.due = Some(at));
    }

    /// Reads all feeds anew, as another configuration has them; gives those who are told of one that is no more, and why.
    pub(super) fn read_again(&mut self, read: impl Fn(&str) -> Result<Topic, String>) -> Vec<(Follower, String)> {
        let mut left = Vec::new();
        for (path, feed) in &mut self.feeds {
            match read(path) {
                Ok(topic) => feed.topic = topic,
                Err(why) => left.extend(feed.places.values().map(|place| (place.follower.clone(), why.clone()))),
            }
        }
        left
    }

    /// What is to be done now, with so many at once at most: those who are due are told, those whose lease is over are to be
    /// struck out.
    pub(super) fn turn(&mut self, now: Instant, today: Second, mut at_once: usize) -> Turn {
        let (mut due, mut expired, mut next) = (Vec::new(), Vec::new(), None::<Instant>);
        let mut later = |at: Instant| next = Some(next.map_or(at, |next| next.min(at)));
        for feed in self.feeds.values_mut() {
            if feed.due.is_some_and(|due| due <= now) {
                feed.due = None;
                feed.places.values_mut().for_each(|place| (place.due, place.failures) = (Some(now), 0));
            }
            feed.due.into_iter().for_each(&mut later);
            for place in feed.places.values_mut().filter(|place| !place.is_running) {
                match place.due {
                    _ if place.follower.until <= today => expired.push(place.follower.clone()),
                    Some(at) if at > now => later(at),
                    Some(_) => {
                        let Some(host) = self.hosts.get_mut(&host(&place.url)).filter(|host| at_once > 0 && host.running < AT_ONCE_BY_HOST)
                        else {
                            // When one of those who are told now is done, there is another turn.
                            continue;
                        };
                        (place.due, place.is_running) = (None, true);
                        host.running += 1;
                        at_once -= 1;
                        let (follower, url, told) = (place.follower.clone(), place.url.clone(), place.told.clone());
                        due.push(Work { topic: feed.topic.clone(), follower, url, told });
                    }
                    None => {}
                }
            }
        }
        Turn { due, expired, next }
    }

    /// What telling one came to. Says whether it is given up until the feed changes again.
    pub(super) fn came(&mut self, follower: &Follower, came: Came, now: Instant) -> bool {
        let feed = self.feeds.get_mut(&follower.topic);
        let Some(place) = feed.and_then(|feed| feed.places.get_mut(&follower.callback)) else { return false };
        if std::mem::take(&mut place.is_running)
            && let Some(host) = self.hosts.get_mut(&host(&place.url))
        {
            host.running -= 1;
        }
        match came {
            Came::Told(tag) => (place.told, place.failures) = (Some(tag), 0),
            Came::ToNothing => place.failures = 0,
            // It is told of another change anyway.
            Came::Failed if place.due.is_some() => {}
            Came::Failed => {
                let wait = self.retries.get(place.failures);
                place.due = wait.map(|wait| now + *wait);
                place.failures = if wait.is_some() { place.failures + 1 } else { 0 };
                return wait.is_none();
            }
        }
        false
    }
}

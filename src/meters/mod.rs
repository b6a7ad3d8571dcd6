//! What is counted while the daemon works, told in the words of Prometheus.
//!
//! Whoever knows how something ended counts it here: one addition to a number that is at hand, without a
//! look-up and without a lock that anybody holds for longer, whether somebody ever asks or not. What can be
//! read off at the moment of asking is not counted, but handed in as [`Readings`].
//! Deliberately absent: labels with values from outside, of which there could be any number. Only the
//! ids of configured sources are told, and of these only so many.

mod readings;

use std::{sync::Arc, time::Duration};

use prometheus_client::{
    encoding::prometheus_text,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
pub use readings::Readings;

use crate::model::Fault;

/// What the text is sent as.
pub const MEDIA_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// What every name begins with.
const PREFIX: &str = "tributary";
/// Bounds for looks, in seconds: a 304 next door takes hundredths, and a minute is the longest that is waited.
const LOOK_BOUNDS: [f64; 11] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0];
/// Bounds for answers, in seconds: finished bytes take a ten-thousandth, and fifteen seconds are the longest that is waited.
const ANSWER_BOUNDS: [f64; 10] = [0.0002, 0.0005, 0.001, 0.005, 0.02, 0.1, 0.5, 1.0, 5.0, 15.0];

/// A label's name and value.
type Label = (&'static str, &'static str);

/// A closed list of words that something is told apart by.
trait Words<const N: usize>: Copy {
    /// All there are; each stands where its number says.
    const ALL: [Self; N];

    /// Its one word.
    fn word(self) -> &'static str;
}

/// Writes an enumeration whose names are told as these words, in this order.
macro_rules! words {
    ($(#[$about:meta])* $name:ident, $count:literal: $($(#[$what:meta])* $variant:ident = $word:literal,)+) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$what])* $variant,)+ }

        impl Words<$count> for $name {
            const ALL: [Self; $count] = [$(Self::$variant),+];

            fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}

words! {
    /// What a look came to.
    Pulled, 3:
    /// A document that is not the last one.
    Changed = "changed",
    /// The same as last time.
    Unchanged = "unchanged",
    /// Nothing that could be read.
    Failed = "failed",
}

words! {
    /// What became of an item.
    Fate, 4:
    /// It began a story, or an edition of one.
    New = "new",
    /// It joined a story that was there.
    Joined = "joined",
    /// It changed.
    Revised = "revised",
    /// It had neither title, link nor text.
    Dropped = "dropped",
}

words! {
    /// Why what was found was not kept.
    Refusal, 5:
    /// The journal was not written.
    Journal = "journal",
    /// The store failed.
    Store = "store",
    /// The disk has no room.
    NoRoom = "no_room",
    /// The clock can not be right.
    Clock = "clock",
    /// The writer has stopped.
    Stopped = "stopped",
}

words! {
    /// What was damaged, and is whole again.
    Repair, 3:
    /// The journal ended in the middle of a record, and was cut there.
    Journal = "journal",
    /// The store could not be used, and was made anew from the journal.
    Store = "store",
    /// Nothing could be kept for a while, and now it can.
    Writing = "writing",
}

words! {
    /// What became of an edit of the configuration.
    Reload, 2:
    /// It is what the daemon goes by.
    Taken = "taken",
    /// It has mistakes, and the one before is kept.
    Refused = "refused",
}

words! {
    /// Whether a finished feed was at hand.
    Lookup, 2:
    /// It was.
    Hit = "hit",
    /// It had to be made.
    Miss = "miss",
}

words! {
    /// Why a reader was not given what would have had to be made.
    Turned, 2:
    /// Its address had asked for too much.
    TooOften = "too_often",
    /// Too much was asked for at once.
    TooMany = "too_many",
}

words! {
    /// What became of telling somebody that a feed changed.
    Told, 4:
    /// It was taken.
    Taken = "taken",
    /// It was not, and may be tried again.
    Failed = "failed",
    /// It was not in all attempts.
    GivenUp = "given_up",
    /// Whoever was told wants it no more, and is told no more.
    Gone = "gone",
}

words! {
    /// What was asked for over HTTP.
    Kind, 7:
    /// A feed.
    Feed = "feed",
    /// A page that lists stories.
    Page = "page",
    /// The page of one story.
    Story = "story",
    /// A list of topics, countries, sources or subscriptions.
    List = "list",
    /// How the sources are.
    Status = "status",
    /// Whether the daemon lives and is ready.
    Probe = "probe",
    /// Anything else.
    Other = "other",
}

words! {
    /// How it was answered. That nothing changed stands by itself: it is what most of a good day is.
    Class, 5:
    /// With what was asked for.
    Success = "2xx",
    /// That the asker has it already.
    NotModified = "304",
    /// That it is elsewhere.
    Redirect = "3xx",
    /// That it was asked for wrongly.
    Refused = "4xx",
    /// That it failed.
    Failed = "5xx",
}

impl Class {
    /// The class of a status.
    pub fn of(status: u16) -> Self {
        match status {
            304 => Self::NotModified,
            300..=399 => Self::Redirect,
            400..=499 => Self::Refused,
            500.. => Self::Failed,
            _ => Self::Success,
        }
    }
}

impl Words<14> for Fault {
    const ALL: [Self; 14] = Self::ALL;

    fn word(self) -> &'static str {
        self.as_str()
    }
}

/// Everything that is counted. Cheap to clone; all clones count together.
#[derive(Clone)]
pub struct Meters(Arc<Inner>);

struct Inner {
    registry: Registry,
    pulls: [Counter; 3],
    faults: [Counter; 14],
    pull_times: Histogram,
    fetched: Counter,
    items: [Counter; 4],
    refusals: [Counter; 5],
    repairs: [Counter; 3],
    reloads: [Counter; 2],
    lookups: [Counter; 2],
    rebuilds: Counter,
    turned: [Counter; 2],
    sent_away: Counter,
    told: [Counter; 4],
    requests: [[Counter; 5]; 7],
    request_times: [Histogram; 7],
    connections: Gauge,
}

impl Default for Meters {
    /// All at nought, and all of them told from the beginning: what never happened is known to have happened never.
    fn default() -> Self {
        let mut of = Registry::with_prefix(PREFIX);
        let inner = Inner {
            pulls: each::<Pulled, _>(&mut of, "pulls", "Looks at sources, by what they came to", "outcome"),
            faults: each::<Fault, _>(&mut of, "pull_faults", "Looks at sources that failed, by the kind of trouble", "fault"),
            pull_times: one(&mut of, "pull_duration_seconds", "How long a look at a source took", Histogram::new(LOOK_BOUNDS)),
            fetched: one(&mut of, "fetched_bytes", "Bytes of documents that publishers sent, decoded", Counter::default()),
            items: each::<Fate, _>(&mut of, "items", "Items in documents that were not the last ones, by what became of them", "fate"),
            refusals: each::<Refusal, _>(&mut of, "refusals", "Looks whose find was not kept, by the reason; it is found again", "reason"),
            repairs: each::<Repair, _>(&mut of, "repairs", "What was damaged and is whole again, since the start", "what"),
            reloads: each::<Reload, _>(&mut of, "configuration_reloads", "Edits of the configuration, by what became of them", "result"),
            lookups: each::<Lookup, _>(
                &mut of,
                "cache_lookups",
                "Finished feeds that were asked for, by whether they were at hand",
                "result",
            ),
            rebuilds: one(
                &mut of,
                "cache_rebuilds",
                "Finished feeds that were made again when a story in them changed, before anybody asked",
                Counter::default(),
            ),
            turned: each::<Turned, _>(
                &mut of,
                "turned_away",
                "Requests for what would have had to be made that were turned away, by the reason",
                "reason",
            ),
            told: each::<Told, _>(
                &mut of,
                "websub_deliveries",
                "Attempts to tell a subscriber or a hub that a feed changed, by what became of them",
                "outcome",
            ),
            requests: requests(&mut of),
            request_times: request_times(&mut of),
            sent_away: one(
                &mut of,
                "idle_connections_closed",
                "Connections that wanted nothing and were closed since others found no place",
                Counter::default(),
            ),
            connections: one(&mut of, "connections", "Connections of readers that are open", Gauge::default()),
            registry: of,
        };
        Self(Arc::new(inner))
    }
}

impl Meters {
    /// A look came to this, and took so long.
    pub fn pulled(&self, pulled: Pulled, took: Duration) {
        self.0.pulls[pulled as usize].inc();
        self.0.pull_times.observe(took.as_secs_f64());
    }

    /// A look failed by this.
    pub fn fault(&self, fault: Fault) {
        self.0.faults[fault as usize].inc();
    }

    /// A publisher sent a document of so many bytes.
    pub fn fetched(&self, bytes: usize) {
        self.0.fetched.inc_by(bytes as u64);
    }

    /// This became of so many items.
    pub fn items(&self, fate: Fate, count: usize) {
        self.0.items[fate as usize].inc_by(count as u64);
    }

    /// What a look found was not kept.
    pub fn refused(&self, why: Refusal) {
        self.0.refusals[why as usize].inc();
    }

    /// Something is whole again.
    pub fn repaired(&self, what: Repair) {
        self.0.repairs[what as usize].inc();
    }

    /// The configuration was read again.
    pub fn reloaded(&self, reload: Reload) {
        self.0.reloads[reload as usize].inc();
    }

    /// A finished feed was looked for.
    pub fn looked_up(&self, lookup: Lookup) {
        self.0.lookups[lookup as usize].inc();
    }

    /// A popular answer was made again.
    pub fn rebuilt(&self) {
        self.0.rebuilds.inc();
    }

    /// So many connections that wanted nothing were closed for others.
    pub fn sent_away(&self, count: usize) {
        self.0.sent_away.inc_by(count as u64);
    }

    /// A reader was turned away.
    pub fn turned(&self, why: Turned) {
        self.0.turned[why as usize].inc();
    }

    /// Somebody was told that a feed changed, or not.
    pub fn told(&self, told: Told) {
        self.0.told[told as usize].inc();
    }

    /// A request was answered, and the answer was ready after so long.
    pub fn answered(&self, kind: Kind, status: u16, took: Duration) {
        self.0.requests[kind as usize][Class::of(status) as usize].inc();
        self.0.request_times[kind as usize].observe(took.as_secs_f64());
    }

    /// A connection was opened; it is counted until what this gives is dropped.
    pub fn connected(&self) -> Connection {
        self.0.connections.inc();
        Connection(self.0.connections.clone())
    }

    /// All of it, and what was read off just now, in the text format of Prometheus, version 0.0.4.
    pub fn text(&self, readings: &Readings) -> String {
        let mut text = String::new();
        for registry in [&self.0.registry, &readings.registry()] {
            // Writing into memory does not fail.
            let _ = prometheus_text::encode(&mut text, registry);
        }
        text
    }
}

/// An open connection, for as long as it is counted.
pub struct Connection(Gauge);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// One number.
fn one<M: prometheus_client::registry::Metric + Clone>(registry: &mut Registry, name: &str, help: &str, metric: M) -> M {
    registry.register(name, help, metric.clone());
    metric
}

/// One counter for each word.
fn each<W: Words<N>, const N: usize>(registry: &mut Registry, name: &str, help: &str, label: &'static str) -> [Counter; N] {
    let family = one(registry, name, help, Family::<[Label; 1], Counter>::default());
    W::ALL.map(|word| family.get_or_create_owned(&[(label, word.word())]))
}

fn requests(registry: &mut Registry) -> [[Counter; 5]; 7] {
    let help = "Requests that were answered, by what was asked for and the class of the status";
    let family = one(registry, "http_requests", help, Family::<[Label; 2], Counter>::default());
    Kind::ALL.map(|kind| Class::ALL.map(|class| family.get_or_create_owned(&[("kind", kind.word()), ("status", class.word())])))
}

fn request_times(registry: &mut Registry) -> [Histogram; 7] {
    let family = Family::<[Label; 1], Histogram>::new_with_constructor(|| Histogram::new(ANSWER_BOUNDS));
    let family =
        one(registry, "http_request_duration_seconds", "How long it took until an answer was ready, by what was asked for", family);
    Kind::ALL.map(|kind| family.get_or_create_owned(&[("kind", kind.word())]))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn stands_where_its_number_says<W: Words<N>, const N: usize>(number: fn(W) -> usize) {
        assert_eq!(W::ALL.map(number).to_vec(), (0..N).collect::<Vec<_>>());
    }

    #[test]
    fn every_word_counts_for_itself() {
        stands_where_its_number_says::<Fault, 14>(|fault| fault as usize);
        stands_where_its_number_says::<Kind, 7>(|kind| kind as usize);
        stands_where_its_number_says::<Class, 5>(|class| class as usize);
    }

    #[test]
    fn every_status_has_its_class() {
        let classes = [100, 200, 204, 301, 303, 304, 400, 404, 410, 499, 500, 503, 599].map(|status| Class::of(status).word());
        assert_eq!(classes, ["2xx", "2xx", "2xx", "3xx", "3xx", "304", "4xx", "4xx", "4xx", "4xx", "5xx", "5xx", "5xx"]);
    }

    #[test]
    fn clones_count_together_and_a_connection_counts_while_it_is_open() {
        let meters = Meters::default();
        let clone = meters.clone();
        clone.answered(Kind::Feed, 304, Duration::from_millis(2));
        meters.answered(Kind::Feed, 304, Duration::from_millis(2));
        let (first, second) = (clone.connected(), meters.connected());
        let line = |name: &str| {
            let text = meters.text(&Readings::default());
            text.lines().find(|line| line.starts_with(name)).unwrap().to_owned()
        };
        assert_eq!(line("tributary_http_requests_total{kind=\"feed\",status=\"304\"}").rsplit(' ').next(), Some("2"));
        assert_eq!(line("tributary_http_request_duration_seconds_bucket{kind=\"feed\",le=\"0.005\"}").rsplit(' ').next(), Some("2"));
        assert_eq!(line("tributary_connections "), "tributary_connections 2");
        drop((first, second));
        assert_eq!(line("tributary_connections "), "tributary_connections 0");
    }
}

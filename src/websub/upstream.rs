//! Publishers that say at once that something is new: the hubs that their feeds name are asked to tell us (WebSub §5, as a subscriber).
//!
//! What a hub sends is taken for the word that something changed, and for nothing more: the source is then pulled as ever, with
//! its own limits, from its own address. So a hub can make nobody say anything, and a push that is lost costs nothing but time, for
//! every source is asked at its own rhythm all the same.
//!
//! What a hub promised is a record, so that after a start it is heard at once and asked again when its time is up, not before.
//! Callbacks and secrets are in no record: they are made of one key, which is in a file of its own. Deliberately absent: what is
//! pushed. It is proved and forgotten.

use std::{
    collections::BTreeMap,
    future::Future,
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::{Notify, mpsc, watch},
    task::JoinSet,
    time::Instant,
};
use url::{Url, form_urlencoded};
use uuid::Uuid;

use super::{
    request::{LONGEST_LEASE, SHORTEST_LEASE, USUAL_LEASE},
    secrets::Secrets,
    signature::{is_signed, token},
};
use crate::{
    apply::{Clock, Desk},
    fetch::{Call, Client},
    model::{Followed, Lease, NamedHub, Second, Source, SourceId},
    schedule::{Order, Register, Wish},
    serve::{App, Door, Knock, Reply},
    text,
};

/// The name of the key in its file.
const KEY: &str = "own";
/// The longest body that is taken, in bytes: what is longer can not be proved, and is found by asking.
const LONGEST: usize = 4 << 20;
/// Hubs that are asked at once.
const ASKED_AT_ONCE: usize = 8;
/// A hub that did not do as it was asked is asked again after this.
const AGAIN: Duration = Duration::from_hours(6);
/// A source is not pulled sooner than this after it was pulled by a push: what comes meanwhile is pulled with the next one.
const CALM: Duration = Duration::from_secs(60);
/// A hub has answered within this.
const PATIENCE: Duration = Duration::from_secs(30);

/// All that it is done with.
pub struct Sources {
    /// Has the door.
    pub app: Arc<App>,
    /// Calls hubs; it is another one when the configuration is.
    pub client: Box<dyn Fn() -> Client + Send + Sync>,
    /// Those that are configured now.
    pub configured: Box<dyn Fn() -> BTreeMap<SourceId, Arc<Source>> + Send + Sync>,
    /// What is known of them, their hubs among it.
    pub register: Register,
    /// Writes promises down.
    pub desk: Desk,
    /// Where a pull is ordered.
    pub order: mpsc::Sender<Order>,
    /// Says when a lease is over.
    pub clock: Clock,
    /// How often they are looked through.
    pub round: Duration,
}

/// What we asked hubs for.
pub(super) struct Upstream {
    sources: Sources,
    key: String,
    held: Mutex<BTreeMap<SourceId, Held>>,
    /// What is to be written down: what a hub promised, or that it tells us no more.
    unwritten: Mutex<BTreeMap<SourceId, Option<Lease>>>,
    bell: Notify,
}

/// What we asked one hub for.
struct Held {
    named: NamedHub,
    token: String,
    /// A hash of the address at which we are told.
    callback: String,
    /// When the hub is asked the next time.
    ask: Second,
    /// Whether it was asked, and has not answered yet.
    is_asked: bool,
    /// Whether there is a record of its promise.
    is_leased: bool,
    /// When it was last pulled by a push, and whether another push came since.
    pulled: Option<Instant>,
    is_due: bool,
}

/// A hub that is to be asked now.
struct Asking {
    source: Arc<Source>,
    named: NamedHub,
    token: String,
}

impl Held {
    fn new(named: NamedHub, token: String, callback: String, ask: Second) -> Self {
        Self { named, token, callback, ask, is_asked: false, is_leased: false, pulled: None, is_due: false }
    }
}

impl Upstream {
    /// Makes the key where there is none yet, and opens the door.
    pub(super) fn open(sources: Sources, leases: Vec<Lease>, data: &Path) -> io::Result<Arc<Self>> {
        let secrets = Secrets::open(data.join("websub.key"), &[KEY.to_owned()].into())?;
        let key = match secrets.get(KEY) {
            Some(key) => key,
            None => {
                let key = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
                secrets.set(KEY, Some(&key))?;
                key
            }
        };
        let held = leases.into_iter().map(|lease| {
            let (token, ask) = (callback_token(&key, &lease.source, &lease.named), lease.renewal());
            (lease.source, Held { is_leased: true, ..Held::new(lease.named, token, lease.callback, ask) })
        });
        let held = Mutex::new(held.collect());
        let upstream = Arc::new(Self { sources, key, held, unwritten: Mutex::default(), bell: Notify::new() });
        let [admits, answers] = [Arc::downgrade(&upstream), Arc::downgrade(&upstream)];
        let admits = move |token: &str| admits.upgrade().is_some_and(|upstream| upstream.knows(token));
        upstream.sources.app.open_callbacks(Door::for_calls(LONGEST, admits, move |knock| answer(answers.clone(), knock)));
        Ok(upstream)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, BTreeMap<SourceId, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unwritten(&self) -> std::sync::MutexGuard<'_, BTreeMap<SourceId, Option<Lease>>> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a hub tells us.
    fn callback(&self, token: &str) -> String {
        self.sources.app.address_of(&format!("websub/{token}"))
    }

    fn knows(&self, token: &str) -> bool {
        self.held().values().any(|held| held.token == token)
    }

    fn secret(&self, id: &SourceId) -> String {
        token(&self.key, &format!("secret {id}"))
    }

    /// Asks hubs, and has sources pulled, until it is told to stop.
    pub(super) async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let (mut asking, mut look) = (JoinSet::new(), Instant::now());
        loop {
            if look <= Instant::now() {
                for ask in self.look_through(ASKED_AT_ONCE - asking.len()) {
                    asking.spawn(self.clone().ask(ask));
                }
                look = Instant::now() + self.sources.round;
            }
            self.write().await;
            let (due, next) = self.take_due(Instant::now());
            if !due.is_empty() {
                // Nobody waits for what comes of it; the log tells.
                let (reply, _) = mpsc::unbounded_channel();
                let _ = self.sources.order.send(Order::Look(Wish { ids: due, reply })).await;
            }
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                // Another may be asked in its place.
                Some(_) = asking.join_next(), if !asking.is_empty() => look = Instant::now(),
                () = self.bell.notified() => {}
                () = tokio::time::sleep_until(next.map_or(look, |next| next.min(look))) => {}
            }
        }
    }

    /// The hubs that are to be asked now, so many at most. What no feed names any more is forgotten, and its lease ends by itself.
    fn look_through(&self, most: usize) -> Vec<Asking> {
        let now = (self.sources.clock)();
        let configured = (self.sources.configured)();
        let states = self.sources.register.all();
        let named = configured.into_iter().filter(|(_, source)| source.enabled).filter_map(|(id, source)| {
            let state = states.get(&id).filter(|state| !state.gone)?;
            Some((id, (source, state.hub.clone()?)))
        });
        let named = named.map(|(id, (source, named))| {
            let token = callback_token(&self.key, &id, &named);
            let callback = hashed(&self.callback(&token));
            (id, (source, named, token, callback))
        });
        let named: BTreeMap<SourceId, (Arc<Source>, NamedHub, String, String)> = named.collect();
        let mut held = self.held();
        held.retain(|id, held| {
            let stays = named.get(id).is_some_and(|(_, named, _, callback)| *named == held.named && *callback == held.callback);
            if !stays && held.is_leased {
                self.unwritten().insert(id.clone(), None);
            }
            stays
        });
        let mut due = Vec::new();
        for (id, (source, named, token, callback)) in named {
            let held = held.entry(id).or_insert_with(|| Held::new(named.clone(), token, callback, now));
            if held.ask <= now && due.len() < most {
                (held.ask, held.is_asked) = (now.plus(AGAIN), true);
                due.push(Asking { source, named, token: held.token.clone() });
            }
        }
        due
    }

    /// Writes down what hubs promised. What can not be written holds until the next start, and is asked for again after it.
    async fn write(&self) {
        let unwritten = std::mem::take(&mut *self.unwritten());
        if unwritten.is_empty() {
            return;
        }
        let unleased = unwritten.iter().filter(|(_, lease)| lease.is_none()).map(|(id, _)| id.clone()).collect();
        let leased = unwritten.into_values().flatten().collect();
        if let Err(error) = self.sources.desk.note_followed(Followed { leased, unleased, ..Followed::default() }).await {
            tracing::warn!("what hubs promised was not written: {}; they are asked again at the next start", text::chain(&error));
        }
    }

    /// The sources that are to be pulled now, and when the next one is.
    fn take_due(&self, now: Instant) -> (Vec<SourceId>, Option<Instant>) {
        let (mut due, mut next) = (Vec::new(), None::<Instant>);
        for (id, held) in self.held().iter_mut().filter(|(_, held)| held.is_due) {
            match held.pulled.map(|pulled| pulled + CALM).filter(|calm| *calm > now) {
                Some(calm) => next = Some(next.map_or(calm, |next| next.min(calm))),
                None => {
                    (held.is_due, held.pulled) = (false, Some(now));
                    due.push(id.clone());
                }
            }
        }
        (due, next)
    }

    /// Asks a hub to tell us.
    async fn ask(self: Arc<Self>, Asking { source, named, token }: Asking) {
        let id = &source.id;
        let Ok(hub) = Url::parse(&named.hub) else { return };
        let form = [
            ("hub.mode", "subscribe"),
            ("hub.topic", &named.topic),
            ("hub.callback", &self.callback(&token)),
            ("hub.lease_seconds", &USUAL_LEASE.as_secs().to_string()),
            ("hub.secret", &self.secret(id)),
        ];
        let body = Bytes::from(form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish());
        let headers = [("content-type", "application/x-www-form-urlencoded".to_owned())];
        let allow_private = &source.allow_private;
        let call = Call { url: &hub, body: Some(&body), headers: &headers, timeout: PATIENCE, allow_private, most: 0 };
        match (self.sources.client)().call(&call).await {
            Ok(answered) if (200..=299).contains(&answered.status) => {}
            Ok(answered) => tracing::info!(source.id = %id, "the hub of `{id}` does not tell us: it answered {}", answered.status),
            Err(error) => tracing::info!(source.id = %id, "the hub of `{id}` does not tell us: {error}"),
        }
    }

    /// What came to a callback.
    fn take(&self, knock: &Knock) -> Reply {
        let mut held = self.held();
        let Some((id, held)) = held.iter_mut().find(|(_, held)| held.token == knock.rest) else {
            return Reply { status: 404, text: "nobody waits for that".to_owned() };
        };
        match &knock.body {
            // What is not proved is answered in the same way (§8), and changes nothing.
            Some(body) => {
                let signed = knock.signature.as_deref();
                if signed.is_some_and(|signed| is_signed(&self.secret(id), body, signed)) {
                    held.is_due = true;
                    self.bell.notify_one();
                } else {
                    tracing::info!(source.id = %id, "somebody pushed for `{id}` what its hub did not sign");
                }
                Reply { status: 202, text: "thank you".to_owned() }
            }
            None => {
                let (reply, news) = asked(id, held, &knock.query, (self.sources.clock)());
                if let Some(lease) = news {
                    held.is_leased = lease.is_some();
                    self.unwritten().insert(id.clone(), lease);
                    self.bell.notify_one();
                }
                reply
            }
        }
    }
}

/// The word by which a hub knows us.
fn callback_token(key: &str, id: &SourceId, named: &NamedHub) -> String {
    token(key, &format!("callback {id} {}", named.topic))
}

fn hashed(callback: &str) -> String {
    blake3::hash(callback.as_bytes()).to_hex()[..32].to_owned()
}

/// A hub asks whether we meant it, or says that it does not tell us: what it is answered, and what is to be written down of that, if anything.
fn asked(id: &SourceId, held: &mut Held, query: &str, now: Second) -> (Reply, Option<Option<Lease>>) {
    let query: BTreeMap<_, _> = form_urlencoded::parse(query.as_bytes()).collect();
    let value = |key: &str| query.get(key).map(AsRef::as_ref);
    match value("hub.mode") {
        Some("subscribe") if value("hub.topic") == Some(&held.named.topic) => {
            let lease = value("hub.lease_seconds").and_then(|seconds| seconds.parse().ok()).map_or(USUAL_LEASE, Duration::from_secs);
            let lease = lease.clamp(SHORTEST_LEASE, LONGEST_LEASE);
            tracing::info!(source.id = %id, "the hub of `{id}` tells us when something is new, for {} s", lease.as_secs());
            let (named, callback) = (held.named.clone(), held.callback.clone());
            let lease = Lease { source: id.clone(), named, callback, from: now, until: now.plus(lease) };
            // Asked again while it still holds.
            held.ask = lease.renewal();
            // What it says without being asked is not worth a record each time.
            let news = std::mem::take(&mut held.is_asked).then_some(Some(lease));
            (Reply { status: 200, text: value("hub.challenge").unwrap_or_default().to_owned() }, news)
        }
        Some("denied") => {
            tracing::info!(source.id = %id, "the hub of `{id}` does not tell us: it said so");
            held.ask = now.plus(AGAIN);
            (Reply { status: 200, text: "as you like".to_owned() }, held.is_leased.then_some(None))
        }
        _ => (Reply { status: 404, text: "that was not meant".to_owned() }, None),
    }
}

fn answer(upstream: Weak<Upstream>, knock: Knock) -> impl Future<Output = Reply> + Send {
    let closed = || Reply { status: 503, text: "about to stop".to_owned() };
    let reply = upstream.upgrade().map_or_else(closed, |upstream| upstream.take(&knock));
    std::future::ready(reply)
}

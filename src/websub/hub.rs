//! The hub that is built in: it takes subscriptions, sees that they are meant, and tells of changes (WebSub §5 to §8).
//!
//! One task owns the work: what comes to the door waits for it in a short queue, and what it does at once is bounded. A
//! subscription is a record of the journal before anybody is told, so that it is there again after a start.
//! Deliberately absent: pings. Whoever publishes here is us, and the writer says what changed.

use std::{
    collections::BTreeSet,
    future::Future,
    io,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tokio::{
    sync::{Notify, mpsc, watch},
    task::JoinSet,
    time::{Instant, sleep_until},
};
use url::Url;

use super::{
    Means, Pace,
    book::{Book, Came, Turn, Work},
    intent,
    request::{Mode, Request},
    secrets::Secrets,
    signature::signature,
};
use crate::{
    fetch::Call,
    meters::Told,
    model::{Followed, Follower, Second},
    serve::{Door, Knock, Reply},
    store::Touched,
    text,
};

/// The longest form, in bytes: two addresses, written with percents, and a secret.
const LONGEST_FORM: usize = 16 << 10;
/// Requests that wait to be verified.
const WAITING: usize = 32;
/// Requests that are verified at once.
const VERIFIED_AT_ONCE: usize = 8;
/// Subscribers that are told at once.
const TOLD_AT_ONCE: usize = 16;
/// A subscriber has taken a feed within this.
const PATIENCE: Duration = Duration::from_secs(30);
/// Leases that are over are looked for this often, if nothing else happens.
const ROUND: Duration = Duration::from_secs(60);
/// After a start, feeds that changed within this before it are told once more: what was under way then is not known.
const LOOK_BACK: Duration = Duration::from_hours(6);

/// A request that is to be verified.
struct Wanted {
    request: Request,
    /// The feed's canonical address below the base.
    path: String,
}

/// The hub.
pub(super) struct Hub {
    means: Means,
    secrets: Secrets,
    book: Mutex<Book>,
    bell: Notify,
    /// Held while subscriptions are written, so that book and journal say the same.
    writing: tokio::sync::Mutex<()>,
    quiet: Duration,
    /// What changed before is known to everybody.
    since: Second,
}

impl Hub {
    /// Reads the subscriptions that there are, and opens the door.
    pub(super) fn open(
        means: Means,
        followers: Vec<Follower>,
        pace: Pace,
    ) -> io::Result<(Arc<Self>, impl FnOnce(watch::Receiver<bool>) -> Running)> {
        let names: BTreeSet<String> = followers.iter().filter(|follower| follower.signed).map(Follower::id).collect();
        let secrets = Secrets::open(means.data.join("websub.secrets"), &names)?;
        let mut book = Book::new(means.most, pace.retries);
        let mut left = Vec::new();
        for follower in followers {
            match (means.app.topic_at(&follower.topic), Url::parse(&follower.callback)) {
                (Ok(topic), Ok(url)) => book.put(follower, url, topic),
                (Err(why), _) => left.push((follower, why)),
                (_, Err(error)) => left.push((follower, error.to_string())),
            }
        }
        book.touch_all(Instant::now() + pace.quiet);
        let since = (means.clock)().minus(LOOK_BACK);
        let (want, wanted) = mpsc::channel(WAITING);
        let hub = Arc::new(Self {
            means,
            secrets,
            book: Mutex::new(book),
            writing: tokio::sync::Mutex::default(),
            bell: Notify::new(),
            quiet: pace.quiet,
            since,
        });
        let behind = Arc::downgrade(&hub);
        hub.means.app.open_hub(Door::for_forms(LONGEST_FORM, move |knock| answer(behind.clone(), want.clone(), knock)));
        let own = hub.clone();
        Ok((hub, move |stop| -> Running { Box::pin(own.run(left, wanted, stop)) }))
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many subscriptions there are.
    pub(super) fn count(&self) -> usize {
        self.book().count()
    }

    /// These stories changed, and can be seen.
    pub(super) fn changed(&self, touched: &[Touched]) {
        if !touched.is_empty() && self.book().touch(touched, Instant::now() + self.quiet) {
            self.bell.notify_one();
        }
    }

    /// What is published is configured otherwise: whoever is told of a feed that is no more is told that.
    pub(super) async fn read_again(self: &Arc<Self>) {
        let left = self.book().read_again(|path| self.means.app.topic_at(path));
        self.turn_away(left).await;
    }

    /// Ends subscriptions to feeds that are no more, and says why.
    async fn turn_away(self: &Arc<Self>, left: Vec<(Follower, String)>) {
        if left.is_empty() {
            return;
        }
        {
            let _writing = self.writing.lock().await;
            for (follower, _) in &left {
                self.book().strike(follower);
            }
            self.forget(left.iter().map(|(follower, _)| follower.id()).collect()).await;
        }
        let denied = left.into_iter().filter_map(|(follower, why)| {
            tracing::info!("a subscription to {} is ended: {why}", follower.topic);
            Some((Url::parse(&follower.callback).ok()?, self.means.app.address_of(&follower.topic), why))
        });
        let denied: Vec<(Url, String, String)> = denied.collect();
        let (client, allow_private) = ((self.means.client)(), self.means.allow_private.clone());
        // It is a courtesy, and nothing waits for it.
        tokio::spawn(async move {
            for (callback, topic, why) in denied {
                intent::deny(&client, &allow_private, &callback, &topic, &why).await;
            }
        });
    }

    /// Judges a request. What is well is verified in its turn.
    fn take(&self, want: &mpsc::Sender<Wanted>, form: &[u8]) -> Result<Reply, Reply> {
        let bad = |text: String| Reply { status: 400, text };
        let request = Request::read(form).map_err(bad)?;
        let topic = Url::parse(&request.topic).map_err(|error| error.to_string()).and_then(|address| self.means.app.topic(&address));
        let topic = topic.map_err(|why| Reply { status: 404, text: format!("`hub.topic` is no feed of ours: {why}") })?;
        let path = self.means.app.path_of(&topic);
        if (self.means.client)().may_call(&request.callback, &self.means.allow_private).is_err() {
            return Err(bad("`hub.callback` has to be a public address, http or https, at one of the usual ports".to_owned()));
        }
        match request.mode {
            Mode::Subscribe { .. } => self.book().has_room(&path, &request.callback).map_err(|text| Reply { status: 503, text })?,
            Mode::Unsubscribe if self.book().find(&path, &request.callback).is_none() => {
                return Err(Reply { status: 404, text: "there is no such subscription".to_owned() });
            }
            Mode::Unsubscribe => {}
        }
        let text = "`hub.callback` will be asked whether this was meant".to_owned();
        let taken = want.try_send(Wanted { request, path });
        taken
            .map(|()| Reply { status: 202, text })
            .map_err(|_| Reply { status: 503, text: "too many ask at once; please ask again".to_owned() })
    }

    async fn run(self: Arc<Self>, left: Vec<(Follower, String)>, mut wanted: mpsc::Receiver<Wanted>, mut stop: watch::Receiver<bool>) {
        let (mut verifying, mut telling) = (JoinSet::new(), JoinSet::new());
        self.turn_away(left).await;
        loop {
            let Turn { due, expired, next } = self.book().turn(Instant::now(), (self.means.clock)(), TOLD_AT_ONCE - telling.len());
            self.end(&expired).await;
            for work in due {
                telling.spawn(self.clone().tell(work));
            }
            let round = Instant::now() + ROUND;
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                Some(wanted) = wanted.recv(), if verifying.len() < VERIFIED_AT_ONCE => {
                    verifying.spawn(self.clone().verify(wanted));
                }
                Some(_) = verifying.join_next(), if !verifying.is_empty() => {}
                Some(_) = telling.join_next(), if !telling.is_empty() => {}
                () = self.bell.notified() => {}
                () = sleep_until(next.map_or(round, |next| next.min(round))) => {}
            }
        }
    }

    /// Sees whether a request was meant, and does what it wants.
    async fn verify(self: Arc<Self>, Wanted { request, path }: Wanted) {
        let Request { mode, topic, callback, secret } = request;
        let host = callback.host_str().unwrap_or_default().to_owned();
        let meant = intent::is_meant(&(self.means.client)(), &self.means.allow_private, &callback, &topic, mode).await;
        if let Err(why) = meant {
            tracing::info!("{host} was asked to {} to {path}, and did not mean it: {why}", mode.word());
            return;
        }
        let done = match mode {
            Mode::Subscribe { lease } => self.begin(path.clone(), callback, lease, secret).await,
            Mode::Unsubscribe => {
                let held = self.book().find(&path, &callback).cloned();
                self.end(held.as_slice()).await;
                Ok(())
            }
        };
        match done {
            Ok(()) => tracing::info!("{host} asked to {} to {path}", mode.word()),
            Err(why) => tracing::warn!("{host} asked to {} to {path}, which could not be done: {why}", mode.word()),
        }
    }

    /// Takes a subscription on that was meant.
    async fn begin(self: &Arc<Self>, path: String, callback: Url, lease: Duration, secret: Option<String>) -> Result<(), String> {
        let topic = self.means.app.topic_at(&path)?;
        let _writing = self.writing.lock().await;
        self.book().has_room(&path, &callback)?;
        let until = (self.means.clock)().plus(lease);
        let follower = Follower { topic: path, callback: callback.to_string(), until, signed: secret.is_some() };
        let before = self.keep_secret(follower.id(), secret).await.map_err(|error| format!("its secret was not kept: {error}"))?;
        let followed = Followed { begun: vec![follower.clone()], ..Followed::default() };
        if let Err(error) = self.means.desk.note_followed(followed).await {
            // What holds is what was written before.
            let _ = self.keep_secret(follower.id(), before).await;
            return Err(text::chain(&error));
        }
        self.book().put(follower, callback, topic);
        Ok(())
    }

    /// Ends subscriptions, those that nobody asked for again meanwhile.
    async fn end(self: &Arc<Self>, followers: &[Follower]) {
        if followers.is_empty() {
            return;
        }
        let _writing = self.writing.lock().await;
        let struck: Vec<String> = followers.iter().filter(|follower| self.book().strike(follower)).map(Follower::id).collect();
        self.forget(struck).await;
    }

    /// Writes that subscriptions ended, and forgets their secrets.
    async fn forget(self: &Arc<Self>, names: Vec<String>) {
        if names.is_empty() {
            return;
        }
        if let Err(error) = self.means.desk.note_followed(Followed { ended: names.clone(), ..Followed::default() }).await {
            tracing::warn!("the end of a subscription was not written: {}; it ends with its lease", text::chain(&error));
            return;
        }
        for name in names {
            if let Err(error) = self.keep_secret(name, None).await {
                tracing::warn!("a secret was not forgotten: {error}; it is at the next start");
            }
        }
    }

    async fn keep_secret(self: &Arc<Self>, name: String, secret: Option<String>) -> io::Result<Option<String>> {
        let hub = self.clone();
        let kept = tokio::task::spawn_blocking(move || hub.secrets.set(&name, secret.as_deref())).await;
        kept.unwrap_or_else(|fall| Err(io::Error::other(fall)))
    }

    /// Tells one subscriber.
    async fn tell(self: Arc<Self>, work: Work) {
        let follower = &work.follower;
        let host = work.url.host_str().unwrap_or_default();
        let (told, came) = match self.send(&work).await {
            Ok(Some(tag)) => (Some(Told::Taken), Came::Told(tag)),
            Ok(None) => (None, Came::ToNothing),
            Err(Unsent::Gone(why)) => {
                tracing::info!("{host} is told of {} no more: {why}", follower.topic);
                self.means.meters.told(Told::Gone);
                self.end(std::slice::from_ref(follower)).await;
                return;
            }
            Err(Unsent::Failed(why)) => {
                tracing::debug!("{host} was not told of {}: {why}", follower.topic);
                (Some(Told::Failed), Came::Failed)
            }
        };
        told.into_iter().for_each(|told| self.means.meters.told(told));
        if self.book().came(follower, came, Instant::now()) {
            self.means.meters.told(Told::GivenUp);
            tracing::warn!("{host} did not take {} in all attempts; it is told when the feed changes again", follower.topic);
        }
    }

    /// Sends a feed as it is now; says which bytes those were, if it had not been told of them.
    async fn send(self: &Arc<Self>, work: &Work) -> Result<Option<String>, Unsent> {
        let content = self.means.app.content(&work.topic).await.map_err(|error| Unsent::Failed(error.to_string()))?;
        if work.told.as_ref() == Some(&content.tag) || content.changed < self.since || content.links.is_empty() {
            return Ok(None);
        }
        let mut headers = vec![("content-type", content.media_type.to_owned()), ("link", content.links)];
        if work.follower.signed {
            let secret = self.secrets.get(&work.follower.id()).ok_or(Unsent::Gone("its secret is lost".to_owned()))?;
            let bytes = content.bytes.clone();
            let signed = tokio::task::spawn_blocking(move || signature(&secret, &bytes)).await;
            headers.push(("x-hub-signature", signed.map_err(|fall| Unsent::Failed(fall.to_string()))?));
        }
        let allow_private = &self.means.allow_private;
        let call = Call { url: &work.url, body: Some(&content.bytes), headers: &headers, timeout: PATIENCE, allow_private, most: 0 };
        match (self.means.client)().call(&call).await {
            Ok(answered) => match answered.status {
                200..=299 => Ok(Some(content.tag)),
                410 => Err(Unsent::Gone("it answered 410".to_owned())),
                status => Err(Unsent::Failed(format!("it answered {status}"))),
            },
            Err(error) => Err(Unsent::Failed(error.to_string())),
        }
    }
}

/// Why a subscriber does not have a feed.
enum Unsent {
    /// It is to be told no more.
    Gone(String),
    /// It may take it another time.
    Failed(String),
}

/// The work of a hub, until it is told to stop.
pub(super) type Running = std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

async fn answer(hub: Weak<Hub>, want: mpsc::Sender<Wanted>, knock: Knock) -> Reply {
    let closed = || Reply { status: 503, text: "this hub is about to stop".to_owned() };
    hub.upgrade().map_or_else(closed, |hub| hub.take(&want, &knock.body.unwrap_or_default()).unwrap_or_else(|refused| refused))
}

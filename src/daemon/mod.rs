//! The daemon: everything joined, started in order and stopped in order.
//!
//! Start: data folder, journal, view, listener, writer, words, schedule, control socket, edits. Stop: no new
//! looks, what was found is kept, open answers are finished. Tests and the command line come in
//! by the same door, [`run`], which is handed its listener, its clock and its stop signal.

pub mod acts;
mod admin;
mod answer;
mod brought;
pub mod control;
pub mod data;
mod edits;
pub mod floods;
mod gauges;
mod publishing;
mod refile;
mod reload;
mod upkeep;
pub mod words;

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    num::NonZeroU32,
    path::Path,
    sync::{Arc, OnceLock},
    time::Duration,
};

use arc_swap::ArcSwap;
use tokio::{
    net::{TcpListener, TcpSocket},
    sync::{mpsc, watch},
    task::JoinHandle,
};

pub use admin::Admin;
pub use answer::{outcome_row, source_rows, wanted_sources};
pub use edits::Edits;
pub use publishing::publishing;
pub use refile::{Refiling, refile};
pub use upkeep::{Brought, Chore, Upkeep, keeping};

use self::{
    answer::Answers,
    data::{DataError, DataFolder, Opened},
    gauges::Gauges,
    reload::{Followers, InForce},
    words::{Inbox, WordReader},
};
use crate::{
    apply::{Clock, Filing, Reserve, Writer},
    classify::Classifier,
    config::{Config, Exposure},
    fetch::{Client, FetchError, Policy},
    model::{Second, Source, SourceId},
    pull::Kit,
    schedule::{Register, Schedule, Setup},
    serve::{self, Allowed, App, Configuration, Exposition, Limits},
    websub::{self, Ear, Means, Pace},
};

/// Connections that may wait to be taken: a crowd comes at once, and whoever does not fit asks again only after a second.
const WAITING: u32 = 4096;
/// The head of a reader's request has to be there within this.
const HEADER: Duration = Duration::from_secs(10);
/// Readers' connections are cut this long after the signal to stop ...
const DRAIN: Duration = Duration::from_secs(4);
/// ... and the writer has this long to keep what was found: together less than the ten seconds that supervisors give.
const SETTLE: Duration = Duration::from_secs(5);

/// Publishers that have begun to name a hub are found this often.
const HEARING: Duration = Duration::from_secs(60);

/// Why the daemon did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The data folder can not be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The address to listen at can not be had.
    #[error("can not listen at {address}; is another program there? Set [serve] {key}")]
    Listen {
        /// What says so in the configuration.
        key: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The fetcher can not be set up.
    #[error("the fetcher can not be set up")]
    Fetch(#[from] FetchError),
    /// The topics can not be compiled.
    #[error("the topics can not be compiled: {0}")]
    Topics(String),
    /// What has to be shown to whoever does deeds is not there, or no token.
    #[error("{0}")]
    Token(String),
    /// Publishers have a right to know who asks.
    #[error(
        "no contact address is configured: publishers have a right to know who asks. Give `--contact you@example.org`, TRIBUTARY__DAEMON__CONTACT, or `contact` under [daemon] in tributary.toml"
    )]
    NoContact,
    /// A thread or task could not be started.
    #[error("the system gave no thread")]
    Thread(#[source] io::Error),
}

/// What whoever started the daemon is told once it serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// Where it listens.
    pub address: SocketAddr,
    /// The address that feeds begin with.
    pub base: String,
}

/// What looks are made with, for a configuration.
pub fn kit(config: &Config) -> Result<Kit, DaemonError> {
    let classifier = Arc::new(classifier(config)?);
    Ok(Kit::new(Client::new(&policy(config))?, classifier))
}

/// What looks are made with when a configuration was changed: what did not change is what it was.
fn kit_after(before: &InForce, after: &Config) -> Result<Kit, DaemonError> {
    let InForce { config: before, kit } = before;
    let (client, classifier) = (policy(before) != policy(after), before.topics != after.topics);
    let client = if client { Client::new(&policy(after))? } else { kit.client.clone() };
    let classifier = if classifier { Arc::new(self::classifier(after)?) } else { kit.classifier.clone() };
    Ok(kit.with(client, classifier))
}

/// Files items, for a configuration.
pub fn classifier(config: &Config) -> Result<Classifier, DaemonError> {
    Classifier::new(&config.topics).map_err(|error| DaemonError::Topics(error.to_string()))
}

/// Who is asked, and by what means, for a configuration.
pub fn setup(config: &Config, kit: Kit) -> Setup {
    let fetch = &config.settings.fetch;
    Setup { kit, sources: sources(config), at_once: fetch.at_once, per_host: fetch.per_host }
}

/// The rules by which what is kept is filed again, for a configuration.
pub fn filing(config: &Config, classifier: Arc<Classifier>) -> Arc<Filing> {
    Arc::new(Filing::new(classifier, sources(config)))
}

/// How publishers are asked, for a configuration: an honest name, and whom to write to.
fn policy(config: &Config) -> Policy {
    let (fetch, contact) = (&config.settings.fetch, &config.settings.daemon.contact);
    Policy {
        user_agent: user_agent(contact, config.settings.serve.public.as_ref()),
        connect: fetch.connect_timeout,
        headers: fetch.header_timeout,
        silence: fetch.idle_timeout,
        longest_body: fetch.longest_body,
        per_host: fetch.per_host,
        ports: fetch.ports.clone(),
        proxy: fetch.proxy.clone(),
        extra_ca: fetch.extra_ca.clone(),
    }
}

/// Program and version; where it is told what it is: the project's page and this installation's; whom to write to.
fn user_agent(contact: &str, public: Option<&url::Url>) -> String {
    let page = |address: &str| (!address.is_empty()).then(|| format!("+{address}"));
    let told = [page(env!("CARGO_PKG_HOMEPAGE")), public.and_then(|public| page(public.as_str())), page(contact)];
    let told: Vec<String> = told.into_iter().flatten().collect();
    let about = if told.is_empty() { String::new() } else { format!(" ({})", told.join("; ")) };
    format!("Tributary/{}{about}", env!("CARGO_PKG_VERSION"))
}

/// What the server allows itself, for a configuration.
pub fn limits(config: &Config) -> Limits {
    let serve = &config.settings.serve;
    Limits { connections: serve.connections, cache: serve.cache, made_at_once: serve::made_at_once(), header: HEADER, drain: DRAIN }
}

/// What readers may ask for, for a configuration.
pub fn allowed(config: &Config) -> Allowed {
    let serve = &config.settings.serve;
    Allowed { misses_per_minute: NonZeroU32::new(serve.misses_per_minute), trusted_proxies: serve.trusted_proxies.clone() }
}

/// The sources of a configuration, by id.
pub fn sources(config: &Config) -> BTreeMap<SourceId, Arc<Source>> {
    config.sources.iter().map(|source| (source.id.clone(), Arc::new(source.clone()))).collect()
}

/// Refuses to pull the world's publishers anonymously; what lives on this machine or network may be pulled without.
pub fn need_contact(config: &Config) -> Result<(), DaemonError> {
    let is_public = |source: &&Source| source.enabled && source.allow_private.is_refused() && source.url.scheme() != "file";
    if config.settings.daemon.contact.is_empty() && config.sources.iter().any(|source| is_public(&source)) {
        return Err(DaemonError::NoContact);
    }
    Ok(())
}

/// The wall clock.
pub fn wall_clock() -> Clock {
    Arc::new(|| Second::of(chrono::Utc::now()))
}

/// Takes the address to listen at before anything slow is done, so that a mistake is told at once.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, DaemonError> {
    listen_for("listen", address).await
}

/// The same for metrics, when they have an address of their own.
pub async fn listen_for_metrics(exposure: Exposure) -> Result<Option<TcpListener>, DaemonError> {
    match exposure {
        Exposure::At(address) => listen_for("metrics", address).await.map(Some),
        Exposure::Off | Exposure::Here => Ok(None),
    }
}

async fn listen_for(key: &'static str, address: SocketAddr) -> Result<TcpListener, DaemonError> {
    let listen = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // As after a restart the last connections may not be quite gone.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(WAITING)
    };
    listen().map_err(|cause| DaemonError::Listen { key, address, cause })
}

/// A configuration, and how a running daemon learns of another one, if it does.
pub struct Configured {
    /// The configuration to begin with.
    pub config: Config,
    /// Its edits.
    pub edits: Option<Edits>,
    /// Where metrics are asked for, when they have an address of their own.
    pub metrics: Option<TcpListener>,
    /// Where deeds are asked for, if anywhere.
    pub admin: Option<Admin>,
}

impl From<Config> for Configured {
    /// One that stays as it is.
    fn from(config: Config) -> Self {
        Self { config, edits: None, metrics: None, admin: None }
    }
}

/// Pulls on schedule and serves until `stop` becomes true.
///
/// With `pulls` false nothing is pulled and what is kept is served. `ready` is told once feeds can be asked for.
pub async fn run(
    configured: impl Into<Configured>,
    folder: DataFolder,
    listener: TcpListener,
    clock: Clock,
    pulls: bool,
    ready: impl FnOnce(Ready),
    stop: watch::Receiver<bool>,
) -> Result<(), DaemonError> {
    let Configured { config, edits, metrics, admin } = configured.into();
    if pulls {
        need_contact(&config)?;
    }
    let kit = kit(&config)?;
    let (instance, now) = (config.settings.daemon.instance.clone(), clock());
    let opening = tokio::task::spawn_blocking(move || {
        let opened = folder.open(&instance, now, tell_progress());
        opened.map(|opened| (folder, opened))
    });
    let (folder, opened) = opening.await.map_err(|cause| DaemonError::Thread(io::Error::other(cause)))??;
    let Opened { journal, store, read_only, repairs } = opened;
    repairs.into_iter().for_each(|repair| kit.meters.repaired(repair));

    let states = store.states().map_err(DataError::from)?;
    let genesis = journal.genesis().clone();
    let publishing = publishing(&config, kit.classifier.clone(), &genesis, &states);
    let base = publishing.site.base.to_string();
    let limits = limits(&config);
    let app = App::counting(store.clone(), publishing, &limits, clock.clone(), kit.meters.clone());
    app.allow(allowed(&config));
    let register = Register::new(states);
    let data = folder.path().to_owned();

    let ear: Arc<OnceLock<Ear>> = Arc::default();
    let inbox = Inbox::default();
    let changed = {
        let (app, ear, inbox) = (app.clone(), ear.clone(), inbox.clone());
        move |touched: &[_]| {
            ear.get().into_iter().for_each(|ear| ear.changed(touched));
            app.changed(touched);
            inbox.tell(touched);
        }
    };
    let reserve = (pulls && read_only.is_none()).then(|| Reserve::of(&data, config.settings.limits.free));
    let (desk, writer) = Writer::start_with(journal, store.clone(), clock.clone(), reserve, changed).map_err(DaemonError::Thread)?;
    let words = WordReader::start(store.clone(), app.clone(), clock.clone(), inbox).map_err(DaemonError::Thread)?;
    let why_not = read_only.clone().or_else(|| (!pulls).then(|| "this daemon was started with --read-only".to_owned()));
    let (order, orders) = mpsc::channel(16);
    let followers = Followers {
        current: Arc::new(ArcSwap::from_pointee(InForce { config: config.clone(), kit: kit.clone() })),
        standing: Configuration::since(now),
        read: config.clone(),
        app: app.clone(),
        register: register.clone(),
        clock: clock.clone(),
        genesis,
        orders: why_not.is_none().then(|| order.clone()),
        ear: ear.clone(),
    };
    followers.tell();
    let telling_readers = why_not.is_none().then(|| {
        let (websub, current) = (&config.settings.websub, followers.current.clone());
        let means = Means {
            app: app.clone(),
            desk: desk.clone(),
            client: Box::new(move || current.load().kit.client.clone()),
            clock: clock.clone(),
            meters: kit.meters.clone(),
            data: data.clone(),
            most: websub.most,
            allow_private: websub.allow_private.clone(),
        };
        let (heard, task) = websub::start(&websub.hub, means, &store, Pace::default(), stop.clone())?;
        // Nobody else has set it.
        let _ = ear.set(heard);
        Some(task)
    });
    let gauges = Gauges {
        app: Arc::downgrade(&app),
        store: store.clone(),
        journal: data.join("journal"),
        queue: desk.queue(),
        floor: config.settings.limits.free,
        started: now,
        most_connections: limits.connections,
        ear: ear.clone(),
    };
    let hearing = (why_not.is_none() && config.settings.websub.subscribe && config.settings.serve.public.is_some()).then(|| {
        let (current, configured) = (followers.current.clone(), followers.current.clone());
        let heard = websub::Sources {
            app: app.clone(),
            client: Box::new(move || current.load().kit.client.clone()),
            configured: Box::new(move || sources(&configured.load().config)),
            register: register.clone(),
            desk: desk.clone(),
            order: order.clone(),
            clock: clock.clone(),
            round: HEARING,
        };
        websub::hear(heard, &store, &data, stop.clone())
    });
    let exposition = gauges.exposition(kit.meters.clone());
    if config.settings.serve.metrics == Exposure::Here {
        app.expose(exposition.clone());
    }
    let mut setup = setup(&config, kit);
    if why_not.is_some() {
        setup.sources = BTreeMap::new();
    }
    let schedule = Schedule {
        setup,
        register: register.clone(),
        desk: desk.clone(),
        clock: clock.clone(),
        tell: {
            let app = app.clone();
            let read_only = read_only.clone();
            Arc::new(move |why| app.set_ready(read_only.as_deref().or(why)))
        },
    };
    // What is there can be served from here on, whatever becomes of pulling.
    app.set_ready(read_only.as_deref());
    let making_again = tokio::spawn(app.clone().make_again(stop.clone()));
    let scheduling = tokio::spawn(schedule.run(orders, stop.clone()));
    let is_writing = why_not.is_none();
    let answers = Answers {
        current: followers.current.clone(),
        app: app.clone(),
        desk,
        register,
        store,
        clock,
        order,
        why_not,
        stop: stop.clone(),
        edits: edits.as_ref().map(Edits::teller),
    };
    let doing = admin.map(|admin| admin.serve(answers.clone(), limits, stop.clone()));
    let pruning = is_writing.then(|| {
        let answers = answers.clone();
        tokio::spawn(upkeep::daily(move || answers.upkeep(), stop.clone()))
    });
    let answering = control_socket(&data).map(|listener| {
        let answer = move |ask, rows| answers.clone().answer(ask, rows);
        tokio::spawn(control::serve(listener, answer, stop.clone()))
    });
    let telling = metrics.map(|metrics| tell_metrics(metrics, exposition, limits, stop.clone()));
    let following = edits.map(|edits| tokio::spawn(reload::follow(followers, edits, stop.clone())));

    let address = listener.local_addr().map_err(DaemonError::Thread)?;
    tracing::info!(%address, "serving at {base} (listening at {address})");
    ready(Ready { address, base });
    serve::listen(listener, app, &limits, stop).await;

    // Looks under way are given up, what was found is kept.
    let settle = async {
        let _ = scheduling.await;
        for task in [Some(making_again), answering, pruning, doing, following, telling, telling_readers.flatten(), hearing.flatten()]
            .into_iter()
            .flatten()
        {
            task.abort();
            let _ = task.await;
        }
        let finish = move || {
            let _ = writer.finish();
            words.finish();
        };
        tokio::task::spawn_blocking(finish).await
    };
    if tokio::time::timeout(SETTLE, settle).await.is_err() {
        tracing::warn!("the writer did not finish in {} s; what it had not kept is found again", SETTLE.as_secs());
    }
    drop(folder);
    tracing::info!("stopped");
    Ok(())
}

/// Tells metrics at an address of their own, until `stop` becomes true.
fn tell_metrics(listener: TcpListener, exposition: Arc<Exposition>, limits: Limits, stop: watch::Receiver<bool>) -> JoinHandle<()> {
    let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
    tracing::info!(metrics.address = address, "metrics are told at http://{address}/metrics");
    tokio::spawn(async move { serve::listen_metrics(listener, exposition, &limits, stop).await })
}

/// Tells the log how far a rebuild is, now and then.
fn tell_progress() -> impl FnMut(u64, u64) {
    let mut told = std::time::Instant::now();
    move |done, of| {
        if told.elapsed() > Duration::from_secs(2) {
            told = std::time::Instant::now();
            tracing::info!(done, of, "bringing the store up to the journal: {done} of {of} records");
        }
    }
}

fn control_socket(data: &Path) -> Option<tokio::net::UnixListener> {
    match control::bind(data) {
        Ok(listener) => Some(listener),
        Err(error) => {
            tracing::warn!(%error, "no control socket in {}: {error}; other commands can not ask this daemon", data.display());
            None
        }
    }
}

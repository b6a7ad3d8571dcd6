//! The daemon: everything joined, started in order and stopped in order.
//!
//! Start: data folder, journal, view, listener, writer, schedule, control socket. Stop: no new
//! looks, what was found is kept, open answers are finished. Tests and the command line come in
//! by the same door, [`run`], which is handed its listener, its clock and its stop signal.

pub mod control;
pub mod data;
mod publishing;

use std::{collections::BTreeMap, io, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
};

pub use publishing::publishing;

use self::{
    control::Ask,
    data::{DataError, DataFolder, Opened},
};
use crate::{
    apply::{Clock, Desk, Reserve, Writer},
    classify::Classifier,
    config::Config,
    fetch::{Client, FetchError, Policy},
    health::{self, Past, Row},
    model::{Second, Source, SourceId, SourceState},
    pull::Kit,
    schedule::{Outcome, Register, Schedule, Wish},
    serve::{self, App, Limits, Watched},
    store::Store,
};

/// The head of a reader's request has to be there within this.
const HEADER: Duration = Duration::from_secs(10);
/// Readers' connections are cut this long after the signal to stop ...
const DRAIN: Duration = Duration::from_secs(4);
/// ... and the writer has this long to keep what was found: together less than the ten seconds that supervisors give.
const SETTLE: Duration = Duration::from_secs(5);

/// Why the daemon did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The data folder can not be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The address to listen at can not be had.
    #[error("can not listen at {address}; is another program there? Set [serve] listen")]
    Listen {
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
    let classifier = Classifier::new(&config.topics).map_err(|error| DaemonError::Topics(error.to_string()))?;
    Ok(Kit::new(Client::new(&policy(config))?, Arc::new(classifier)))
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
    Limits { connections: serve.connections, cache: serve.cache, header: HEADER, drain: DRAIN }
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
    TcpListener::bind(address).await.map_err(|cause| DaemonError::Listen { address, cause })
}

/// Pulls on schedule and serves until `stop` becomes true.
///
/// With `pulls` false nothing is pulled and what is kept is served. `ready` is told once feeds can be asked for.
pub async fn run(
    config: Config,
    folder: DataFolder,
    listener: TcpListener,
    clock: Clock,
    pulls: bool,
    ready: impl FnOnce(Ready),
    stop: watch::Receiver<bool>,
) -> Result<(), DaemonError> {
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
    let Opened { journal, store, read_only } = opened;

    let states = store.states().map_err(DataError::from)?;
    let publishing = publishing(&config, kit.classifier.clone(), journal.genesis(), &states);
    let base = publishing.site.base.to_string();
    let limits = limits(&config);
    let app = App::new(store.clone(), publishing, &limits, clock.clone());
    let register = Register::new(states);
    app.watch(Watched { sources: sources(&config), register: register.clone(), clock: clock.clone() });
    let data = folder.path().to_owned();

    let changed = {
        let app = app.clone();
        move |touched: &[_]| app.changed(touched)
    };
    let reserve = (pulls && read_only.is_none()).then(|| Reserve::of(&data));
    let (desk, writer) = Writer::start_with(journal, store.clone(), clock.clone(), reserve, changed).map_err(DaemonError::Thread)?;
    let (wish, wishes) = mpsc::channel(16);
    let schedule = Schedule {
        kit,
        sources: if pulls && read_only.is_none() { sources(&config) } else { BTreeMap::new() },
        register: register.clone(),
        desk: desk.clone(),
        clock: clock.clone(),
        at_once: config.settings.fetch.at_once,
        per_host: config.settings.fetch.per_host,
        tell: {
            let app = app.clone();
            let read_only = read_only.clone();
            Arc::new(move |why| app.set_ready(read_only.as_deref().or(why)))
        },
    };
    // What is there can be served from here on, whatever becomes of pulling.
    app.set_ready(read_only.as_deref());
    let scheduling = tokio::spawn(schedule.run(wishes, stop.clone()));
    let answering = control_socket(&data).map(|listener| {
        let config = Arc::new(config.clone());
        let app = app.clone();
        let watch = Watch { config: config.clone(), register: register.clone(), store: store.clone(), clock: clock.clone() };
        let why_not = read_only.clone().or_else(|| (!pulls).then(|| "this daemon was started with --read-only".to_owned()));
        let answer = move |ask, rows| {
            let (config, app, desk, watch) = (config.clone(), app.clone(), desk.clone(), watch.clone());
            let (wish, why_not) = (wish.clone(), why_not.clone());
            async move {
                match ask {
                    Ask::Pull { ids } => match why_not {
                        Some(why) => Err(why),
                        None => pull_now(&config, &wish, ids, rows).await,
                    },
                    Ask::Sources { id } => tell_sources(watch, id, rows).await,
                    Ask::Print { path } => print(&app, path, rows).await,
                    Ask::Verify => verify(&desk, rows).await,
                }
            }
        };
        tokio::spawn(control::serve(listener, answer, stop.clone()))
    });

    let address = listener.local_addr().map_err(DaemonError::Thread)?;
    tracing::info!(%address, "serving at {base} (listening at {address})");
    ready(Ready { address, base });
    serve::listen(listener, app, &limits, stop).await;

    // Looks under way are given up, what was found is kept.
    let settle = async {
        let _ = scheduling.await;
        if let Some(answering) = answering {
            answering.abort();
            let _ = answering.await;
        }
        tokio::task::spawn_blocking(move || writer.finish()).await
    };
    if tokio::time::timeout(SETTLE, settle).await.is_err() {
        tracing::warn!("the writer did not finish in {} s; what it had not kept is found again", SETTLE.as_secs());
    }
    drop(folder);
    tracing::info!("stopped");
    Ok(())
}

/// What is needed to tell how the sources are.
#[derive(Clone)]
struct Watch {
    config: Arc<Config>,
    register: Register,
    store: Arc<Store>,
    clock: Clock,
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

async fn pull_now(config: &Config, wish: &mpsc::Sender<Wish>, ids: Vec<String>, rows: mpsc::Sender<Value>) -> Result<(), String> {
    let ids = wanted_sources(config, &ids)?;
    let (reply, mut outcomes) = mpsc::unbounded_channel();
    wish.send(Wish { ids, reply }).await.map_err(|_| "the daemon is stopping".to_owned())?;
    while let Some(outcome) = outcomes.recv().await {
        // Whoever asked may have hung up; the pulls go on.
        let _ = rows.send(outcome_row(&outcome?)).await;
    }
    Ok(())
}

/// The sources of that name; an unknown one is told with its nearest neighbours.
pub fn wanted_sources(config: &Config, ids: &[String]) -> Result<Vec<SourceId>, String> {
    ids.iter()
        .map(|id| match config.sources.iter().find(|source| source.id.as_str() == id) {
            Some(source) => Ok(source.id.clone()),
            None => {
                let near = crate::text::nearest(id, config.sources.iter().map(|source| source.id.as_str()), 3);
                let hint = if near.is_empty() {
                    "`tributary sources` lists them".to_owned()
                } else {
                    format!("did you mean {}?", near.join(", "))
                };
                Err(format!("there is no source `{id}`; {hint}"))
            }
        })
        .collect()
}

/// One outcome as a row of data.
pub fn outcome_row(outcome: &Outcome) -> Value {
    let report = outcome.report.unwrap_or_default();
    json!({
        "source": outcome.source, "items": report.items, "new": report.new, "joined": report.joined, "revised": report.revised,
        "dropped": report.dropped, "unchanged": outcome.report.is_none() && outcome.trouble.is_none(), "trouble": outcome.trouble,
        "duration_ms": u64::try_from(outcome.took.as_millis()).unwrap_or(u64::MAX),
    })
}

/// The health of each source as a row of data; of one source alone, with its history.
pub fn source_rows(
    sources: &BTreeMap<SourceId, Arc<Source>>,
    states: &BTreeMap<SourceId, SourceState>,
    store: &Store,
    id: Option<&SourceId>,
    now: Second,
) -> Result<Vec<Value>, String> {
    let written = |row: Result<Value, serde_json::Error>| row.map_err(|error| error.to_string());
    let Some(source) = id.and_then(|id| sources.get(id)) else {
        return health::rows(sources, states, now).into_iter().map(|row| written(serde_json::to_value(row))).collect();
    };
    let state = states.get(&source.id);
    let mut history = store.history(&source.id).map_err(|error| error.to_string())?;
    // The last look may not be written down yet.
    state.iter().for_each(|state| history.note(state));
    let mut row = written(serde_json::to_value(Row::of(source, state, now)))?;
    row["history"] = written(serde_json::to_value(Past(&history)))?;
    Ok(vec![row])
}

async fn tell_sources(watch: Watch, id: Option<String>, rows: mpsc::Sender<Value>) -> Result<(), String> {
    let id = wanted_sources(&watch.config, id.as_slice())?.pop();
    let Watch { config, register, store, clock } = watch;
    let told = tokio::task::spawn_blocking(move || source_rows(&sources(&config), &register.all(), &store, id.as_ref(), clock())).await;
    for row in told.map_err(|error| error.to_string())?? {
        // Whoever asked may have hung up.
        let _ = rows.send(row).await;
    }
    Ok(())
}

async fn print(app: &Arc<App>, path: String, rows: mpsc::Sender<Value>) -> Result<(), String> {
    let document = app.print(&path).await?;
    let _ = rows.send(Value::String(document)).await;
    Ok(())
}

async fn verify(desk: &Desk, rows: mpsc::Sender<Value>) -> Result<(), String> {
    let verdict = desk.verify().await.ok_or("the daemon is stopping")?.map_err(|error| error.to_string())?;
    for row in verdict.rows() {
        // Whoever asked may have hung up.
        let _ = rows.send(row).await;
    }
    if verdict.agrees() {
        Ok(())
    } else {
        Err("journal and store do not agree; stop the daemon and run `tributary verify --repair`".to_owned())
    }
}

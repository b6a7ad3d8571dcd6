//! Going by another configuration without being started again.
//!
//! Sources, topics, feeds and limits are taken over as one: the timetable goes on with what is new in it, all finished
//! answers are dropped, and nobody is asked again because of it. One that has mistakes changes nothing, and
//! is told in the log and at `/status`. What a running daemon can not change says so and stays.
//! Deliberately absent: filing again what is kept, which is an act of its own (`refile`).

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, watch};

use super::{
    allowed,
    edits::{Edits, Why},
    kit_after, need_contact, publishing, setup, sources,
};
use crate::{
    apply::Clock,
    config::{Config, Settings},
    meters::Reload,
    model::Genesis,
    pull::Kit,
    schedule::{Order, Register},
    serve::{App, Configuration, Watched},
    text,
    websub::Ear,
};

/// The configuration that holds, and what was made of it.
pub(super) struct InForce {
    pub(super) config: Config,
    pub(super) kit: Kit,
}

/// All that goes by the configuration.
pub(super) struct Followers {
    pub(super) current: Arc<ArcSwap<InForce>>,
    /// What it says that is not so yet, and what it should have said.
    pub(super) standing: Configuration,
    /// As it was last read without mistakes.
    pub(super) read: Config,
    pub(super) app: Arc<App>,
    pub(super) register: Register,
    pub(super) clock: Clock,
    pub(super) genesis: Genesis,
    /// Where the timetable is told; `None` when nothing is pulled.
    pub(super) orders: Option<mpsc::Sender<Order>>,
    /// Who tells readers of changes.
    pub(super) ear: Arc<OnceLock<Ear>>,
}

/// Takes over one edit after the other, until `stop` becomes true.
pub(super) async fn follow(mut followers: Followers, mut edits: Edits, mut stop: watch::Receiver<bool>) {
    loop {
        let edited = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            edited = edits.next() => edited,
        };
        let Some(why) = edited else { return };
        let load = edits.load.clone();
        let read = tokio::task::spawn_blocking(move || load()).await;
        let taken = match read.unwrap_or_else(|fall| Err(vec![format!("reading the configuration broke off: {fall}")])) {
            Ok(config) if config == followers.read => {
                followers.nothing_new(why);
                continue;
            }
            Ok(config) => followers.take(config).await,
            Err(mistakes) => Err(mistakes),
        };
        if let Err(mistakes) = taken {
            followers.current.load().kit.meters.reloaded(Reload::Refused);
            followers.keep(mistakes, why);
        }
    }
}

impl Followers {
    /// Says whose health is told, and by which configuration.
    pub(super) fn tell(&self) {
        let (register, clock) = (self.register.clone(), self.clock.clone());
        let sources = sources(&self.current.load().config);
        self.app.watch(Watched { sources, register, clock, configuration: self.standing.clone() });
    }

    /// The configuration is the one that holds; perhaps again, after one with mistakes.
    fn nothing_new(&mut self, why: Why) {
        if !self.standing.mistakes.is_empty() {
            self.standing.mistakes.clear();
            self.tell();
            tracing::info!("the configuration is again the one that holds");
        } else if why == Why::Signal {
            tracing::info!("the configuration was read again, and is as it was");
        }
    }

    /// Tells the mistakes, and changes nothing. The same ones are told once, unless somebody asks.
    fn keep(&mut self, mistakes: Vec<String>, why: Why) {
        // Addresses stand in them, and everybody may see them.
        let mistakes: Vec<String> = mistakes.iter().map(|mistake| text::without_secrets(mistake)).collect();
        if why == Why::Change && self.standing.mistakes == mistakes {
            return;
        }
        self.standing.mistakes = mistakes;
        // Whoever reads the log finds it at the status page, too.
        self.tell();
        let Configuration { mistakes, since, .. } = &self.standing;
        mistakes.iter().for_each(|mistake| tracing::error!("{mistake}"));
        let count = mistakes.len();
        let noun = if count == 1 { "mistake" } else { "mistakes" };
        tracing::error!(count, "the configuration has {count} {noun}; nothing is changed, the one of {since} is kept");
    }

    /// Goes by another configuration.
    async fn take(&mut self, read: Config) -> Result<(), Vec<String>> {
        let before = self.current.load_full();
        let mut config = read.clone();
        let waiting = keep_what_is_fixed(&before.config.settings, &mut config.settings);
        if self.orders.is_some() {
            need_contact(&config).map_err(|error| vec![error.to_string()])?;
        }
        // Topics take their time to be compiled.
        let (old, new) = (before.clone(), config.clone());
        let made = tokio::task::spawn_blocking(move || kit_after(&old, &new)).await;
        let kit = match made {
            Ok(made) => made.map_err(|error| vec![text::chain(&error)])?,
            Err(fall) => return Err(vec![format!("the configuration could not be taken over: {fall}")]),
        };
        if let Some(orders) = &self.orders {
            // A loop that has ended is one of a daemon that is stopping.
            let _ = orders.send(Order::Change(setup(&config, kit.clone()))).await;
        }
        let states: Vec<_> = self.register.all().into_values().collect();
        self.app.republish(publishing(&config, kit.classifier.clone(), &self.genesis, &states), config.settings.serve.cache);
        self.app.allow(allowed(&config));
        let current = Arc::new(InForce { config, kit });
        self.current.store(current.clone());
        if let Some(ear) = self.ear.get() {
            ear.configured().await;
        }
        self.read = read;
        self.standing = Configuration { waiting, ..Configuration::since((self.clock)()) };
        current.kit.meters.reloaded(Reload::Taken);
        self.tell();
        tracing::info!("the configuration was read again: {}", changes(&before.config, &current.config));
        self.standing.waiting.iter().chain(&current.config.notices).for_each(|notice| tracing::warn!("{notice}"));
        Ok(())
    }
}

/// What a running daemon can not change stays as it is; says what that is.
fn keep_what_is_fixed(now: &Settings, new: &mut Settings) -> Vec<String> {
    let mut waiting = Vec::new();
    fn keep<T: PartialEq + Clone>(waiting: &mut Vec<String>, name: &str, now: &T, new: &mut T) {
        if now != new {
            waiting.push(format!("{name} was changed, and stays as it was until the daemon is started again"));
            new.clone_from(now);
        }
    }
    keep(&mut waiting, "[daemon] data", &now.daemon.data, &mut new.daemon.data);
    keep(&mut waiting, "[daemon] instance", &now.daemon.instance, &mut new.daemon.instance);
    keep(&mut waiting, "[daemon] log", &now.daemon.log, &mut new.daemon.log);
    keep(&mut waiting, "[serve] listen", &now.serve.listen, &mut new.serve.listen);
    keep(&mut waiting, "[serve] metrics", &now.serve.metrics, &mut new.serve.metrics);
    keep(&mut waiting, "[serve] connections", &now.serve.connections, &mut new.serve.connections);
    keep(&mut waiting, "[websub]", &now.websub, &mut new.websub);
    keep(&mut waiting, "[admin]", &now.admin, &mut new.admin);
    keep(&mut waiting, "[limits] free_mib", &now.limits.free, &mut new.limits.free);
    waiting
}

/// What became other, in a few words.
fn changes(before: &Config, after: &Config) -> String {
    let (old, new) = (sources(before), sources(after));
    let added = new.keys().filter(|id| !old.contains_key(*id)).count();
    let removed = old.keys().filter(|id| !new.contains_key(*id)).count();
    let changed = new.iter().filter(|(id, source)| old.get(*id).is_some_and(|old| old != *source)).count();
    let mut told: Vec<String> = [(added, "added"), (removed, "removed"), (changed, "changed")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} source{} {what}", if count == 1 { "" } else { "s" }))
        .collect();
    if before.topics != after.topics {
        told.push("other topics, for what comes from now on (`tributary refile` files what is kept)".to_owned());
    }
    if before.feeds != after.feeds {
        told.push("other saved feeds".to_owned());
    }
    if before.settings != after.settings {
        told.push("other settings".to_owned());
    }
    if told.is_empty() { "nothing of it that is in use became other".to_owned() } else { told.join(", ") }
}

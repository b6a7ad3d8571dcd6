//! `tributary demo`: sample publishers on loopback, and the real daemon on top of them.
//!
//! Fetcher, journal, store and server are the ones of `run`; only the sources are ours. It keeps
//! its data in a folder of its own that goes when it ends. Deliberately absent: any short cut
//! from the sample world to the feeds.

mod feeds;
pub mod world;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use tokio::sync::watch;

use self::world::{LAST_STEP, Sample, Served};
use super::{Failure, LogForm, log, run, runtime};
use crate::{
    config::{self, Config},
    daemon::{self, Configured, data::DataFolder},
    model::{ContentPolicy, DateOrder, Defaults, Private, Second, Source, Timetable},
    serve::sample::Publisher,
};

/// Sample publishers are asked this often; their own server does not mind.
const EVERY: Duration = Duration::from_secs(2);
/// A publisher that is down asks to be left alone for this many seconds.
const COME_BACK: u32 = 2;

/// Shows the sample world until stopped, or until the last sample item has arrived.
pub(super) fn demo(form: LogForm, listen: SocketAddr, once: bool) -> Result<(), Failure> {
    log::start(if form == LogForm::Auto { LogForm::Text } else { form }, "info,tributary::apply=debug");
    let started = std::time::Instant::now();
    let folder = Folder::new()?;
    runtime()?.block_on(async {
        let publisher = Arc::new(Publisher::start().await.map_err(Failure::io("no port on loopback"))?);
        let config = config(&publisher.base(), listen, &folder.0)?;
        let listener = daemon::listen(listen).await?;
        let address = listener.local_addr().map_err(Failure::io("the listener has no address"))?;
        let (clock, start) = (daemon::wall_clock(), daemon::wall_clock()());
        show(&publisher, start, start);
        let (say, stop) = watch::channel(false);
        let mut signal = run::stop_signal()?;
        let player = {
            let (publisher, clock) = (publisher.clone(), clock.clone());
            tokio::spawn(async move {
                loop {
                    let (step, _) = show(&publisher, start, clock());
                    if once && step >= LAST_STEP {
                        // The last items are asked for once more before the end.
                        tokio::time::sleep(EVERY * 3).await;
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            })
        };
        tokio::spawn(async move {
            tokio::select! {
                _ = signal.wait_for(|stop| *stop) => {}
                _ = player => {}
            }
            // The daemon may have ended by itself.
            let _ = say.send(true);
        });
        let data = DataFolder::hold(&folder.0)?;
        // Whoever gives a token can try what editors do, too.
        let admin = daemon::Admin::of(&config).await?;
        let config = Configured { admin, ..config.into() };
        daemon::run(config, data, listener, clock, true, |ready| greet(&ready.base, address, started.elapsed()), stop).await?;
        Ok(())
    })
}

/// The configuration of the demonstration: the built-in topics, the sample sources.
pub fn config(publishers: &str, listen: SocketAddr, data: &std::path::Path) -> Result<Config, Failure> {
    let flags =
        [("daemon.data", data.display().to_string()), ("serve.listen", listen.to_string()), ("serve.title", "Tributary demo".to_owned())];
    let flags: Vec<(String, String)> = flags.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let mut config = config::load(None, std::iter::empty(), &flags)?;
    config.sources = world::publishers().iter().filter_map(|sample| source(sample, publishers)).collect();
    Ok(config)
}

/// A sample publisher as a source.
fn source(sample: &Sample, publishers: &str) -> Option<Source> {
    Some(Source {
        id: sample.id.parse().ok()?,
        enabled: true,
        title: sample.title.to_owned(),
        url: format!("{publishers}{}", sample.path).parse().ok()?,
        page: None,
        dates: DateOrder::default(),
        home: sample.home.parse().ok(),
        organization: None,
        lang: sample.lang.parse().ok(),
        rank: sample.rank,
        settle: Duration::ZERO,
        most_per_hour: Source::MOST_PER_HOUR,
        timetable: Timetable::Every(EVERY),
        // Most of what they tell is of 2020, and they are not silent for that.
        expect: Some(Duration::from_hours(50 * 365 * 24)),
        topics: sample.topics.iter().filter_map(|slug| slug.parse().ok()).collect(),
        countries: sample.countries.iter().filter_map(|code| code.parse().ok()).collect(),
        defaults: Defaults::Hints,
        content: ContentPolicy::Summary,
        rights: None,
        headers: Vec::new(),
        timeout: Duration::from_secs(5),
        allow_private: Private::Allowed,
        allow_downgrade: false,
        keep: None,
        probed: None,
        note: None,
    })
}

/// Puts the documents of the present step on the publisher's shelf.
pub fn show(publisher: &Publisher, start: Second, now: Second) -> (u32, Second) {
    let (step, at) = world::step_at(start, now);
    put(publisher, step, at);
    (step, at)
}

/// Puts the documents of a step on the publisher's shelf.
pub fn put(publisher: &Publisher, step: u32, at: Second) {
    for sample in world::publishers() {
        match world::document(sample, &publisher.base(), step, at) {
            Served::Document { content_type, body } => publisher.put(sample.path, content_type, &body),
            Served::Unavailable => publisher.fail(sample.path, 503, Some(COME_BACK)),
        }
    }
}

fn greet(base: &str, address: SocketAddr, took: Duration) {
    let titles: BTreeMap<&str, &str> = world::publishers().iter().map(|sample| (sample.id, sample.title)).collect();
    println!("Tributary demo: {} sample publishers, ready after {} ms. Stop it with Ctrl-C.\n", titles.len(), took.as_millis());
    println!("Open      {base}");
    println!("Subscribe {base}feed.atom");
    println!("          {base}feed/topic/migrant-smuggling.atom");
    println!("          {base}feed/country/gt.atom?lang=es\n");
    println!("Try       curl -s http://{address}/feed/topic/youth.atom");
    println!("          curl -si http://{address}/feed/country/gt.atom | head -12");
    println!("          curl -s http://{address}/feed/topic/smugling.atom       (no such topic: it says which are near)");
    println!("          curl -s http://{address}/topics.json\n");
    println!("One publisher is down at first, one serves a broken feed, and news arrives while you watch:\n");
}

/// A folder that goes with the demonstration.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("tributary-demo-{}", std::process::id()));
        std::fs::create_dir_all(&path).map_err(Failure::io(format!("{} can not be made", path.display())))?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // A folder that can not be removed is left to the system's own cleaning.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

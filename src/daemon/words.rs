//! The thread that reads what stories say, so that words can be asked for.
//!
//! It waits until something was kept, then a moment for more of it, and takes all of that into the index at once: a commit costs much
//! the same for one story as for many. Where there is no index it is made while feeds are served. The writer never waits for it:
//! when it is too far behind to know which stories changed, all feeds that ask for words are made anew.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use crate::{
    apply::Clock,
    serve::App,
    store::{Store, Touched},
    text,
};

/// How long is waited for more before it is read: with the commit, words are found within two seconds.
const TOGETHER: Duration = Duration::from_millis(500);
/// When what failed is tried again, and whether anything has to be made anew is looked at.
const AGAIN: Duration = Duration::from_secs(10);
/// Stories that are held until they are read. Each is held twice, as it was and as it is.
const MOST: usize = 2_000;

/// Where the thread is told what changed. Cheap to clone.
#[derive(Clone, Default)]
pub struct Inbox(Arc<(Mutex<Told>, Condvar)>);

#[derive(Default)]
struct Told {
    touched: Vec<Touched>,
    /// More changed than is held here.
    is_full: bool,
    ends: bool,
}

impl Told {
    fn is_empty(&self) -> bool {
        self.touched.is_empty() && !self.is_full
    }
}

impl Inbox {
    /// Says that these stories changed.
    pub fn tell(&self, touched: &[Touched]) {
        let mut told = self.told();
        if told.touched.len() + touched.len() > MOST {
            told.is_full = true;
            told.touched.clear();
        } else if !told.is_full {
            told.touched.extend_from_slice(touched);
        }
        drop(told);
        self.0.1.notify_one();
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is something, and then a moment for more; or until nothing is to come.
    fn wait(&self) {
        let wait = |told, patience, goes_on: fn(&mut Told) -> bool| {
            let waited = self.0.1.wait_timeout_while(told, patience, goes_on);
            waited.unwrap_or_else(PoisonError::into_inner).0
        };
        let told = wait(self.told(), AGAIN, |told| told.is_empty() && !told.ends);
        if !told.is_empty() {
            drop(wait(told, TOGETHER, |told| !told.ends));
        }
    }

    fn ends(&self) -> bool {
        self.told().ends
    }
}

/// The thread.
pub struct WordReader {
    inbox: Inbox,
    thread: JoinHandle<()>,
}

impl WordReader {
    /// Starts it. What changes is told to the inbox from then on.
    pub fn start(store: Arc<Store>, app: Arc<App>, clock: Clock, inbox: Inbox) -> io::Result<Self> {
        let hand = Hand { store, app, clock, inbox: inbox.clone(), trouble: None };
        let thread = std::thread::Builder::new().name("words".into()).spawn(move || hand.work())?;
        Ok(Self { inbox, thread })
    }

    /// Waits until all that was told is read. What is left of an index that is being made is made anew at the next start.
    pub fn finish(self) {
        self.inbox.told().ends = true;
        self.inbox.0.1.notify_one();
        let _ = self.thread.join();
    }
}

struct Hand {
    store: Arc<Store>,
    app: Arc<App>,
    clock: Clock,
    inbox: Inbox,
    /// What was last told to have failed.
    trouble: Option<String>,
}

impl Hand {
    fn work(mut self) {
        loop {
            let is_last = self.inbox.ends();
            self.read();
            if is_last {
                return;
            }
            self.inbox.wait();
        }
    }

    fn read(&mut self) {
        let Told { touched, is_full, ends } = std::mem::take(&mut *self.inbox.told());
        self.inbox.told().ends |= ends;
        let (had_words, begun) = (self.store.has_words(), Instant::now());
        match self.store.read_words((self.clock)(), &|| !self.inbox.ends()) {
            Ok(is_done) => {
                if is_done && !had_words {
                    tracing::info!(duration_ms = begun.elapsed().as_millis() as u64, "words can be asked for");
                }
                self.trouble = None;
                self.app.words_changed((!is_full).then_some(&touched));
            }
            Err(error) => {
                let trouble = text::chain(&error);
                if self.trouble.as_ref() != Some(&trouble) {
                    tracing::warn!("what stories say could not be read: {trouble}; it is tried again");
                }
                self.trouble = Some(trouble);
                // What changed is not forgotten, but for which stories it was.
                self.inbox.told().is_full = true;
                if !ends {
                    self.rest();
                }
            }
        }
    }

    /// Waits before what failed is tried again.
    fn rest(&self) {
        let waited = self.inbox.0.1.wait_timeout_while(self.inbox.told(), AGAIN, |told| !told.ends);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

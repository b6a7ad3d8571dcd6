//! Workshops: a few threads each, for work that takes a processor a while.
//!
//! A thread keeps memory that it has used close at hand for the next time. Of the runtime's own threads there are dozens, and each
//! would come to keep what it takes to read or to write the longest feed. So such work is done by as many as there are places for it,
//! and no more.
//!
//! Work that nobody waits for [gives way](Urgency::GivesWay): whoever asks for a feed while ten thousand others are read new is answered
//! first. Deliberately absent: a bound on what waits; whoever hands work in has one.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use tokio::sync::oneshot;

use crate::text;

type Work = Box<dyn FnOnce() + Send>;

/// By how much work gives way that nobody waits for, in steps of niceness (0 to 19): it gets a tenth of a processor that somebody else wants too.
const WAY: i32 = 10;

/// Which work goes first where there are too few processors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Somebody waits for it.
    Waited,
    /// Nobody waits: it takes what the others leave.
    GivesWay,
}

impl Urgency {
    /// Sets how urgent the thread that calls is, for as long as it lives, and with it those that it starts; a system that knows no such
    /// thing keeps its own.
    pub fn keep(self) {
        // Elsewhere than on Linux it would be that of the whole process.
        #[cfg(target_os = "linux")]
        if self == Self::GivesWay
            && let Err(cause) = rustix::process::setpriority_process(None, WAY)
        {
            tracing::debug!("a thread can not give way to others: {cause}");
        }
    }
}

/// A few threads that wait for work.
pub struct Workshop {
    /// The way in; nothing when the system gave no thread.
    hand_in: Option<mpsc::Sender<Work>>,
}

impl Workshop {
    /// One with so many threads, under a name of at most 15 bytes.
    pub fn open(name: &str, threads: usize, urgency: Urgency) -> Self {
        let (hand_in, waiting) = mpsc::channel::<Work>();
        let waiting = Arc::new(Mutex::new(waiting));
        let is_there = (0..threads).filter(|_| {
            let waiting = waiting.clone();
            let work = move || {
                urgency.keep();
                work(&waiting);
            };
            thread::Builder::new().name(name.into()).spawn(work).is_ok()
        });
        Self { hand_in: (is_there.count() > 0).then_some(hand_in) }
    }

    /// Does some work there.
    ///
    /// # Errors
    ///
    /// What a panic said that broke it off.
    pub async fn make<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
        let (done, made) = oneshot::channel();
        let work = move || {
            let made = catch_unwind(AssertUnwindSafe(work)).map_err(|panic| text::of_panic(&*panic));
            // Whoever asked may have gone.
            let _ = done.send(made);
        };
        let gone = || "its thread is gone".to_owned();
        match &self.hand_in {
            Some(workshop) => workshop.send(Box::new(work)).map_err(|_| gone())?,
            None => tokio::task::spawn_blocking(work).await.map_err(|_| gone())?,
        }
        made.await.map_err(|_| gone())?
    }
}

/// Processors there are to work with.
pub fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn work(waiting: &Mutex<mpsc::Receiver<Work>>) {
    loop {
        // Whoever holds it waits for work, and the others for that one.
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(work) => work(),
            Err(mpsc::RecvError) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use std::collections::BTreeSet;

    use super::*;

    fn wait<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
    }

    #[test]
    fn a_few_threads_do_all_work_also_after_some_of_it_broke_off() {
        let workshop = Workshop::open("a few", 3, Urgency::Waited);
        wait(async {
            let mut threads = BTreeSet::new();
            for n in 0..200 {
                let made = workshop.make(move || (n * 2, format!("{:?}", thread::current().id()))).await;
                let (made, thread) = made.unwrap();
                assert_eq!(made, n * 2);
                threads.insert(thread);
                assert_eq!(workshop.make(|| -> () { panic!("as meant") }).await, Err("as meant".to_owned()));
            }
            assert!(threads.len() <= 3, "{threads:?}");
        });
    }

    #[test]
    fn without_threads_of_its_own_it_does_its_work_all_the_same() {
        let workshop = Workshop::open("nobody", 0, Urgency::Waited);
        assert_eq!(wait(workshop.make(|| 2)), Ok(2));
        assert_eq!(wait(workshop.make(|| -> () { panic!("as meant") })), Err("as meant".to_owned()));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_nobody_waits_for_gives_way_and_nothing_else_does() {
        let nice = || rustix::process::getpriority_process(None).unwrap();
        let ours = nice();
        let of = |urgency: Urgency| wait(Workshop::open("urgency", 1, urgency).make(nice)).unwrap();
        assert_eq!((of(Urgency::Waited), of(Urgency::GivesWay), nice()), (ours, WAY.max(ours), ours));
    }
}

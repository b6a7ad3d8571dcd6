//! The workshop in which answers are made: a few threads, for all that is written or coded.
//!
//! A thread keeps memory that it has used close at hand for the next time. Of the runtime's own threads there are dozens, and each
//! would come to keep what it takes to write the longest feed. So answers are made by as many as there are places for them, and no more.
//! Deliberately absent: a bound of its own on what waits; the gate has one.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, LazyLock, Mutex, PoisonError, mpsc},
    thread,
};

use tokio::sync::oneshot;

type Work = Box<dyn FnOnce() + Send>;

/// The way in; nothing when the system gave no thread.
static WORKSHOP: LazyLock<Option<mpsc::Sender<Work>>> = LazyLock::new(|| {
    let (hand_in, waiting) = mpsc::channel::<Work>();
    let waiting = Arc::new(Mutex::new(waiting));
    let count = 2 * thread::available_parallelism().map_or(1, usize::from);
    let is_there = (0..count).filter(|_| {
        let waiting = waiting.clone();
        thread::Builder::new().name("workshop".into()).spawn(move || work(&waiting)).is_ok()
    });
    (is_there.count() > 0).then_some(hand_in)
});

fn work(waiting: &Mutex<mpsc::Receiver<Work>>) {
    loop {
        // Whoever holds it waits for work, and the others for that one.
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            // Whoever waits for it learns of it by getting nothing.
            Ok(work) => drop(catch_unwind(AssertUnwindSafe(work))),
            Err(mpsc::RecvError) => return,
        }
    }
}

/// Does some work there, away from the threads that answer; gives nothing when it broke off.
pub(super) async fn make<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (done, made) = oneshot::channel();
    let work = move || {
        // Whoever asked may have gone.
        let _ = done.send(work());
    };
    match &*WORKSHOP {
        Some(workshop) => workshop.send(Box::new(work)).ok()?,
        None => tokio::task::spawn_blocking(work).await.ok()?,
    }
    made.await.ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_few_threads_do_all_work_also_after_some_of_it_broke_off() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut threads = BTreeSet::new();
            for n in 0..200 {
                let (made, thread) = make(move || (n * 2, format!("{:?}", thread::current().id()))).await.unwrap();
                assert_eq!(made, n * 2);
                threads.insert(thread);
                assert!(make(|| panic!("as meant")).await.is_none_or(|()| false), "what broke off gives nothing");
            }
            assert!(threads.len() <= 2 * thread::available_parallelism().map_or(1, usize::from), "{threads:?}");
        });
    }
}

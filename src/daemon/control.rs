//! How the other commands reach a daemon that holds the data folder.
//!
//! A Unix socket in the data folder, mode 0600: whoever may write the data may ask. One line of
//! JSON asks, lines of JSON answer, the last of them `done` or `failed`. Deliberately absent: any
//! way to reach it over a network.

use std::{
    fs, io,
    io::{BufRead, BufReader, Write},
    os::unix::{fs::DirBuilderExt, fs::PermissionsExt, net::UnixStream as Blocking},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use super::{
    acts::{Wish, Words},
    upkeep::Chore,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
    sync::{Semaphore, mpsc, watch},
};

/// The longest question, in bytes: some stories that are brought in.
pub const LONGEST_ASK: u64 = 16 << 20;
/// Questions answered at once.
const AT_ONCE: usize = 8;
/// A question has to arrive within this.
const PATIENCE: Duration = Duration::from_secs(10);

/// What can be asked of a daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Ask {
    /// Look at these sources now; all that are switched on when there is none.
    Pull {
        /// Source ids.
        #[serde(default)]
        ids: Vec<String>,
    },
    /// What is known of each source, or of the named one with its history.
    Sources {
        /// A source id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    },
    /// One feed, as it would be served: `feed/topic/youth.atom?lang=es`.
    Print {
        /// Path and query, without a leading slash.
        path: String,
    },
    /// File again what is kept, by the rules of today.
    Refile {
        /// Only say what that would do.
        #[serde(default)]
        dry_run: bool,
    },
    /// All that is known of a story.
    Story {
        /// Its id, the id of one of its entries, or the link of a copy.
        story: String,
    },
    /// Do something to a story.
    Act {
        /// Which, named as above.
        story: String,
        /// What.
        wish: Wish,
        /// By whom, and why.
        #[serde(default)]
        words: Words,
    },
    /// Take all copies of a source back.
    Withdraw {
        /// A source id; it need not be configured any more.
        source: String,
        /// By whom, and why.
        #[serde(default)]
        words: Words,
    },
    /// Show as news what a source had filed in the archive because it was too much.
    ReleaseFlood {
        /// A source id; it need not be configured any more.
        source: String,
        /// When it was filed, when that was not the last time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<String>,
        /// By whom, and why.
        #[serde(default)]
        words: Words,
    },
    /// Whether journal and store agree.
    Verify,
    /// Read the configuration again.
    Reload,
    /// Do some upkeep.
    Keep {
        /// What.
        chore: Chore,
    },
}

/// One line of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "told", rename_all = "snake_case")]
pub enum Told {
    /// A row of data.
    Row {
        /// The row.
        row: Value,
    },
    /// All has been said.
    Done,
    /// It could not be done.
    Failed {
        /// Why, and what to try.
        why: String,
    },
}

/// Where the socket of a data folder is.
pub fn socket_path(data: &Path) -> PathBuf {
    data.join("tributary.sock")
}

/// A socket that only the owner can open; it appears with its final rights. One that was left behind is replaced.
pub fn bind(data: &Path) -> io::Result<UnixListener> {
    let aside = data.join(".socket");
    let _ = fs::remove_dir_all(&aside);
    fs::DirBuilder::new().mode(0o700).create(&aside)?;
    let unnamed = aside.join("s");
    let listener = UnixListener::bind(&unnamed)?;
    fs::set_permissions(&unnamed, fs::Permissions::from_mode(0o600))?;
    fs::rename(&unnamed, socket_path(data))?;
    fs::remove_dir(&aside)?;
    Ok(listener)
}

/// Answers questions until `stop`. `answer` sends rows and says at the end whether it could be done.
pub async fn serve<F, A>(listener: UnixListener, answer: A, mut stop: watch::Receiver<bool>)
where
    A: Fn(Ask, mpsc::Sender<Value>) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), String>> + Send + 'static,
{
    let answer = Arc::new(answer);
    let seats = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let Ok(seat) = seats.clone().acquire_owned().await else { return };
        let stream = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            accepted = listener.accept() => accepted,
        };
        let answer = answer.clone();
        match stream {
            Ok((stream, _)) => {
                tokio::spawn(async move {
                    // A caller that hangs up has its reasons.
                    let _ = converse(stream, &*answer).await;
                    drop(seat);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the control socket gave no connection: {error}");
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }
}

async fn converse<F, A>(stream: UnixStream, answer: &A) -> io::Result<()>
where
    A: Fn(Ask, mpsc::Sender<Value>) -> F,
    F: Future<Output = Result<(), String>> + Send + 'static,
{
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    let mut read = tokio::io::BufReader::new(read.take(LONGEST_ASK));
    tokio::time::timeout(PATIENCE, read.read_line(&mut line)).await.map_err(|_| io::ErrorKind::TimedOut)??;
    let last = match serde_json::from_str(&line) {
        Ok(ask) => {
            let (rows, mut inbox) = mpsc::channel(64);
            let work = tokio::spawn(answer(ask, rows));
            while let Some(row) = inbox.recv().await {
                say(&mut write, &Told::Row { row }).await?;
            }
            match work.await {
                Ok(Ok(())) => Told::Done,
                Ok(Err(why)) => Told::Failed { why },
                Err(cause) => Told::Failed { why: format!("the daemon failed at this: {cause}") },
            }
        }
        Err(cause) => Told::Failed { why: format!("the daemon does not understand the question ({cause}); is it of another version?") },
    };
    say(&mut write, &last).await
}

async fn say(write: &mut (impl AsyncWriteExt + Unpin), told: &Told) -> io::Result<()> {
    let mut line = serde_json::to_vec(told)?;
    line.push(b'\n');
    write.write_all(&line).await
}

/// Asks the daemon that holds a data folder; `row` is handed each row as it comes.
pub fn ask(data: &Path, ask: &Ask, mut row: impl FnMut(Value)) -> io::Result<Result<(), String>> {
    let mut stream = Blocking::connect(socket_path(data))?;
    let mut line = serde_json::to_vec(ask)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    for line in BufReader::new(stream).lines() {
        match serde_json::from_str(&line?)? {
            Told::Row { row: value } => row(value),
            Told::Done => return Ok(Ok(())),
            Told::Failed { why } => return Ok(Err(why)),
        }
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

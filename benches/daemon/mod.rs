//! The real daemon in a process of its own, as whoever measures it sees it.
#![allow(dead_code, clippy::unwrap_used, missing_docs)]

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    time::{Duration, Instant},
};

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_tributary");

/// A daemon that holds a data folder and serves.
pub struct Daemon {
    child: Child,
    process: PathBuf,
    /// Where it listens.
    pub address: String,
    /// From its start until it could be asked.
    pub ready_after: Duration,
    log: Receiver<String>,
}

impl Daemon {
    pub fn start(config: &str, data: &str) -> Self {
        let started = Instant::now();
        let child = Command::new(PROGRAM)
            .args(["run", "--listen", "127.0.0.1:0", "--log", "text", "--config", config, "--data", data])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.unwrap();
        let (told, log) = mpsc::channel();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        // What nobody waits for any more is dropped.
        std::thread::spawn(move || lines.for_each(|line| drop(told.send(line))));
        let process = Path::new("/proc").join(child.id().to_string());
        let mut daemon = Self { child, process, address: String::new(), ready_after: Duration::ZERO, log };
        let line = daemon.wait_for("serving at");
        daemon.ready_after = started.elapsed();
        daemon.address = line.rsplit_once("listening at ").unwrap().1.split(')').next().unwrap().to_owned();
        daemon
    }

    /// The next line of its log that has these words.
    pub fn wait_for(&self, words: &str) -> String {
        self.log.iter().find(|line| line.contains(words)).expect("the daemon ended")
    }

    /// The processor time it has had, in seconds (proc(5): fields 14 and 15 of `stat`, in hundredths).
    pub fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(self.process.join("stat")).unwrap();
        let fields = stat.rsplit_once(") ").unwrap().1.split(' ').skip(11).take(2);
        fields.map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / 100.0
    }

    /// Memory's peak is told anew from here on, where the system can do that.
    pub fn forget_peak(&self) {
        let _ = std::fs::write(self.process.join("clear_refs"), "5");
    }

    /// The most memory it has had, in MiB.
    pub fn peak(&self) -> u64 {
        memory(&self.child.id().to_string(), "VmHWM").unwrap_or(0) >> 10
    }

    /// The memory it has, in MiB.
    pub fn resident(&self) -> u64 {
        memory(&self.child.id().to_string(), "VmRSS").unwrap_or(0) >> 10
    }

    /// Ends it as an operator would.
    pub fn stop(mut self) {
        Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// A figure of a process's memory, in KiB (`VmHWM`, `VmRSS`); nothing once it is gone.
pub fn memory(pid: &str, what: &str) -> Option<u64> {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid).join("status")).ok()?;
    let line = status.lines().find(|line| line.starts_with(what))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

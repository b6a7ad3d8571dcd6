//! The real program, started, asked, killed.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStderr, Command, Output, Stdio},
};

use serde_json::Value;

/// A folder with configuration and data.
pub struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    /// A place whose sources are given as TOML.
    pub fn new(sources: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("config")).unwrap();
        fs::write(dir.path().join("config/sources.toml"), format!("builtin = false\n{sources}")).unwrap();
        Self { dir }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tributary"));
        command.args(arguments).arg("--config").arg(self.path("config")).arg("--data").arg(self.path("data")).arg("--log").arg("json");
        command.env_remove("TRIBUTARY_CONFIG").env_remove("TRIBUTARY_LOG");
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that has to succeed, and gives what it printed.
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a command that succeeds says, row by row.
    pub fn rows(&self, arguments: &[&str]) -> Vec<Value> {
        self.succeed(&[arguments, &["--json"]].concat()).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Starts a daemon and waits until it serves.
    pub fn start(&self, arguments: &[&str]) -> Daemon {
        self.start_by(&[], arguments)
    }

    /// Starts a daemon by way of another command, whose last word it follows.
    pub fn start_by(&self, by: &[&str], arguments: &[&str]) -> Daemon {
        let mut command = self.command(&[&["run", "--listen", "127.0.0.1:0"], arguments].concat());
        if let [program, rest @ ..] = by {
            let itself = std::mem::replace(&mut command, Command::new(program));
            command.args(rest).arg(itself.get_program()).args(itself.get_args());
            command.env_remove("TRIBUTARY_CONFIG").env_remove("TRIBUTARY_LOG");
        }
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut lines = Vec::new();
        let address = loop {
            let line = next(&mut log).unwrap_or_else(|| panic!("the daemon ended: {lines:?}"));
            if let Some(address) = line["address"].as_str() {
                break address.parse().unwrap();
            }
            lines.push(line);
        };
        Daemon { child, log, address, lines }
    }
}

/// A daemon that serves.
pub struct Daemon {
    child: Child,
    log: BufReader<ChildStderr>,
    pub address: SocketAddr,
    /// What it said before it served.
    pub lines: Vec<Value>,
}

fn next(log: &mut BufReader<ChildStderr>) -> Option<Value> {
    let mut line = String::new();
    (log.read_line(&mut line).unwrap() > 0).then(|| serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}")))
}

impl Daemon {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The next line of its log.
    pub fn next_line(&mut self) -> Option<Value> {
        next(&mut self.log)
    }

    /// Waits for a pull to be told, and gives its source.
    pub fn next_pull(&mut self) -> Option<String> {
        loop {
            let line = self.next_line()?;
            if line["message"].as_str().is_some_and(|message| message.starts_with("pulled")) {
                return Some(line["source.id"].as_str().unwrap().to_owned());
            }
        }
    }

    /// Waits for a line that says so, unless it was said before the daemon served.
    pub fn wait_for(&mut self, words: &str) -> Value {
        let says_so = |line: &Value| line["message"].as_str().is_some_and(|message| message.contains(words));
        if let Some(said) = self.lines.iter().position(says_so) {
            return self.lines.remove(said);
        }
        loop {
            let line = self.next_line().unwrap_or_else(|| panic!("the daemon ended and never said `{words}`"));
            if says_so(&line) {
                return line;
            }
        }
    }

    /// SIGHUP.
    pub fn hang_up(&self) {
        assert!(Command::new("kill").args(["-HUP", &self.pid().to_string()]).status().unwrap().success());
    }

    /// kill -9.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Stops it without a look at how.
    pub fn stop_quietly(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        let _ = self.child.wait();
    }

    /// SIGTERM, and waits for the end; the exit status has to be 0.
    pub fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        while self.next_line().is_some() {}
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap).filter(|entry| entry.file_type().unwrap().is_file()) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

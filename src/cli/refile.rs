//! `tributary refile`.

use std::{
    io::{self, Write},
    sync::Arc,
};

use indicatif::ProgressBar;
use serde_json::Value;
use tokio::sync::mpsc;

use super::{Common, Failure, data, log, progress, run, runtime, table};
use crate::{
    apply::Writer,
    daemon::{
        self, Refiling,
        control::{self, Ask},
        data::{DataError, DataFolder, Opened},
    },
};

/// Files again what is kept, by the rules of today; with `dry_run` says what that would do.
pub fn refile(common: &Common, dry_run: bool, json: bool) -> Result<(), Failure> {
    let config = common.load(&[])?;
    log::start(common.log, "warn");
    let mut teller = Teller { json, dry_run, bar: progress::bar(0), labels: Vec::new(), printed: Ok(()) };
    match DataFolder::hold(&config.settings.daemon.data) {
        Ok(folder) => {
            let filing = daemon::filing(&config, Arc::new(daemon::classifier(&config)?));
            let Opened { journal, store, read_only, .. } = data::open(&config, &folder)?;
            if let (Some(why), false) = (read_only, dry_run) {
                return Err(Failure::Failed(why));
            }
            let (desk, writer) =
                Writer::start(journal, store.clone(), daemon::wall_clock(), |_| {}).map_err(Failure::io("the system gave no thread"))?;
            let done = runtime()?.block_on(async {
                let (rows, mut inbox) = mpsc::channel(64);
                let desk = (!dry_run).then_some(desk);
                let work = tokio::spawn(daemon::refile(Refiling { store, filing, desk, rows, stop: run::stop_signal()? }));
                while let Some(row) = inbox.recv().await {
                    teller.take(row);
                }
                Ok::<_, Failure>(work.await.unwrap_or_else(|fall| Err(fall.to_string())))
            });
            writer.finish();
            done?.map_err(Failure::Failed)?;
        }
        Err(DataError::Held { path, .. }) => {
            control::ask(&path, &Ask::Refile { dry_run }, |row| teller.take(row))
                .map_err(data::no_answer(&path))?
                .map_err(Failure::Failed)?;
        }
        Err(error) => return Err(error.into()),
    }
    teller.bar.finish_and_clear();
    teller.printed.map_err(Failure::io("the table could not be printed"))
}

/// Prints what is told, as it comes.
struct Teller {
    json: bool,
    dry_run: bool,
    bar: ProgressBar,
    /// A row for each feed that changes.
    labels: Vec<Value>,
    printed: io::Result<()>,
}

impl Teller {
    fn take(&mut self, row: Value) {
        if row["progress"].is_string() {
            self.bar.set_length(row["of"].as_u64().unwrap_or_default());
            self.bar.set_position(row["done"].as_u64().unwrap_or_default());
            return;
        }
        if self.json {
            self.print(|out| writeln!(out, "{row}"));
        }
        if row["label"].is_string() {
            self.labels.push(row);
        } else if let (Some(changed), false) = (row["changed"].as_u64(), self.json) {
            self.outlook(changed, &row);
        } else if let (Some(written), false) = (row["written"].as_u64(), self.json) {
            self.bar.suspend(|| eprintln!("{written} were filed again"));
        }
    }

    /// What becomes of each feed, and of all of them.
    fn outlook(&mut self, changed: u64, row: &Value) {
        let text = |row: &Value, key: &str| row[key].as_str().map_or_else(|| row[key].to_string().replace("null", ""), str::to_owned);
        let cells = |row: &Value| ["label", "before", "enter", "leave", "after", "warning"].iter().map(|key| text(row, key)).collect();
        let cells: Vec<Vec<String>> = self.labels.iter().map(cells).collect();
        if !cells.is_empty() {
            self.print(|out| table::print(out, &["feed", "stories", "enter", "leave", "then", ""], &cells));
        }
        let warned = self.labels.iter().filter(|row| row["warning"].is_string()).count();
        let (stories, moved) = (&row["stories"], &row["moved"]);
        let nothing = if self.dry_run { "; nothing was written" } else { "" };
        let warning = match warned {
            0 => String::new(),
            1 => "; look at the feed with a warning".to_owned(),
            warned => format!("; look at the {warned} feeds with a warning"),
        };
        self.bar.suspend(|| {
            eprintln!("{changed} of {stories} stories are filed in another way today, {moved} of them in other feeds{warning}{nothing}");
        });
    }

    /// A reader that has seen enough does not keep the work from being done.
    fn print(&mut self, print: impl FnOnce(&mut io::StdoutLock<'static>) -> io::Result<()>) {
        if self.printed.is_ok() {
            self.printed = self.bar.suspend(|| print(&mut io::stdout().lock()));
        }
    }
}

//! `tributary pull`.

use std::{
    io::{self, Write},
    sync::Arc,
};

use serde_json::Value;

use super::{Common, Failure, data, log, progress, runtime, table};
use crate::{
    apply::Writer,
    daemon::{
        self,
        control::{self, Ask},
        data::{DataError, DataFolder},
    },
    schedule::{self, Register, Schedule},
};

/// Pulls the named sources once, or all, and prints what was new.
pub fn pull(common: &Common, ids: &[String], json: bool) -> Result<(), Failure> {
    let config = common.load(&[])?;
    log::start(common.log, "warn");
    let wanted = daemon::wanted_sources(&config, ids).map_err(Failure::Misuse)?;
    let count = if wanted.is_empty() { config.sources.iter().filter(|source| source.enabled).count() } else { wanted.len() };
    let bar = progress::bar(count as u64);
    let mut rows: Vec<Value> = Vec::new();
    let mut failures: Vec<String> = Vec::new();
    match DataFolder::hold(&config.settings.daemon.data) {
        Ok(folder) => {
            daemon::need_contact(&config)?;
            let opened = folder.open(&config.settings.daemon.instance, daemon::wall_clock()(), |_, _| {})?;
            if let Some(why) = opened.read_only {
                return Err(Failure::Failed(why));
            }
            let register = Register::new(opened.store.states().map_err(DataError::from)?);
            let (desk, writer) = Writer::start(opened.journal, opened.store, daemon::wall_clock(), |_| {})
                .map_err(Failure::io("the system gave no thread"))?;
            let schedule = Schedule {
                setup: daemon::setup(&config, daemon::kit(&config)?),
                register,
                desk,
                clock: daemon::wall_clock(),
                tell: Arc::new(|_| {}),
            };
            runtime()?.block_on(schedule::once(schedule, &wanted, |told| {
                bar.inc(1);
                match told {
                    Ok(outcome) => rows.push(daemon::outcome_row(&outcome)),
                    Err(why) => failures.push(why),
                }
            }));
            writer.finish();
        }
        Err(DataError::Held { path, .. }) => {
            let asked = control::ask(&path, &Ask::Pull { ids: ids.to_vec() }, |row| {
                bar.inc(1);
                rows.push(row);
            });
            asked.map_err(data::no_answer(&path))?.map_err(Failure::Failed)?;
        }
        Err(error) => return Err(error.into()),
    }
    bar.finish_and_clear();
    rows.sort_by_key(|row| text(row, "source"));
    tell(&rows, json).map_err(Failure::io("the table could not be printed"))?;
    failures.dedup();
    if !rows.is_empty() && rows.iter().all(|row| row["trouble"].is_string()) {
        failures.push("no source could be pulled".to_owned());
    }
    if failures.is_empty() { Ok(()) } else { Err(Failure::Failed(failures.join("; "))) }
}

fn text(row: &Value, key: &str) -> String {
    match &row[key] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn tell(rows: &[Value], json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        return rows.iter().try_for_each(|row| writeln!(out, "{row}"));
    }
    let said = |row: &Value| match (&row["trouble"], &row["unchanged"]) {
        (Value::String(trouble), _) => trouble.clone(),
        (_, Value::Bool(true)) => "unchanged".to_owned(),
        _ => String::new(),
    };
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            ["source", "items", "new", "joined", "revised", "withdrawn"].iter().map(|key| text(row, key)).chain([said(row)]).collect()
        })
        .collect();
    table::print(&mut out, &["source", "items", "new", "joined", "revised", "withdrawn", ""], &cells)
}

//! Commands that ask what is kept: `print`, `verify`, `rebuild`; and how any command asks.
//!
//! Each asks the daemon that holds the data folder, or opens the folder when none does.

use std::{
    io::{self, Write},
    path::Path,
};

use serde_json::Value;

use super::{Common, Failure, log, progress, runtime};
use crate::{
    config::Config,
    daemon::{
        self,
        control::{self, Ask},
        data::{DataError, DataFolder, Opened},
    },
    model::Second,
    serve::{App, Format},
    verify,
};

/// A daemon holds the folder, and its socket does not answer.
pub fn no_answer(data: &Path) -> impl FnOnce(io::Error) -> Failure {
    Failure::io(format!("a daemon holds {}, but {} does not answer", data.display(), control::socket_path(data).display()))
}

/// The folder when it is free; otherwise the rows that its daemon tells.
pub enum Held {
    /// Nobody holds it but this command.
    Free(DataFolder),
    /// What the daemon told.
    Told(Vec<Value>),
}

/// Asks the daemon that holds the data folder, or takes hold of the folder when none does.
pub fn ask(config: &Config, question: &Ask) -> Result<Held, Failure> {
    match DataFolder::hold(&config.settings.daemon.data) {
        Ok(folder) => Ok(Held::Free(folder)),
        Err(DataError::Held { path, .. }) => {
            let mut rows = Vec::new();
            let answered = control::ask(&path, question, |row| rows.push(row)).map_err(no_answer(&path))?;
            // What was told before it failed says why.
            if let (Err(why), true) = (&answered, rows.is_empty()) {
                return Err(Failure::Failed(why.clone()));
            }
            Ok(Held::Told(rows))
        }
        Err(error) => Err(error.into()),
    }
}

/// Opens journal and view of a folder.
pub fn open(config: &Config, folder: &DataFolder) -> Result<Opened, Failure> {
    Ok(folder.open(&config.settings.daemon.instance, now(), |_, _| {})?)
}

/// The present.
pub fn now() -> Second {
    daemon::wall_clock()()
}

/// The path and query of a feed. What was asked is a filter, or an address, which has a format of its own perhaps.
pub fn address(asked: &str, format: Option<Format>) -> String {
    let is_address = ["feed", "editor", "/"].iter().any(|begin| asked.starts_with(begin));
    let (path, query) = if is_address { asked.split_once('?').unwrap_or((asked, "")) } else { ("feed", asked) };
    let path = path.trim_matches('/');
    let (path, own) = Format::of(path).unwrap_or((path, Format::Page));
    let format = format.or(Some(own).filter(|own| *own != Format::Page)).unwrap_or(Format::Atom);
    format!("{path}{}{}{query}", format.extension(), if query.is_empty() { "" } else { "?" })
}

/// Prints one feed, as it would be served.
pub fn print(common: &Common, filter: &str, format: Option<Format>) -> Result<(), Failure> {
    let config = common.load(&[])?;
    log::start(common.log, "error");
    let path = address(filter, format);
    let document = match ask(&config, &Ask::Print { path: path.clone() })? {
        Held::Told(rows) => rows.first().and_then(Value::as_str).unwrap_or_default().to_owned(),
        Held::Free(folder) => {
            let opened = open(&config, &folder)?;
            let kit = daemon::kit(&config)?;
            let states = opened.store.states().map_err(DataError::from)?;
            let publishing = daemon::publishing(&config, kit.classifier, opened.journal.genesis(), &states);
            let app = App::new(opened.store, publishing, &daemon::limits(&config), daemon::wall_clock());
            app.read_words_for(&path).map_err(Failure::Misuse)?;
            runtime()?.block_on(app.print(&path)).map_err(Failure::Misuse)?
        }
    };
    io::stdout().lock().write_all(document.as_bytes()).map_err(Failure::io("the feed could not be printed"))
}

/// Checks journal and store; with `repair`, writes what the journal has lost back from the store.
pub fn verify(common: &Common, repair: bool) -> Result<(), Failure> {
    let config = common.load(&[])?;
    log::start(common.log, "warn");
    let rows = match ask(&config, &Ask::Verify)? {
        Held::Told(_) if repair => return Err(Failure::Failed("a daemon holds the data folder; stop it, then repair".to_owned())),
        Held::Told(rows) => rows,
        Held::Free(folder) => {
            let mut opened = open(&config, &folder)?;
            if repair {
                mend(&mut opened)?;
            }
            verify::verify(&opened.store, &opened.journal).map_err(DataError::from)?.rows()
        }
    };
    let mut out = io::stdout().lock();
    rows.iter().try_for_each(|row| writeln!(out, "{row}")).map_err(Failure::io("the report could not be printed"))?;
    let is_whole = rows.iter().all(|row| row["problems"].as_array().is_none_or(Vec::is_empty));
    let agrees = rows.first().map(|row| &row["last"]) == rows.get(1).map(|row| &row["applied"]);
    if is_whole && agrees {
        Ok(())
    } else {
        Err(Failure::Failed("journal and store do not agree; `tributary verify --repair` mends what can be mended".to_owned()))
    }
}

/// Writes the whole store as a new beginning of the journal, when the journal has lost something.
fn mend(opened: &mut Opened) -> Result<(), Failure> {
    let Some(why) = &opened.read_only else {
        eprintln!("nothing to repair");
        return Ok(());
    };
    eprintln!("{why}");
    // All of them can be read before the first is written: half a store must not become the truth.
    let mut count = 0;
    for story in opened.store.stories() {
        story.map_err(DataError::from)?;
        count += 1;
    }
    let rest = opened.store.rest().map_err(DataError::from)?;
    let first = opened.journal.bounds().last;
    let stories = opened.store.stories().filter_map(Result::ok);
    let aside = opened.journal.write_snapshot(stories, rest, opened.store.applied(), now()).map_err(DataError::from)?;
    // The view takes the new records in as it takes any.
    for record in opened.journal.read_from(first.max(opened.store.applied()) + 1) {
        opened.store.apply(&record.map_err(DataError::from)?).map_err(DataError::from)?;
    }
    opened.store.flush().map_err(DataError::from)?;
    eprintln!("{count} stories were written as a new beginning of the journal; the old segments are kept in {}", aside.display());
    Ok(())
}

/// Sets the store aside and builds it anew from the journal.
pub fn rebuild(common: &Common) -> Result<(), Failure> {
    let config = common.load(&[])?;
    log::start(common.log, "warn");
    let folder = DataFolder::hold(&config.settings.daemon.data)?;
    let (journal, notices) = folder.journal(&config.settings.daemon.instance, now()).map_err(DataError::from)?;
    for notice in notices {
        eprintln!("{notice}");
    }
    drop(folder.fresh_view(&journal)?);
    drop(journal);
    let bar = progress::bar(0);
    let opened = folder.open(&config.settings.daemon.instance, now(), |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    let counts = opened.store.counts();
    println!("{} stories from {} records", counts.total, opened.store.applied());
    Ok(())
}

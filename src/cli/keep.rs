//! `export`, `import`, `compact`, `prune`, `erase` and `backup`: the upkeep of what is kept.
//!
//! Each asks the daemon that holds the data folder, or does it by itself when none does; a backup asks nobody.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::Value;
use tokio::{runtime::Runtime, sync::mpsc};

use super::{Common, Failure, data, log, runtime, story::Reasoned, table};
use crate::{
    apply::Writer,
    config::Config,
    daemon::{
        self, Brought, Chore, Upkeep,
        control::{self, Ask},
        data::{DataError, DataFolder, Opened},
    },
    journal,
    serve::{App, Format},
};

/// Stories that are brought in at once.
const AT_ONCE: usize = 64;
/// Bytes of lines that are brought in at once, and of a single line; a question holds them with what is around them.
const BYTES: usize = (control::LONGEST_ASK as usize) / 4;

/// What is exported, and where to.
#[derive(Debug, Args)]
pub struct Export {
    /// Which stories: `topic=youth&country=gt`, or an address such as `feed/topic/youth.atom`; all of them when nothing is said
    #[arg(default_value = "")]
    filter: String,
    /// A file to write, which appears when it is complete [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Whoever does the upkeep: the daemon that holds the data folder, or this command.
enum Doer {
    Daemon(PathBuf),
    Ourselves(Box<Alone>),
}

/// All that is needed to do it without a daemon.
struct Alone {
    runtime: Runtime,
    upkeep: Upkeep,
    writer: Writer,
    _folder: DataFolder,
}

impl Doer {
    /// With `writes` false, a journal that has lost something is no hindrance: what is left can be told.
    fn of(config: &Config, writes: bool) -> Result<Self, Failure> {
        let folder = match DataFolder::hold(&config.settings.daemon.data) {
            Ok(folder) => folder,
            Err(DataError::Held { path, .. }) => return Ok(Self::Daemon(path)),
            Err(error) => return Err(error.into()),
        };
        let Opened { journal, store, read_only, .. } = data::open(config, &folder)?;
        if let Some(why) = read_only.filter(|_| writes) {
            return Err(Failure::Failed(why));
        }
        let (kit, clock) = (daemon::kit(config)?, daemon::wall_clock());
        let states = store.states().map_err(DataError::from)?;
        let publishing = daemon::publishing(config, kit.classifier, journal.genesis(), &states);
        let app = App::new(store.clone(), publishing, &daemon::limits(config), clock.clone());
        let (desk, writer) =
            Writer::start(journal, store.clone(), clock.clone(), |_| {}).map_err(Failure::io("the system gave no thread"))?;
        let upkeep = Upkeep { app, store, desk, keeping: daemon::keeping(config), clock };
        Ok(Self::Ourselves(Box::new(Alone { runtime: runtime()?, upkeep, writer, _folder: folder })))
    }

    /// Has a chore done; `row` is handed each row as it comes.
    fn have(&self, chore: Chore, mut row: impl FnMut(Value)) -> Result<(), Failure> {
        let done = match self {
            Self::Daemon(path) => control::ask(path, &Ask::Keep { chore }, row).map_err(data::no_answer(path))?,
            Self::Ourselves(alone) => alone.runtime.block_on(async {
                let (rows, mut told) = mpsc::channel(64);
                let work = tokio::spawn(alone.upkeep.clone().go(chore, rows));
                while let Some(told) = told.recv().await {
                    row(told);
                }
                work.await.unwrap_or_else(|fall| Err(fall.to_string()))
            }),
        };
        done.map_err(Failure::Failed)
    }

    fn finish(self) {
        if let Self::Ourselves(alone) = self {
            let Alone { upkeep, writer, .. } = *alone;
            drop(upkeep);
            writer.finish();
        }
    }
}

/// Has one chore done, and gives all that was told.
fn done(common: &Common, chore: Chore) -> Result<Vec<Value>, Failure> {
    let config = common.load(&[])?;
    log::start(common.log, "warn");
    let doer = Doer::of(&config, chore.writes())?;
    let mut rows = Vec::new();
    let done = doer.have(chore, |row| rows.push(row));
    doer.finish();
    done.map(|()| rows)
}

/// Prints stories, a line each.
pub fn export(common: &Common, asked: Export) -> Result<(), Failure> {
    let Export { filter, out } = asked;
    let config = common.load(&[])?;
    log::start(common.log, "warn");
    let doer = Doer::of(&config, false)?;
    let path = if filter.is_empty() { String::new() } else { data::address(&filter, Some(Format::Atom)) };
    if let Doer::Ourselves(alone) = &doer
        && !path.is_empty()
    {
        alone.upkeep.app.read_words_for(&path).map_err(Failure::Failed)?;
    }
    let partial = out.as_ref().map(|path| path.with_extension("partial"));
    let told = partial
        .as_ref()
        .map_or_else(|| "the stories could not be printed".to_owned(), |path| format!("{} can not be written", path.display()));
    let mut sink: Box<dyn Write> = match &partial {
        Some(path) => Box::new(File::create(path).map_err(Failure::io(told.clone()))?),
        None => Box::new(io::stdout().lock()),
    };
    let (mut out_of, mut written, mut count) = (BufWriter::new(&mut sink), Ok(()), 0u64);
    let done = doer.have(Chore::Export { path }, |row| {
        if written.is_ok() {
            written = writeln!(out_of, "{}", row.as_str().unwrap_or_default());
            count += 1;
        }
    });
    written = written.and_then(|()| out_of.flush());
    drop(out_of);
    doer.finish();
    written.map_err(Failure::io(told.clone()))?;
    done?;
    if let (Some(partial), Some(path)) = (partial, out) {
        let kept = File::open(&partial).and_then(|file| file.sync_all()).and_then(|()| fs::rename(&partial, &path));
        kept.map_err(Failure::io(told))?;
        eprintln!("{count} stories were written to {}", path.display());
    }
    Ok(())
}

/// What became of a file that was brought in.
#[derive(Default)]
struct Told {
    sums: [u64; 5],
    bad: u64,
}

impl Told {
    const NAMES: [&str; 5] = ["new", "known", "parted", "moved", "renamed"];

    fn take(&mut self, row: &Value) {
        if let Some(problem) = row["problem"].as_str() {
            self.bad(row["line"].as_u64().unwrap_or_default(), problem);
            return;
        }
        for (sum, name) in self.sums.iter_mut().zip(Self::NAMES) {
            *sum += row[name].as_u64().unwrap_or_default();
        }
    }

    fn bad(&mut self, line: u64, problem: &str) {
        eprintln!("line {line}: {problem}");
        self.bad += 1;
    }
}

/// Brings the stories of an export in.
pub fn import(common: &Common, file: &Path, json: bool) -> Result<(), Failure> {
    let config = common.load(&[])?;
    log::start(common.log, "warn");
    let reader: Box<dyn BufRead> = if file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(file).map_err(Failure::io(format!("{} can not be read", file.display())))?))
    };
    let doer = Doer::of(&config, true)?;
    let mut told = Told::default();
    let brought = bring(reader, &doer, &mut told);
    doer.finish();
    brought?;
    let [new, known, parted, moved, renamed] = told.sums;
    if json {
        let row = serde_json::json!({ "new": new, "known": known, "parted": parted, "moved": moved, "renamed": renamed, "bad": told.bad });
        println!("{row}");
    } else {
        println!("stories that came in: {new}; that were here: {known}; that could not be read: {}", told.bad);
        let told = [
            (parted, "left copies behind that are told here by others"),
            (moved, "entries stand in another place"),
            (renamed, "entries have another id"),
        ];
        told.iter().filter(|(count, _)| *count > 0).for_each(|(count, what)| println!("{count} {what}"));
    }
    if told.bad > 0 { Err(Failure::Failed(format!("{} lines could not be read; everything else is in", told.bad))) } else { Ok(()) }
}

/// Hands lines over, a few at a time.
fn bring(mut reader: impl BufRead, doer: &Doer, told: &mut Told) -> Result<(), Failure> {
    let (mut stories, mut bytes, mut number) = (Vec::new(), 0, 0);
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = reader.read_until(b'\n', &mut line).map_err(Failure::io("the file can not be read"))?;
        number += 1;
        let is_full = stories.len() == AT_ONCE || bytes + length > BYTES;
        if !stories.is_empty() && (length == 0 || is_full) {
            doer.have(Chore::Import { stories: std::mem::take(&mut stories) }, |row| told.take(&row))?;
            bytes = 0;
        }
        if length == 0 {
            return Ok(());
        }
        if length > BYTES {
            told.bad(number, &format!("is longer than {BYTES} bytes"));
        } else if !line.trim_ascii().is_empty() {
            match serde_json::from_slice(&line) {
                Ok(story) => stories.push(Brought { line: number, story }),
                Err(error) => told.bad(number, &format!("is no JSON: {error}")),
            }
            bytes += length;
        }
    }
}

/// Writes the journal anew, as short as it can be.
pub fn compact(common: &Common) -> Result<(), Failure> {
    let rows = done(common, Chore::Compact)?;
    for row in &rows {
        println!(
            "{} stories in {} bytes; {} segments of {} bytes were removed",
            row["stories"], row["bytes"], row["segments"], row["removed"]
        );
    }
    Ok(())
}

/// Lets stories go that are to be kept no longer, or says which those are.
pub fn prune(common: &Common, dry_run: bool, json: bool) -> Result<(), Failure> {
    let rows = done(common, Chore::Prune { dry_run })?;
    let mut out = io::stdout().lock();
    if json {
        return rows.iter().try_for_each(|row| writeln!(out, "{row}")).map_err(Failure::io("the rows could not be printed"));
    }
    let text = |row: &Value, key: &str| row[key].as_str().map_or_else(|| row[key].to_string(), str::to_owned);
    let cells: Vec<Vec<String>> = rows
        .iter()
        .filter(|row| row["month"].is_string())
        .map(|row| ["source", "month", "stories"].iter().map(|key| text(row, key)).collect())
        .collect();
    if !cells.is_empty() {
        table::print(&mut out, &["source", "month", "stories"], &cells).map_err(Failure::io("the table could not be printed"))?;
    }
    for row in rows.iter().filter(|row| row["overdue"].is_u64()) {
        if row["keeps_all"] == true {
            eprintln!("nothing goes: neither [keep] in tributary.toml nor a source says that anything should");
        } else if dry_run {
            eprintln!("{} stories would go; nothing was written", row["overdue"]);
        } else {
            eprintln!("{} stories are kept no longer; `tributary compact` takes their words out of the journal", row["pruned"]);
        }
    }
    Ok(())
}

/// Takes the words of a story out of all that is kept.
pub fn erase(common: &Common, story: String, words: Reasoned, json: bool) -> Result<(), Failure> {
    let rows = done(common, Chore::Erase { story, words: words.into() })?;
    for row in &rows {
        if json {
            println!("{row}");
        } else if let Some(left) = row["left"].as_str() {
            eprintln!("{left} was set aside by a repair and may still hold it; remove it when you need it no more");
        } else {
            println!(
                "story {}: its words were taken out of {} stories and {} lines of the journal",
                row["story"].as_str().unwrap_or_default(),
                row["stories"],
                row["lines"]
            );
            eprintln!("exports, backups and copies that were made before hold it still: those are yours to erase");
        }
    }
    Ok(())
}

/// Copies the journal, whoever writes to it meanwhile.
pub fn backup(common: &Common, dir: &Path) -> Result<(), Failure> {
    let config = common.load(&[])?;
    log::start(common.log, "warn");
    let report = journal::back_up(&config.settings.daemon.data.join("journal"), &dir.join("journal")).map_err(DataError::from)?;
    for (file, problem) in &report.problems {
        eprintln!("{}: {problem}", file.display());
    }
    if !report.problems.is_empty() {
        return Err(Failure::Failed(format!(
            "{} holds what could be read, and is not whole; `tributary verify` says what is wrong",
            dir.display()
        )));
    }
    println!(
        "{} records in {} segments, {} bytes, were copied to {} and read back",
        report.records,
        report.segments,
        report.bytes,
        dir.display()
    );
    Ok(())
}

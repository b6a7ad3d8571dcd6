//! The command line: data on stdout, talk on stderr; exit 0 done, 1 failed, 2 misuse.
//!
//! Where a daemon holds the data folder, commands ask it through its socket; where none does, they
//! open the folder themselves. Deliberately absent: anything that a command knows how to do and
//! the daemon does not.

mod check;
mod data;
mod dedup;
pub mod demo;
mod discover;
mod eval;
mod explain;
mod groups;
mod health;
mod keep;
mod lines;
mod log;
mod manual;
mod opml;
mod parse;
mod progress;
mod pull;
mod refile;
mod run;
mod shelf;
mod sources;
mod story;
mod table;

use std::{io, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::{
    config::{self, Config, Mistakes},
    serve::Format,
    text,
};

/// Gather feeds, sort them by topic and country, and publish the merge
#[derive(Debug, Parser)]
#[command(name = "tributary", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Line {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Args)]
struct Common {
    /// Directory that holds the configuration [default: config, where there is one]
    #[arg(short, long, value_name = "DIR", env = "TRIBUTARY_CONFIG", global = true)]
    config: Option<PathBuf>,
    /// Folder that holds journal and store [default: data]
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
    /// Mail or web address that publishers can write to
    #[arg(long, value_name = "ADDRESS", global = true)]
    contact: Option<String>,
    /// How to log; `auto` is compact on a terminal and JSON elsewhere
    #[arg(long, value_name = "FORM", default_value = "auto", env = "TRIBUTARY_LOG", global = true)]
    log: LogForm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogForm {
    Auto,
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FeedFormat {
    Atom,
    Rss,
    Json,
}

impl From<FeedFormat> for Format {
    fn from(format: FeedFormat) -> Self {
        match format {
            FeedFormat::Atom => Self::Atom,
            FeedFormat::Rss => Self::Rss,
            FeedFormat::Json => Self::Json,
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Pull on schedule and serve feeds until stopped
    Run {
        /// Address and port to listen at [default: 127.0.0.1:8080]
        #[arg(long, value_name = "ADDRESS")]
        listen: Option<String>,
        /// Serve what is kept and pull nothing
        #[arg(long)]
        read_only: bool,
    },
    /// Pull once, report what was new, and exit
    Pull {
        /// Sources to pull; all that are switched on when none is given
        ids: Vec<String>,
        /// Print one JSON object a source
        #[arg(long)]
        json: bool,
    },
    /// Show a small world of sample publishers on loopback; needs no network and no configuration
    Demo {
        /// Address and port to listen at
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
        listen: std::net::SocketAddr,
        /// Stop after the last sample item has arrived
        #[arg(long)]
        once: bool,
    },
    /// Read the configuration, report every mistake, and exit
    Check {
        /// Ask each source once whether its address works
        #[arg(long)]
        online: bool,
    },
    /// Find the feeds behind a page, or propose how to read the page itself, as a block for sources.toml
    Discover {
        /// The address of a page, or of a feed
        #[arg(value_name = "URL")]
        address: String,
        /// Add the block to sources.toml in the configuration directory
        #[arg(long)]
        write: bool,
        /// Print one JSON object a line: the page, each feed, each item, the block
        #[arg(long)]
        json: bool,
        /// The page may be at a private or loopback address
        #[arg(long)]
        allow_private: bool,
    },
    /// Print one merged feed, as it would be served
    Print {
        /// What to hold: `topic=youth&country=gt&lang=es`, or an address such as `feed/topic/youth.atom`
        #[arg(default_value = "")]
        filter: String,
        /// In which format [default: the one that the address has, else atom]
        #[arg(long, value_enum)]
        format: Option<FeedFormat>,
    },
    /// Read feeds and print one JSON object an item
    Parse(parse::Parse),
    /// File items: read one JSON object a line, print it with its labels
    Classify(lines::Classify),
    /// Score how items are filed against labels that people set
    Eval(eval::Eval),
    /// Say which items tell one story: read one JSON object a line, print it with its story, edition and why
    Dedup(dedup::Dedup),
    /// Exchange lists of subscriptions with news readers
    Opml {
        #[command(subcommand)]
        command: OpmlCommand,
    },
    /// Show how each source is, the worst first; or all that is known of one
    Sources {
        /// A source, to be shown with its history
        id: Option<String>,
        /// Print one JSON object a source
        #[arg(long, global = true)]
        json: bool,
        #[command(subcommand)]
        act: Option<SourcesCommand>,
    },
    /// Show all that is known of a story; hide, release, relabel, split or join it
    Story(story::Story),
    /// File what is kept again, by the topics of today; say before what that does to each feed
    Refile {
        /// Say what it would do, and write nothing
        #[arg(long)]
        dry_run: bool,
        /// Print one JSON object for each feed that changes, and for the whole
        #[arg(long)]
        json: bool,
    },
    /// Print stories with all that is known of them, one JSON object a line
    Export(keep::Export),
    /// Bring the stories of an export in; what is here already stays as it is
    Import {
        /// An export, or - for standard input
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write the journal anew, as short as it can be
    Compact,
    /// Let go what [keep] says is to be kept no longer, as the daemon does once a day
    Prune {
        /// Say what would go, and write nothing
        #[arg(long)]
        dry_run: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take the words of a story out of all that is kept, for good
    Erase {
        /// A story: its id, the id of one of its entries, or the link of a copy
        #[arg(value_name = "ID|URL")]
        story: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        words: story::Reasoned,
    },
    /// Copy the journal into an empty folder, also while a daemon writes to it, and read the copy
    Backup {
        /// The folder; it can be used as a data folder
        dir: PathBuf,
    },
    /// Check that journal and store are whole and agree
    Verify {
        /// Write what the journal has lost back from the store
        #[arg(long)]
        repair: bool,
    },
    /// Set the store aside and build it anew from the journal
    Rebuild,
    /// Ask the daemon whether it is ready: for a container's health check
    Health,
    /// Tell of the configuration
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Print the script by which a shell completes this command line
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man {
        /// Write it into this folder instead, and one page for each command
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
enum SourcesCommand {
    /// Take back all copies of a source; a story goes when its last copy goes
    Withdraw {
        /// A source; it need not be configured any more
        id: String,
        #[command(flatten)]
        words: story::Reasoned,
    },
    /// Show as news what was filed in the archive because it was too much at once: at the last time, or at the one of --at
    Release {
        /// A source; it need not be configured any more
        id: String,
        /// When it was filed: `tributary story ID --json` tells it as `verdict.at`
        #[arg(long, value_name = "TIME")]
        at: Option<String>,
        #[command(flatten)]
        words: story::Spoken,
    },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print the JSON Schema of a file, for editors that complete and check while one types
    Schema {
        /// Which file
        #[arg(default_value = "tributary")]
        file: SchemaOf,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SchemaOf {
    Tributary,
    Sources,
    Topics,
    Feeds,
}

impl From<SchemaOf> for config::schema::File {
    fn from(file: SchemaOf) -> Self {
        match file {
            SchemaOf::Tributary => Self::Tributary,
            SchemaOf::Sources => Self::Sources,
            SchemaOf::Topics => Self::Topics,
            SchemaOf::Feeds => Self::Feeds,
        }
    }
}

#[derive(Debug, Subcommand)]
enum OpmlCommand {
    /// Print the feeds of a list as blocks for sources.toml; say which are skipped, and why
    Import {
        /// An OPML file, or - for standard input
        file: PathBuf,
        /// Add the blocks to sources.toml in the configuration directory
        #[arg(long)]
        write: bool,
    },
    /// Print the sources as an OPML list
    Export {
        /// Also those that are switched off
        #[arg(long)]
        all: bool,
    },
}

/// Why a command failed. The text is all that is printed.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration has mistakes.
    #[error(transparent)]
    Mistakes(#[from] Mistakes),
    /// The daemon did not start, or ended.
    #[error(transparent)]
    Daemon(#[from] crate::daemon::DaemonError),
    /// The data folder can not be used.
    #[error(transparent)]
    Data(#[from] crate::daemon::data::DataError),
    /// Sources could not be added.
    #[error(transparent)]
    Append(#[from] config::AppendError),
    /// A file or stream failed.
    #[error("{what}")]
    Io {
        /// What was tried.
        what: String,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The command was misused.
    #[error("{0}")]
    Misuse(String),
    /// It ran, and the answer is no.
    #[error("{0}")]
    Failed(String),
}

impl Failure {
    fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |cause| Self::Io { what, cause }
    }

    /// 1 when something failed, 2 when something was asked wrongly.
    fn code(&self) -> u8 {
        match self {
            Self::Misuse(_) | Self::Mistakes(_) | Self::Daemon(crate::daemon::DaemonError::NoContact) => 2,
            _ => 1,
        }
    }
}

/// Reads the command line and does what it says.
pub fn main() -> ExitCode {
    let line = Line::parse();
    match line.command.go(&line.common) {
        Ok(()) => ExitCode::SUCCESS,
        // A reader such as `head` that has seen enough is no failure.
        Err(Failure::Io { cause, .. }) if cause.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("tributary: {}", text::chain(&failure));
            ExitCode::from(failure.code())
        }
    }
}

impl Command {
    fn go(self, common: &Common) -> Result<(), Failure> {
        match self {
            Self::Run { listen, read_only } => run::run(common, listen, read_only),
            Self::Pull { ids, json } => pull::pull(common, &ids, json),
            Self::Demo { listen, once } => demo::demo(common.log, listen, once),
            Self::Check { online } => check::check(common, online),
            Self::Discover { address, write, json, allow_private } => {
                discover::discover(common, &address, discover::Wishes { write, json, allow_private })
            }
            Self::Print { filter, format } => data::print(common, &filter, format.map(Format::from)),
            Self::Parse(asked) => parse::parse(&asked),
            Self::Classify(asked) => lines::classify(common, &asked),
            Self::Eval(asked) => eval::eval(common, &asked),
            Self::Dedup(asked) => dedup::dedup(common, &asked),
            Self::Opml { command: OpmlCommand::Import { file, write } } => opml::import(common, &file, write),
            Self::Opml { command: OpmlCommand::Export { all } } => opml::export(common, all),
            Self::Sources { act: Some(SourcesCommand::Withdraw { id, words }), json, .. } => story::withdraw(common, id, words, json),
            Self::Sources { act: Some(SourcesCommand::Release { id, at, words }), json, .. } => {
                story::release_flood(common, id, at, words, json)
            }
            Self::Sources { id, json, act: None } => sources::sources(common, id, json),
            Self::Story(asked) => story::story(common, asked),
            Self::Refile { dry_run, json } => refile::refile(common, dry_run, json),
            Self::Export(asked) => keep::export(common, asked),
            Self::Import { file, json } => keep::import(common, &file, json),
            Self::Compact => keep::compact(common),
            Self::Prune { dry_run, json } => keep::prune(common, dry_run, json),
            Self::Erase { story, json, words } => keep::erase(common, story, words, json),
            Self::Backup { dir } => keep::backup(common, &dir),
            Self::Verify { repair } => data::verify(common, repair),
            Self::Rebuild => data::rebuild(common),
            Self::Health => health::health(common),
            Self::Config { command: ConfigCommand::Schema { file } } => manual::schema(file.into()),
            Self::Completions { shell } => manual::completions(shell),
            Self::Man { out } => manual::man(out.as_deref()),
        }
    }
}

impl Common {
    /// The configuration: defaults, files, `TRIBUTARY__…` variables, flags.
    fn load(&self, more: &[(&'static str, Option<String>)]) -> Result<Config, Failure> {
        let flags: Vec<(String, String)> =
            self.flags().into_iter().chain(more.iter().cloned()).filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();
        let mut config = config::load(self.dir()?.as_deref(), std::env::vars(), &flags)?;
        // Regions are the gazetteer's, which the configuration does not know.
        let (_, regions) = crate::classify::names(&config.topics.regions);
        for feed in &config.feeds {
            let named = feed.filter.any.iter().flat_map(|about| about.regions.labels());
            for region in named.filter(|region| !regions.contains_key(region)) {
                let near = text::nearest(region.as_str(), regions.keys().map(AsRef::as_ref), 1);
                let hint = near.first().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
                config.notices.push(format!("feed `{}` names a region that there is not, `{region}`{hint}", feed.slug));
            }
        }
        Ok(config)
    }

    /// The directory that holds the configuration, when there is one.
    fn dir(&self) -> Result<Option<PathBuf>, Failure> {
        match &self.config {
            Some(dir) if !dir.is_dir() => Err(Failure::Misuse(format!("--config {}: there is no such directory", dir.display()))),
            Some(dir) => Ok(Some(dir.clone())),
            None => Ok(Some(PathBuf::from("config")).filter(|dir| dir.is_dir())),
        }
    }

    /// Where that is, or would be.
    fn folder(&self) -> PathBuf {
        self.config.clone().unwrap_or_else(|| PathBuf::from("config"))
    }

    fn flags(&self) -> [(&'static str, Option<String>); 2] {
        [("daemon.data", self.data.as_ref().map(|path| path.display().to_string())), ("daemon.contact", self.contact.clone())]
    }

    /// Adds `[[source]]` blocks to the operator's `sources.toml`, when it is right with them; gives its path.
    fn append_sources(&self, blocks: &str) -> Result<PathBuf, Failure> {
        let missing = "there is no directory that holds the configuration; make `config`, or name one with --config DIR";
        let dir = self.dir()?.ok_or_else(|| Failure::Misuse(missing.to_owned()))?;
        let flags: Vec<(String, String)> = self.flags().into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();
        Ok(config::append_sources(&dir, std::env::vars(), &flags, blocks)?)
    }
}

/// A runtime for commands that ask the network.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::io("the system gave no threads"))
}

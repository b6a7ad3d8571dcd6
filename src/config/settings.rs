//! `tributary.toml`: how the daemon runs.

use std::{
    net::{AddrParseError, SocketAddr},
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use url::Url;

use super::{
    Mistake, keep,
    picture::picture,
    reader::Reader,
    sources::{choice, private},
};
use crate::model::{Keep, Lang, Picture, Private, Proxy, Ranges, private::parse_range, timetable::parse_duration};

/// All of `tributary.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `[daemon]`.
    pub daemon: Daemon,
    /// `[serve]`.
    pub serve: Serve,
    /// `[websub]`.
    pub websub: WebSub,
    /// `[fetch]`.
    pub fetch: Fetch,
    /// `[keep]`: how much is kept of each source, and in all.
    pub keep: (Keep, Option<usize>),
    /// `[limits]`.
    pub limits: Limits,
    /// `[admin]`.
    pub admin: Admin,
}

/// `[admin]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// Address and port where deeds are asked for.
    pub listen: SocketAddr,
    /// The file that holds the token; none when it is in the environment, or nowhere.
    pub token_file: Option<PathBuf>,
}

/// `[limits]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the disk of the data folder that are to be left free.
    pub free: u64,
}

/// `[daemon]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Daemon {
    /// Folder that holds journal and store.
    pub data: PathBuf,
    /// Address that publishers can write to; empty when none was given.
    pub contact: String,
    /// Name of this installation; empty when one is to be drawn.
    pub instance: String,
    /// Log level or filter.
    pub log: String,
}

/// `[serve]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serve {
    /// Address and port to listen at.
    pub listen: SocketAddr,
    /// Where metrics are told.
    pub metrics: Exposure,
    /// The address that readers use.
    pub public: Option<Url>,
    /// Name of the site.
    pub title: String,
    /// A square picture that stands for the site; ours, when there is none.
    pub icon: Option<Picture>,
    /// A wide one.
    pub logo: Option<Picture>,
    /// Language of the words that feeds say themselves, where none is asked for.
    pub lang: Lang,
    /// Where readers tell that something is wrong with a story: a mail address, or the address of a form; empty for nowhere.
    pub feedback: String,
    /// Entries in a feed.
    pub limit: usize,
    /// Entries that a reader may ask for.
    pub max_limit: usize,
    /// Connections at once.
    pub connections: usize,
    /// Memory for finished feeds, in bytes.
    pub cache: usize,
    /// Answers that have to be made for one client, in a minute; 0 where that is not counted.
    pub misses_per_minute: u32,
    /// The proxies that say which client asks.
    pub trusted_proxies: Ranges,
}

/// Where metrics are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// Nowhere.
    Off,
    /// Where feeds are served, to everybody who comes there.
    Here,
    /// At an address of their own.
    At(SocketAddr),
}

impl FromStr for Exposure {
    type Err = AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "" => Ok(Self::Off),
            "here" => Ok(Self::Here),
            address => address.parse().map(Self::At),
        }
    }
}

/// `[websub]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebSub {
    /// Who tells readers when feeds change.
    pub hub: Hub,
    /// Whether hubs of publishers are asked to tell us.
    pub subscribe: bool,
    /// Readers that the built-in hub tells at most.
    pub most: usize,
    /// Which addresses of readers may be private.
    pub allow_private: Private,
}

/// Who tells readers when feeds change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hub {
    /// Nobody.
    Off,
    /// We do.
    BuiltIn,
    /// Another, whom we tell.
    At(Url),
}

impl FromStr for Hub {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "off" => Ok(Self::Off),
            "built-in" => Ok(Self::BuiltIn),
            address => match Url::parse(address) {
                Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() && url.fragment().is_none() => Ok(Self::At(url)),
                _ => Err(format!(
                    "`{address}` is neither \"built-in\", nor \"off\", nor an address such as https://pubsubhubbub.appspot.com/"
                )),
            },
        }
    }
}

/// `[fetch]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch {
    /// Sources looked at at once.
    pub at_once: usize,
    /// Requests to one host at once.
    pub per_host: usize,
    /// A connection has to be there within this.
    pub connect_timeout: Duration,
    /// The headers of an answer have to be there within this, once there is a connection.
    pub header_timeout: Duration,
    /// The next piece of an answer has to be there within this.
    pub idle_timeout: Duration,
    /// A whole answer has to be there within this.
    pub timeout: Duration,
    /// Ports that redirects and links may lead to.
    pub ports: Vec<u16>,
    /// What publishers are asked through.
    pub proxy: Option<Proxy>,
    /// Files of authorities that are trusted beside the system's.
    pub extra_ca: Vec<PathBuf>,
    /// Longest body after decoding, in bytes.
    pub longest_body: usize,
}

impl Default for Settings {
    /// What holds before any file is read; the built-in file says the same, and a test compares them.
    fn default() -> Self {
        Self {
            daemon: Daemon { data: "data".into(), contact: String::new(), instance: String::new(), log: "info".into() },
            serve: Serve {
                listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
                metrics: Exposure::Off,
                public: None,
                title: "Tributary".into(),
                icon: None,
                logo: None,
                lang: Lang::EN,
                feedback: String::new(),
                limit: 50,
                max_limit: 200,
                connections: 1024,
                cache: 64 << 20,
                misses_per_minute: 120,
                trusted_proxies: Ranges::default(),
            },
            websub: WebSub { hub: Hub::BuiltIn, subscribe: false, most: 2_000, allow_private: Private::Refused },
            fetch: Fetch {
                at_once: 32,
                per_host: 2,
                connect_timeout: Duration::from_secs(5),
                header_timeout: Duration::from_secs(20),
                idle_timeout: Duration::from_secs(15),
                timeout: Duration::from_secs(60),
                ports: vec![80, 443, 8080, 8443],
                proxy: None,
                extra_ca: Vec::new(),
                longest_body: 8 << 20,
            },
            keep: Default::default(),
            limits: Limits { free: 64 << 20 },
            admin: Admin { listen: SocketAddr::from(([127, 0, 0, 1], 8081)), token_file: None },
        }
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

impl Settings {
    /// Takes what a file says; files that it names stand below a folder.
    pub(super) fn read(&mut self, reader: &mut Reader<'_>, dir: Option<&Path>) {
        let size = |value: Option<i64>| value.and_then(|value| usize::try_from(value).ok());
        let mut root = reader.root();
        root.table("daemon", |table| {
            let daemon = &mut self.daemon;
            set(&mut daemon.data, table.string("data").map(PathBuf::from));
            set(&mut daemon.contact, table.string("contact"));
            set(&mut daemon.instance, table.string("instance"));
            set(&mut daemon.log, table.string("log"));
        });
        root.table("serve", |table| {
            let serve = &mut self.serve;
            if let Some(listen) = table.string("listen") {
                match listen.parse() {
                    Ok(listen) => serve.listen = listen,
                    Err(_) => {
                        table.wrong_at("listen", &format!("`listen`: `{listen}` is no address and port; give one such as 127.0.0.1:8080"))
                    }
                }
            }
            if let Some(metrics) = table.string("metrics") {
                match metrics.parse() {
                    Ok(Exposure::At(address)) if address == serve.listen && address.port() != 0 => table.wrong_at(
                        "metrics",
                        &format!("`metrics`: feeds are served at {address}; to tell metrics there too, write \"here\""),
                    ),
                    Ok(metrics) => serve.metrics = metrics,
                    Err(_) => table.wrong_at(
                        "metrics",
                        &format!("`metrics`: `{metrics}` is neither an address and port, such as 127.0.0.1:9464, nor \"here\", nor empty"),
                    ),
                }
            }
            if let Some(public) = table.string("public") {
                match public_address(&public) {
                    Ok(public) => serve.public = public,
                    Err(what) => table.wrong_at("public", &what),
                }
            }
            set(&mut serve.title, table.string("title"));
            for (key, place) in [("icon", &mut serve.icon), ("logo", &mut serve.logo)] {
                let Some(text) = table.string(key) else { continue };
                match picture(dir, &text) {
                    Ok(picture) => *place = picture,
                    Err(what) => table.wrong_at(key, &format!("`{key}`: {what}")),
                }
            }
            let spoken = Lang::SPOKEN.map(|lang| (lang.to_string(), lang));
            let spoken = spoken.each_ref().map(|(name, lang)| (name.as_str(), *lang));
            set(&mut serve.lang, choice(table, "lang", &spoken));
            if let Some(feedback) = table.string("feedback") {
                if is_feedback(&feedback) {
                    serve.feedback = feedback;
                } else {
                    table.wrong_at(
                        "feedback",
                        &format!("`feedback`: `{feedback}` is neither a mail address, such as desk@example.org, nor the address of a form"),
                    );
                }
            }
            set(&mut serve.limit, size(table.integer("limit", 1..=200)));
            set(&mut serve.max_limit, size(table.integer("max_limit", 1..=200)));
            set(&mut serve.connections, size(table.integer("connections", 16..=100_000)));
            let misses = table.integer("misses_per_minute", 0..=1_000_000).and_then(|misses| u32::try_from(misses).ok());
            set(&mut serve.misses_per_minute, misses);
            let proxies = table.list("trusted_proxies", |text| parse_range(text).map_err(|error| format!("`trusted_proxies`: {error}")));
            set(&mut serve.trusted_proxies, proxies.map(Ranges));
            set(&mut serve.cache, size(table.integer("cache_mib", 1..=4096)).map(|mib| mib << 20));
        });
        root.table("websub", |table| {
            let websub = &mut self.websub;
            set(&mut websub.hub, table.parsed("hub"));
            set(&mut websub.subscribe, table.flag("subscribe"));
            set(&mut websub.most, size(table.integer("max_subscriptions", 1..=10_000)));
            set(&mut websub.allow_private, private(table));
        });
        root.table("fetch", |table| {
            let fetch = &mut self.fetch;
            set(&mut fetch.at_once, size(table.integer("at_once", 1..=1000)));
            set(&mut fetch.per_host, size(table.integer("per_host", 1..=2)));
            for (key, place) in [
                ("connect_timeout", &mut fetch.connect_timeout),
                ("header_timeout", &mut fetch.header_timeout),
                ("idle_timeout", &mut fetch.idle_timeout),
                ("timeout", &mut fetch.timeout),
            ] {
                let Some(text) = table.string(key) else { continue };
                match parse_duration(&text) {
                    Ok(limit) => *place = limit,
                    Err(error) => table.wrong_at(key, &format!("`{key}`: {error}")),
                }
            }
            set(&mut fetch.ports, table.integers("ports", 1..=65_535));
            if let Some(text) = table.string("proxy") {
                match text.parse() {
                    _ if text.is_empty() => fetch.proxy = None,
                    Ok(proxy) => fetch.proxy = Some(proxy),
                    Err(what) => table.wrong_at("proxy", &format!("`proxy` {what}")),
                }
            }
            set(&mut fetch.extra_ca, table.list("extra_ca", |path| Ok(PathBuf::from(path))));
            set(&mut fetch.longest_body, size(table.integer("max_body_mib", 1..=64)).map(|mib| mib << 20));
        });
        root.table("keep", |table| {
            let (each, all) = &mut self.keep;
            keep::read(table, "per_source", each);
            keep::count(table, "stories", all);
        });
        root.table("admin", |table| {
            set(&mut self.admin.listen, table.parsed("listen"));
            if let Some(path) = table.string("token_file") {
                self.admin.token_file = (!path.is_empty()).then(|| path.into());
            }
        });
        root.table("limits", |table| {
            let floor = table.integer("free_mib", 0..=1 << 30).and_then(|mib| u64::try_from(mib).ok());
            set(&mut self.limits.free, floor.map(|mib| mib << 20));
        });
        root.finish();
    }

    /// The address that feeds begin with; its path ends with `/`.
    pub fn base(&self) -> Url {
        let local = || Url::parse(&format!("http://{}/", self.serve.listen));
        // A socket address always makes an address.
        self.serve.public.clone().unwrap_or_else(|| local().unwrap_or_else(|_| Self::default().base()))
    }

    /// The address of the hub that feeds name: none where readers could not reach it, or the feeds.
    pub fn hub(&self) -> Option<String> {
        match &self.websub.hub {
            _ if self.serve.public.is_none() => None,
            Hub::Off => None,
            Hub::BuiltIn => Some(format!("{}hub", self.base())),
            Hub::At(hub) => Some(hub.to_string()),
        }
    }

    /// What is no mistake and still worth telling.
    pub(super) fn notices(&self) -> Vec<String> {
        let mut notices = Vec::new();
        if !self.serve.listen.ip().is_loopback() && self.serve.public.is_none() {
            notices.push(format!(
                "[serve] listen {} is not loopback, but no public address is set: feeds will name {} as their own address; set [serve] public",
                self.serve.listen,
                self.base()
            ));
        }
        notices
    }
}

/// Whether a reader can write there: by mail, or in a form on the web; or nowhere.
fn is_feedback(text: &str) -> bool {
    let is_form = || Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let is_mail = || {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-+".contains(c);
        text.split_once('@').is_some_and(|(name, host)| [name, host].iter().all(|part| !part.is_empty() && part.chars().all(plain)))
    };
    text.is_empty() || if text.contains("://") { is_form() } else { is_mail() }
}

/// An absolute address without query and fragment, its path ending with `/`; nothing for an empty text.
fn public_address(text: &str) -> Result<Option<Url>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let bad = |why: &str| format!("`public`: `{text}` {why}; give an address such as https://news.example.org/feeds/");
    let mut url = Url::parse(text).map_err(|_| bad("is not an absolute address"))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(bad("is neither http nor https"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(bad("has a query or fragment"));
    }
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    Ok(Some(url))
}

/// Takes one setting that a variable or a flag gives; its mistakes are told under that name.
pub(super) fn override_one(settings: &mut Settings, dir: Option<&Path>, [name, key, value]: [&str; 3], mistakes: &mut Vec<Mistake>) {
    let Some((section, key)) = key.split_once('.') else {
        mistakes.push(Mistake::of_file(name, "should name section and key, such as TRIBUTARY__SERVE__LISTEN"));
        return;
    };
    // Numbers and flags are written bare in TOML, everything else in quotes.
    let is_bare = value.parse::<i64>().is_ok() || matches!(value, "true" | "false");
    const TEXTS: [&str; 14] = [
        "data",
        "contact",
        "instance",
        "log",
        "listen",
        "public",
        "title",
        "feedback",
        "icon",
        "logo",
        "proxy",
        "age",
        "token_file",
        "hub",
    ];
    let is_text = TEXTS.contains(&key) || key.ends_with("timeout");
    let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
    // Lists are given as their members, with commas between.
    let members = || value.split(',').map(str::trim).filter(|member| !member.is_empty());
    let written = match key {
        "ports" => format!("[{}]", members().collect::<Vec<_>>().join(", ")),
        "extra_ca" | "trusted_proxies" => format!("[{}]", members().map(quoted).collect::<Vec<_>>().join(", ")),
        _ if is_bare && !is_text => value.to_owned(),
        _ => quoted(value),
    };
    let text = format!("[{section}]\n{key} = {written}\n");
    let mut own = Vec::new();
    settings.read(&mut Reader::new(name, &text, &mut own), dir);
    mistakes.extend(own.into_iter().map(|mistake| Mistake { line: 0, column: 0, ..mistake }));
}

//! What may stand in each file, as JSON Schema (draft 2020-12), for editors that complete and check while one types.
//!
//! It says which keys there are, what each is, and within which bounds. Deliberately absent: what only reading the files together can
//! tell, such as that a topic exists; `tributary check` tells that, and is the one that decides.

use serde_json::{Map, Value, json};

use crate::model::page::MOST_PAGES;

/// A file of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// `tributary.toml`.
    Tributary,
    /// `sources.toml`.
    Sources,
    /// `topics.toml`.
    Topics,
    /// `feeds.toml`.
    Feeds,
}

/// What a key holds.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    /// A text of one of these.
    One(&'static [&'static str]),
    /// A length of time, such as `15m`.
    Time,
    /// The two letters of a country.
    Country,
    /// A whole number within bounds.
    Whole(i64, i64),
    Number(f64, f64),
    Flag,
    Date,
    Texts,
    /// Ports.
    Ports,
    /// Texts under names of their own.
    Named,
    /// A flag, or ranges of addresses.
    FlagOrRanges,
    /// What only people read.
    Anything,
    Table(&'static [Key]),
    Tables(&'static [Key]),
    /// A table, or `false` to take it away.
    TableOrFalse(&'static [Key]),
}

/// A key, what it holds, and what it says.
type Key = (&'static str, Kind, &'static str);

use Kind::{Anything, Country, Date, Flag, FlagOrRanges, Named, Number, One, Ports, Table, TableOrFalse, Tables, Text, Texts, Time, Whole};

const LANGS: &[&str] = &["en", "es", "fr", "pt"];
const CONTENT: &[&str] = &["summary", "full", "title"];

const FOUR_NAMES: &[Key] =
    &[("en", Text, "in English"), ("es", Text, "in Spanish"), ("fr", Text, "in French"), ("pt", Text, "in Portuguese")];

const TRIBUTARY: &[Key] = &[
    (
        "daemon",
        Table(&[
            ("data", Text, "folder that holds journal and store"),
            ("contact", Text, "mail or web address that publishers can write to; nothing is pulled without one"),
            ("instance", Text, "name of this installation, under which the ids of feeds are computed; drawn when it is empty"),
            ("log", Text, "log level, or a filter such as \"info,tributary::fetch=debug\""),
        ]),
        "the daemon",
    ),
    (
        "serve",
        Table(&[
            ("listen", Text, "address and port to listen at"),
            ("metrics", Text, "where metrics are told: an address and port of its own, \"here\", or nowhere when it is empty"),
            ("public", Text, "the address readers use; all links begin with it"),
            ("title", Text, "name of the site"),
            ("icon", Text, "a square picture: a file in the folder, or an address"),
            ("logo", Text, "a picture twice as wide as high"),
            ("lang", One(LANGS), "language of what feeds say themselves"),
            ("feedback", Text, "mail address, or address of a form, where readers tell that something is wrong"),
            ("limit", Whole(1, 200), "entries in a feed"),
            ("max_limit", Whole(1, 200), "entries that a reader may ask for"),
            ("connections", Whole(16, 100_000), "connections at once"),
            ("cache_mib", Whole(1, 4096), "memory for finished feeds, in MiB"),
            ("misses_per_minute", Whole(0, 1_000_000), "answers a minute that may be made for one address; 0: no bound"),
            ("trusted_proxies", Texts, "proxies that say which client asks, by address or range"),
        ]),
        "what readers are served",
    ),
    (
        "websub",
        Table(&[
            ("hub", Text, "\"built-in\", \"off\", or the address of another hub"),
            ("subscribe", Flag, "whether hubs of publishers are asked to tell us"),
            ("max_subscriptions", Whole(1, 10_000), "subscriptions that the built-in hub takes"),
            ("allow_private", FlagOrRanges, "whether readers in the house may be told"),
        ]),
        "who tells readers at once",
    ),
    (
        "keep",
        Table(&[
            ("age", Text, "stories that stand before this go: P400D, P12M, P2Y"),
            ("per_source", Whole(0, 100_000_000), "the newest of each source that stay; 0: all"),
            ("stories", Whole(0, 100_000_000), "the newest in all that stay; 0: all"),
        ]),
        "how much is kept",
    ),
    (
        "admin",
        Table(&[
            ("listen", Text, "address and port where deeds are asked for"),
            ("token_file", Text, "a file that holds the token, at least 16 characters"),
        ]),
        "deeds over HTTP",
    ),
    (
        "fetch",
        Table(&[
            ("at_once", Whole(1, 1000), "sources looked at at once"),
            ("per_host", Whole(1, 2), "requests to one host at once"),
            ("connect_timeout", Time, "a connection has to be there within this"),
            ("header_timeout", Time, "the headers of an answer have to be there within this"),
            ("idle_timeout", Time, "the next piece of an answer has to be there within this"),
            ("timeout", Time, "a whole answer has to be there within this"),
            ("ports", Ports, "ports that redirects and links may lead to"),
            ("proxy", Text, "what publishers are asked through"),
            ("extra_ca", Texts, "files of authorities that are trusted beside the system's"),
            ("max_body_mib", Whole(1, 64), "longest body after decoding, in MiB"),
        ]),
        "how publishers are asked",
    ),
    ("limits", Table(&[("free_mib", Whole(0, 1 << 30), "room that is left free on the disk, in MiB")]), "what is left to others"),
];

const PAGE: &[Key] = &[
    ("item", Text, "selector of one element for each item of the listing"),
    ("until", Text, "an item is its element and what follows it, up to what matches this"),
    ("title", Text, "selector within the item"),
    ("link", Text, "selector within the item"),
    ("summary", Text, "selector within the item"),
    ("image", Text, "selector within the item"),
    ("country", Text, "selector within the item; counts as the publisher's own categories"),
    ("date", Text, "selector within the item"),
    ("formats", Texts, "how dates are written: [\"%d %B, %Y\"]"),
    ("locale", One(LANGS), "the language of dates"),
    ("next", Text, "selector of the link to the next page"),
    ("pages", Whole(1, MOST_PAGES as i64), "pages that are read at a look"),
    (
        "detail",
        Table(&[
            ("date", Text, "selector on the item's own page"),
            ("summary", Text, "selector on the item's own page"),
            ("country", Text, "selector on the item's own page"),
        ]),
        "what is read on an item's own page",
    ),
];

const SOURCE: &[Key] = &[
    ("id", Text, "its name for ever: lower-case letters, digits, hyphens"),
    ("title", Text, "the publisher's name as readers see it"),
    ("url", Text, "the address of the feed, or of a page that lists news"),
    ("page", TableOrFalse(PAGE), "how a page without a feed is read"),
    ("dates", One(&["dmy", "mdy"]), "how 03/04/2020 is meant"),
    ("home", Text, "the publisher's page for people"),
    ("organization", Text, "who is behind it"),
    ("lang", Text, "the language when neither item, feed nor text tells it"),
    ("rank", Whole(0, 9), "whose copy of a story is preferred: 0 is the original publisher"),
    ("settle", Text, "how long its new stories wait for the original: up to \"24h\", or \"0\""),
    ("most_per_hour", Whole(1, 100_000), "so many new stories within an hour are news"),
    ("every", Text, "how often it is pulled: at least \"1m\", or \"adaptive\""),
    ("cron", Text, "or when: five fields, or six with the second first"),
    ("timezone", Text, "the clocks that `cron` goes by: \"America/Guatemala\""),
    ("expect", Time, "how often something new is expected at the least"),
    ("topics", Texts, "topics of its items"),
    ("countries", Texts, "ISO 3166-1 codes of its items"),
    ("defaults", One(&["hints", "always"]), "whether these are only hints"),
    ("content", One(CONTENT), "how much may be republished"),
    ("rights", Text, "a rights statement for its items"),
    ("headers", Named, "further request headers"),
    ("timeout", Time, "the whole answer has to be there within this"),
    ("allow_private", FlagOrRanges, "whether it may live at a private address, or in which ranges"),
    ("allow_downgrade", Flag, "whether its redirects may lead from https to http"),
    ("enabled", Flag, "false: it is not pulled; its stories stay"),
    ("probed", Date, "the day its address was last seen to answer"),
    ("note", Text, "why it is switched off, or anything an editor should know"),
    (
        "keep",
        Table(&[("age", Text, "stories that stand before this go"), ("stories", Whole(0, 100_000_000), "the newest that stay; 0: all")]),
        "how much of it is kept, in the place of [keep]",
    ),
];

const TERMS: &[Key] = &[
    ("strong", Texts, "terms that say it nearly by themselves"),
    ("medium", Texts, "terms that speak for it"),
    ("weak", Texts, "terms that hint at it"),
    ("not", Texts, "phrases in which a term does not count"),
];

const TOPIC: &[Key] = &[
    ("slug", Text, "its name in addresses, for ever"),
    ("label", Table(FOUR_NAMES), "what it is called"),
    ("definition", Text, "what it means"),
    ("threshold", Number(1.0, 50.0), "the least score by which a story is filed under it"),
    ("categories", Texts, "publishers' categories that mean it"),
    ("aliases", Texts, "former names, whose addresses lead on"),
    ("enabled", Flag, "false: it is switched off"),
    ("retired", Flag, "true: its address says that it is gone"),
    ("gcm", Anything, "for people: objectives of the Global Compact for Migration"),
    ("reliefweb", Anything, "for people: themes of ReliefWeb"),
    ("iptc", Anything, "for people: subjects of the IPTC"),
    ("en", Table(TERMS), "terms in English"),
    ("es", Table(TERMS), "terms in Spanish"),
    ("fr", Table(TERMS), "terms in French"),
    ("pt", Table(TERMS), "terms in Portuguese"),
];

const TOPICS: &[Key] = &[
    ("builtin", Flag, "false: the built-in ones are dropped"),
    ("version", Whole(1, 1), "the form of this file"),
    (
        "defaults",
        Table(&[
            ("threshold", Number(1.0, 50.0), "the least score by which a story is filed"),
            ("max_topics", Whole(1, 20), "topics of a story at most"),
            ("floor", Number(0.0, 1.0), "the part of the best score that a further topic needs"),
            ("title_factor", Number(1.0, 10.0), "how much more a title counts"),
            ("text_cap", Whole(1, 20), "how often a term counts in a text"),
            (
                "weights",
                Table(&[
                    ("strong", Number(0.1, 50.0), "what a strong term counts"),
                    ("medium", Number(0.1, 50.0), "what a medium term counts"),
                    ("weak", Number(0.1, 50.0), "what a weak term counts"),
                ]),
                "what terms count",
            ),
        ]),
        "what holds for all topics",
    ),
    ("topic", Tables(TOPIC), "a topic"),
    (
        "region",
        Tables(&[
            ("slug", Text, "its name in addresses"),
            ("label", Table(FOUR_NAMES), "what it is called"),
            ("forms", Texts, "how texts name it"),
        ]),
        "a group of countries",
    ),
    (
        "place",
        Tables(&[
            ("code", Country, "its country"),
            ("kind", One(&["name", "place", "demonym"]), "what the forms are"),
            ("forms", Texts, "how texts name it"),
        ]),
        "forms that give a country",
    ),
    (
        "mask",
        Tables(&[
            ("code", Country, "the country that it is not; any when there is none"),
            ("forms", Texts, "what only looks like a country"),
            ("why", Text, "for people"),
        ]),
        "forms that give none",
    ),
];

const LABELS: [Key; 4] = [
    ("topics", Texts, "as in an address: a comma is or, a further member is and, a minus leaves out"),
    ("countries", Texts, "in the same way"),
    ("regions", Texts, "in the same way"),
    ("sources", Texts, "in the same way"),
];

const FEED: &[Key] = &[
    ("slug", Text, "its name in addresses"),
    ("title", Table(FOUR_NAMES), "its title"),
    LABELS[0],
    LABELS[1],
    LABELS[2],
    LABELS[3],
    ("any", Tables(&LABELS), "one of these as well: a union"),
    ("lang", Text, "languages of its editions: \"es\", \"es,en\""),
    ("prefer", Text, "the languages in which stories are shown, the best first"),
    ("q", Text, "words, \"phrases\" and -exclusions"),
    ("since", Text, "days back from today (P30D), a day or a time"),
    ("until", Text, "a day or a time"),
    ("limit", Whole(1, 200), "entries"),
    ("per_source", Whole(1, 200), "entries of one source"),
    ("content", One(CONTENT), "how much is shown of each"),
    ("enabled", Flag, "false: it is switched off"),
];

const BUILTIN: Key = ("builtin", Flag, "false: the built-in ones are dropped");

/// The schema of a file, read as JSON.
pub fn schema(file: File) -> Value {
    let (name, keys) = match file {
        File::Tributary => ("tributary.toml", TRIBUTARY.to_vec()),
        File::Sources => ("sources.toml", vec![BUILTIN, ("source", Tables(SOURCE), "a source")]),
        File::Topics => ("topics.toml", TOPICS.to_vec()),
        File::Feeds => ("feeds.toml", vec![BUILTIN, ("feed", Tables(FEED), "a filter with a name")]),
    };
    let mut schema = table(&keys);
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["title"] = name.into();
    schema
}

fn table(keys: &[Key]) -> Value {
    let properties: Map<String, Value> = keys
        .iter()
        .map(|(name, kind, says)| {
            let mut holds = held(*kind);
            holds["description"] = (*says).into();
            ((*name).to_owned(), holds)
        })
        .collect();
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

fn held(kind: Kind) -> Value {
    match kind {
        Text => json!({ "type": "string" }),
        One(words) => json!({ "type": "string", "enum": words }),
        Time => json!({ "type": "string", "pattern": "^\\s*([0-9]+\\s*[a-z]+\\s*)+$", "examples": ["15m", "1h30m"] }),
        Country => json!({ "type": "string", "pattern": "^[A-Za-z]{2}$", "examples": ["GT"] }),
        Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Number(least, most) => json!({ "type": "number", "minimum": least, "maximum": most }),
        Flag => json!({ "type": "boolean" }),
        // TOML has dates; what reads it as JSON makes texts of them.
        Date => json!({ "type": "string", "format": "date" }),
        Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Ports => json!({ "type": "array", "items": { "type": "integer", "minimum": 1, "maximum": 65_535 } }),
        Named => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        FlagOrRanges => json!({ "anyOf": [{ "type": "boolean" }, { "type": "array", "items": { "type": "string" } }] }),
        Anything => json!({}),
        Table(keys) => table(keys),
        Tables(keys) => json!({ "type": "array", "items": table(keys) }),
        TableOrFalse(keys) => json!({ "anyOf": [table(keys), { "const": false }] }),
    }
}

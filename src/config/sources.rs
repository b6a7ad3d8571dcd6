//! `sources.toml`: whose feeds are gathered.

use std::time::Duration;

use url::Url;

use super::{
    Layer, keep, page,
    reader::{Reader, Table},
    topics::find,
};
use crate::model::{
    ContentPolicy, CountryCode, DateOrder, Defaults, Keep, Private, Source, SourceId, Timetable, Topic,
    private::parse_range,
    timetable::{Cron, parse_duration},
};

/// Nothing is pulled more often than this.
const SOONEST: Duration = Duration::from_secs(60);

/// The longest that new stories may wait for the original.
const LONGEST_SETTLE: Duration = Duration::from_hours(24);

/// Takes what a file says: sources are changed by id, or added.
pub(super) fn read(reader: &mut Reader<'_>, sources: &mut Vec<Source>, topics: &[Topic], layer: Layer, overridden: &mut Vec<String>) {
    if layer == (Layer::BuiltIn { dropped: true }) {
        overridden.push("the built-in sources are dropped".to_owned());
    }
    let mut seen: Vec<SourceId> = Vec::new();
    let mut root = reader.root();
    root.ignore(&["builtin"]);
    root.tables("source", |table| {
        let Some(id) = table.string("id") else {
            if !table.has("id") {
                table.wrong("has no `id`; give it a name of lower-case letters, digits and hyphens");
            }
            return table.ignore(KEYS);
        };
        table.call(format!("source `{id}`"));
        let id: SourceId = match id.parse() {
            Ok(id) => id,
            Err(error) => {
                table.wrong_at("id", &format!("{error}"));
                return table.ignore(KEYS);
            }
        };
        if seen.contains(&id) {
            table.wrong_at("id", "the same id stands further up; ids are for ever and belong to one source");
        }
        seen.push(id.clone());
        let known = sources.iter().position(|source| source.id == id);
        let mut source = match known {
            Some(at) => sources[at].clone(),
            None => {
                // Stands in until the address is read, so that the other mistakes are told as well.
                let Ok(nowhere) = Url::parse("file:///") else { return };
                for key in ["title", "url"] {
                    if !table.has(key) {
                        table.wrong(&format!("has no `{key}`"));
                    }
                }
                Source::new(id.clone(), id.to_string(), nowhere)
            }
        };
        let before = source.clone();
        one(table, &mut source, topics, layer);
        match known {
            Some(at) => {
                if layer == Layer::Own && before != source {
                    overridden.push(format!("source `{}` is changed: {}", source.id, table.keys("id")));
                }
                sources[at] = source;
            }
            None if layer != (Layer::BuiltIn { dropped: true }) => {
                if layer == Layer::Own {
                    overridden.push(format!("source `{}` is added", source.id));
                }
                sources.push(source);
            }
            None => {}
        }
    });
    root.finish();
}

/// Every key of a source, for tables that can not be read at all.
const KEYS: &[&str] = &[
    "id",
    "title",
    "url",
    "page",
    "dates",
    "home",
    "organization",
    "lang",
    "rank",
    "settle",
    "most_per_hour",
    "every",
    "cron",
    "timezone",
    "expect",
    "topics",
    "countries",
    "defaults",
    "content",
    "rights",
    "headers",
    "timeout",
    "allow_private",
    "allow_downgrade",
    "enabled",
    "probed",
    "note",
    "keep",
];

fn one(table: &mut Table<'_, '_>, source: &mut Source, topics: &[Topic], layer: Layer) {
    if let Some(title) = table.string("title") {
        source.title = title;
    }
    if let Some(url) = address(table, "url", true) {
        source.url = url;
    }
    page::read(table, &mut source.page);
    if let Some(dates) = choice(table, "dates", &[("dmy", DateOrder::DayFirst), ("mdy", DateOrder::MonthFirst)]) {
        source.dates = dates;
    }
    source.home = address(table, "home", false).or(source.home.take());
    source.organization = table.string("organization").or(source.organization.take());
    source.lang = table.parsed("lang").or(source.lang);
    if let Some(rank) = table.integer("rank", 0..=9) {
        source.rank = u8::try_from(rank).unwrap_or(9);
    }
    if let Some(settle) = settle(table, source.rank) {
        source.settle = settle;
    }
    if let Some(most) = table.integer("most_per_hour", 1..=100_000) {
        source.most_per_hour = u32::try_from(most).unwrap_or(u32::MAX);
    }
    if let Some(timetable) = timetable(table) {
        source.timetable = timetable;
    }
    if let Some(expect) = duration(table, "expect") {
        source.expect = Some(expect);
    }
    // An operator who switches a topic off has not made a mistake in our file.
    let topic = |name: &str| match find(topics, name) {
        Err(_) if layer != Layer::Own => Ok(None),
        found => found.map(Some),
    };
    if let Some(topics) = table.list("topics", topic) {
        source.topics = topics.into_iter().flatten().collect();
    }
    if let Some(countries) = table.list("countries", country) {
        source.countries = countries;
    }
    if let Some(defaults) = choice(table, "defaults", &[("hints", Defaults::Hints), ("always", Defaults::Always)]) {
        source.defaults = defaults;
    }
    if let Some(content) = choice(table, "content", &ContentPolicy::NAMED) {
        source.content = content;
    }
    source.rights = table.string("rights").or(source.rights.take());
    if let Some(headers) = table.pairs("headers") {
        source.headers = headers;
    }
    if let Some(timeout) = duration(table, "timeout") {
        source.timeout = timeout;
    }
    if let Some(allow_private) = private(table) {
        source.allow_private = allow_private;
    }
    if let Some(allow_downgrade) = table.flag("allow_downgrade") {
        source.allow_downgrade = allow_downgrade;
    }
    if let Some(enabled) = table.flag("enabled") {
        source.enabled = enabled;
    }
    let mut keep = Keep::default();
    if table.has("keep") {
        table.table("keep", |table| keep::read(table, "stories", &mut keep));
        source.keep = Some(keep);
    }
    source.probed = table.date("probed").or(source.probed);
    source.note = table.string("note").or(source.note.take());
}

/// How long new stories wait for the original; `0` takes back what another layer says.
fn settle(table: &mut Table<'_, '_>, rank: u8) -> Option<Duration> {
    const KEY: &str = "settle";
    let text = table.string(KEY)?;
    if matches!(text.trim(), "0" | "0s" | "0m" | "0h") {
        return Some(Duration::ZERO);
    }
    match parse_duration(&text) {
        Err(error) => table.wrong_at(KEY, &format!("`{KEY}`: {error}; \"0\" is no wait at all")),
        Ok(settle) if settle > LONGEST_SETTLE => {
            table.wrong_at(KEY, &format!("`{KEY}` is {text}; 24h is the longest: later it is no news"))
        }
        Ok(_) if rank == 0 => table.wrong_at(KEY, &format!("`{KEY}` means nothing at rank 0: nobody has a better rank to wait for")),
        Ok(settle) => return Some(settle),
    }
    None
}

/// `true`, `false`, or the ranges of addresses.
pub(super) fn private(table: &mut Table<'_, '_>) -> Option<Private> {
    const KEY: &str = "allow_private";
    if !table.is_list(KEY) {
        return table.flag(KEY).map(|is_allowed| if is_allowed { Private::Allowed } else { Private::Refused });
    }
    let ranges = table.list(KEY, |text| parse_range(text).map_err(|error| format!("`{KEY}`: {error}")))?;
    // Ranges that could not be read have been told.
    Some(if ranges.is_empty() { Private::Refused } else { Private::Within(ranges) })
}

fn address(table: &mut Table<'_, '_>, key: &'static str, file_too: bool) -> Option<Url> {
    let text = table.string(key)?;
    match Url::parse(&text) {
        // Addresses of sources are published.
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            table.wrong_at(
                key,
                &format!("`{key}` holds a name or password, and would be published; give `headers = {{ Authorization = \"…\" }}`"),
            );
            None
        }
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() || file_too && url.scheme() == "file" => Some(url),
        _ => {
            table.wrong_at(key, &format!("`{key}`: `{text}` is not an address; give one that begins with https://"));
            None
        }
    }
}

fn timetable(table: &mut Table<'_, '_>) -> Option<Timetable> {
    let zone = table.string("timezone");
    let at_its_own_rhythm = table.string("every").as_deref() == Some("adaptive");
    if at_its_own_rhythm {
        return Some(Timetable::Adaptive);
    }
    let every = duration(table, "every");
    let cron = table.string("cron");
    match (every, cron) {
        (Some(_), Some(_)) => {
            table.wrong_at("cron", "`cron` and `every` exclude each other; keep one");
            None
        }
        (Some(every), None) if every < SOONEST => {
            table.wrong_at("every", "`every` is less than a minute; publishers would rightly block us");
            None
        }
        (Some(every), None) => Some(Timetable::Every(every)),
        (None, Some(cron)) => match Cron::parse(&cron, zone.as_deref()) {
            Ok(cron) => Some(Timetable::Cron(Box::new(cron))),
            Err(error) => {
                table.wrong_at("cron", &error.to_string());
                None
            }
        },
        (None, None) => {
            if zone.is_some() {
                table.wrong_at("timezone", "`timezone` means something only beside `cron`");
            }
            None
        }
    }
}

fn duration(table: &mut Table<'_, '_>, key: &'static str) -> Option<Duration> {
    let text = table.string(key)?;
    parse_duration(&text).map_err(|error| table.wrong_at(key, &format!("`{key}`: {error}"))).ok()
}

pub(super) fn choice<T: Copy>(table: &mut Table<'_, '_>, key: &'static str, choices: &[(&str, T)]) -> Option<T> {
    let text = table.string(key)?;
    let found = choices.iter().find(|(name, _)| *name == text).map(|(_, choice)| *choice);
    if found.is_none() {
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        table.wrong_at(key, &format!("`{key}` is \"{text}\"; it can be {}", names.join(", ")));
    }
    found
}

/// A country code; what is nearly one is told with the code to try.
pub(super) fn country(text: &str) -> Result<CountryCode, String> {
    text.parse::<CountryCode>().map_err(|error| match CountryCode::from_alpha3(text) {
        Some(code) => format!("{error}; try `{code}`"),
        None => format!("{error}, such as GT"),
    })
}

//! The order of the house, kept by reading the source: who may name whom, where each library
//! lives, and that every file says why it is there.
//!
//! It reads words, not meaning: comments, texts and `#[cfg(test)]` items are taken out, and what is left
//! is searched for paths. A `super::` within an inline module would be counted one step too far;
//! we write modules as files.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Each may use those before it.
const GROUND: &[&str] = &["text", "html", "model", "config"];
/// Each may use the ground, and no other stage.
const STAGES: &[&str] = &["fetch", "parse", "clean", "classify", "dedup", "journal", "store", "publish"];
/// Each may use the ground, the stages, and those before it.
const ROOF: &[&str] = &["meters", "workshop", "pull", "verify", "apply", "schedule", "health", "serve", "websub", "daemon", "cli"];

/// The only modules that may name a library.
const HOMES: &[(&str, &[&str])] = &[
    ("ammonia", &["html"]),
    ("askama", &["serve"]),
    ("atom_syndication", &["publish"]),
    ("axum", &["serve"]),
    ("brotli", &["fetch", "serve"]),
    ("chrono_tz", &["model"]),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("clap_mangen", &["cli"]),
    ("cron", &["model"]),
    ("base64", &["text"]),
    ("chardetng", &["parse"]),
    ("encoding_rs", &["parse"]),
    ("memchr", &["text"]),
    ("flate2", &["fetch", "serve"]),
    ("hyper", &["fetch", "serve"]),
    ("hyper_util", &["serve"]),
    ("indicatif", &["cli"]),
    ("ipnet", &["model"]),
    ("lz4_flex", &["store"]),
    ("notify", &["daemon"]),
    ("prometheus_client", &["meters"]),
    ("quick_xml", &["parse", "publish"]),
    ("reqwest", &["fetch"]),
    ("ring", &["websub"]),
    ("rss", &["publish"]),
    ("rustix", &["apply", "workshop"]),
    ("rustls", &["fetch"]),
    ("rustls_platform_verifier", &["fetch"]),
    ("scraper", &["html"]),
    ("sled", &["store"]),
    ("smol_str", &["model"]),
    ("tantivy", &["store"]),
    ("toml", &["config", "classify"]),
    ("tower", &["serve"]),
    ("tower_http", &["serve"]),
    ("webpki", &["fetch"]),
    ("whichlang", &["classify"]),
    // Read from publishers, kept on disk, written to readers.
    ("zstd", &["fetch", "journal", "serve"]),
];

/// Names that say nothing, so that anything can be put into the file.
const EMPTY_NAMES: &[&str] = &["util", "helper", "manager", "handler", "processor"];

#[test]
fn imports_go_down_never_sideways_never_up() {
    report(sources().iter().flat_map(|source| source.wrong_imports()));
}

#[test]
fn each_library_has_one_home() {
    report(sources().iter().flat_map(|source| source.strangers()));
}

#[test]
fn every_file_begins_by_saying_why_it_is_there() {
    let silent = |source: &&Source| !source.text.starts_with("//! ");
    report(
        sources()
            .iter()
            .filter(silent)
            .map(|source| format!("{}:1: begins without a `//!` header: say why the module exists", source.file)),
    );
}

#[test]
fn no_file_has_a_name_that_says_nothing() {
    let is_empty = |part: &str| EMPTY_NAMES.contains(&part.trim_end_matches('s'));
    report(sources().iter().filter_map(|source| {
        let part = source.module().into_iter().find(|part| is_empty(part))?;
        Some(format!("{}: `{part}` says nothing: name the file for its one job", source.file))
    }));
}

#[test]
fn every_module_has_its_place() {
    report(sources().iter().filter_map(|source| {
        let top = *source.module().first()?;
        floor(top).is_none().then(|| format!("{}: `{top}` has no place in the house: give it one in tests/house.rs", source.file))
    }));
}

#[test]
fn a_wrong_import_is_caught_wherever_it_hides() {
    let wrong = |file, text| made_up(file, text).wrong_imports().len();
    assert_eq!(wrong("src/clean/mod.rs", "use crate::journal::Journal;"), 1, "sideways");
    assert_eq!(wrong("src/dedup/decide.rs", "fn f() { crate::apply::run() }"), 1, "up, without `use`");
    assert_eq!(wrong("src/text.rs", "use crate::{html::SafeHtml, model};"), 2, "the ground has an order too");
    assert_eq!(wrong("src/store/keys.rs", "use super::super::{publish::atom, model::Item};"), 1, "climbing out");
    assert_eq!(wrong("src/pull/mod.rs", "use crate::schedule::Clock;"), 1, "the roof has an order too");
    assert_eq!(wrong("src/parse/mod.rs", "use crate::*;"), 1, "all at once");
    assert_eq!(wrong("src/parse/mod.rs", "\n\nuse crate::{\n    text,\n    fetch,\n};"), 1);
    assert!(
        made_up("src/parse/mod.rs", "\n\nuse crate::{\n    text,\n    fetch,\n};").wrong_imports()[0].starts_with("src/parse/mod.rs:5: ")
    );
}

#[test]
fn a_right_import_and_what_is_no_import_are_left_alone() {
    let wrong = |file, text| made_up(file, text).wrong_imports();
    let none: [String; 0] = [];
    assert_eq!(wrong("src/clean/link.rs", "use super::clean; use crate::{html::{self, SafeHtml}, model::Item, text};"), none);
    assert_eq!(wrong("src/apply.rs", "use crate::{dedup, journal::Journal, pull::Look, store::Store};"), none);
    assert_eq!(
        wrong(
            "src/clean/mod.rs",
            "// crate::journal\n/* crate::store */ /// [`x`](crate::serve)\nfn f() { g(\"crate::fetch\", r#\"\"crate::cli\"#) }"
        ),
        none
    );
    assert_eq!(wrong("src/clean/mod.rs", "#[cfg(test)]\nmod tests {\n    use crate::journal::Journal; fn f() { '{'; }\n}"), none);
    assert_eq!(wrong("src/clean/mod.rs", "pub(crate) fn f<'a>(x: &'a str) -> Vec::<crate::model::Item> {}"), none);
    assert_eq!(wrong("src/lib.rs", "pub use self::cli::main; use crate::daemon;"), none);
}

#[test]
fn a_library_away_from_home_is_caught() {
    let strangers = |file, text| made_up(file, text).strangers().len();
    assert_eq!(strangers("src/apply.rs", "use sled;"), 1);
    assert_eq!(strangers("src/apply.rs", "use {bytes::Bytes, ::reqwest::{Client, header}};"), 2);
    assert_eq!(strangers("src/publish/atom.rs", "fn f(e: ::zstd::Encoder, d: encoding_rs::Decoder) {}"), 2);
    assert_eq!(strangers("src/main.rs", "use clap::Parser;"), 1);
    assert_eq!(strangers("src/store/mod.rs", "use self::sled::Tree; use sled::Batch;"), 0);
    assert_eq!(strangers("src/apply.rs", "use crate::store::sled::Tree; use super::{toml, x as cron}; let axum = 1;"), 0);
    assert_eq!(strangers("src/apply.rs", "#[cfg(test)]\nuse sled::Batch;\nuse zstd::bulk;"), 1);
}

/// Fails with every finding at once.
fn report(findings: impl Iterator<Item = String>) {
    let findings: Vec<String> = findings.collect();
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

/// One file of the house.
struct Source {
    /// As it is named in messages: `src/clean/mod.rs`.
    file: String,
    text: String,
}

fn made_up(file: &str, text: &str) -> Source {
    Source { file: file.to_owned(), text: text.to_owned() }
}

/// Every file under `src`, by name.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut folders, mut files) = (vec![root.join("src")], Vec::<PathBuf>::new());
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    assert!(files.len() > 20, "the house is larger than {} files", files.len());
    let name = |path: &Path| path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
    files.iter().map(|path| Source { file: name(path), text: fs::read_to_string(path).unwrap() }).collect()
}

/// The floor a module stands on, and how far along it.
fn floor(module: &str) -> Option<(usize, usize)> {
    let place = |floor: &[&str]| floor.iter().position(|name| *name == module);
    [GROUND, STAGES, ROOF].iter().enumerate().find_map(|(height, floor)| Some((height, place(floor)?)))
}

/// Why a module may not name another, if it may not.
fn objection(who: &str, whom: &str) -> Option<&'static str> {
    let (Some((own, along)), Some((other, before))) = (floor(who), floor(whom)) else {
        return Some("it is no module that has a place in the house");
    };
    match (own, other) {
        _ if who == whom => None,
        _ if other > own => Some("imports go down, never up"),
        _ if other < own => None,
        (1, 1) => Some("stages are strangers to one another"),
        _ if before < along => None,
        _ => Some("on one floor, imports go to what stands before"),
    }
}

impl Source {
    /// Where it stands below the root of the crate: `["clean", "link"]`; empty for `lib.rs` and `main.rs`.
    fn module(&self) -> Vec<&str> {
        let path = self.file.trim_start_matches("src/").trim_end_matches(".rs");
        path.split('/').filter(|part| !matches!(*part, "mod" | "lib" | "main")).collect()
    }

    /// Imports that the order of the house forbids. `lib.rs` and `main.rs` stand above it.
    fn wrong_imports(&self) -> Vec<String> {
        let (code, module) = (code(&self.text), self.module());
        let Some(who) = module.first() else { return Vec::new() };
        let wrong = |named: &Named| {
            let whom = named.top(&module)?;
            let why = objection(who, whom)?;
            Some(format!("{}:{}: `{who}` names `{whom}`: {why}", self.file, named.line))
        };
        names(&code).iter().filter_map(wrong).collect()
    }

    /// Libraries that are named away from home.
    fn strangers(&self) -> Vec<String> {
        let (code, module) = (code(&self.text), self.module());
        let who = module.first().copied().unwrap_or("the crate's root");
        let stranger = |named: &Named| {
            let (library, homes) = HOMES.iter().find(|(library, _)| named.path.first() == Some(library))?;
            let away = !homes.contains(&who);
            away.then(|| format!("{}:{}: `{who}` names `{library}`, whose home is `{}`", self.file, named.line, homes.join("` or `")))
        };
        names(&code).iter().filter_map(stranger).collect()
    }
}

/// A path that stands in the code.
struct Named<'a> {
    line: usize,
    path: Vec<&'a str>,
}

impl<'a> Named<'a> {
    /// The module at the root of our crate that it leads into, seen from `module`; `None` when it leads elsewhere.
    fn top(&self, module: &[&'a str]) -> Option<&'a str> {
        let mut here = match *self.path.first()? {
            "crate" => Vec::new(),
            "self" | "super" => module.to_vec(),
            _ => return None,
        };
        for step in &self.path {
            match *step {
                "crate" | "self" => {}
                "super" => drop(here.pop()),
                name => {
                    here.push(name);
                    break;
                }
            }
        }
        here.first().copied()
    }
}

/// Every path in the code: what `use` brings in, groups spread out, and what is named in full.
fn names(code: &str) -> Vec<Named<'_>> {
    let tokens = tokens(code);
    let word = |at: usize| tokens.get(at).map_or("", |(_, token)| *token);
    let (mut found, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        let is_within = at > 1 && word(at - 1) == "::" && (is_word(word(at - 2)) || word(at - 2) == ">");
        at = if word(at) == "use" {
            spread(&tokens, at + 1, Vec::new(), &mut found)
        } else if is_word(word(at)) && word(at + 1) == "::" && !is_within {
            spread(&tokens, at, Vec::new(), &mut found)
        } else {
            at + 1
        };
    }
    found
}

/// Reads the path, or the group of paths, that begins at a token; returns where it ends.
fn spread<'a>(tokens: &[(usize, &'a str)], mut at: usize, mut path: Vec<&'a str>, found: &mut Vec<Named<'a>>) -> usize {
    let word = |at: usize| tokens.get(at).map_or("", |(_, token)| *token);
    if word(at) == "::" {
        at += 1;
    }
    let line = tokens.get(at).map_or(0, |(line, _)| *line);
    while is_word(word(at)) || word(at) == "*" {
        path.push(word(at));
        at += 1;
        if word(at) != "::" {
            break;
        }
        at += 1;
    }
    if word(at) == "{" {
        while !matches!(word(at), "}" | "") {
            at = spread(tokens, at + 1, path.clone(), found);
        }
        return at + 1;
    }
    found.push(Named { line, path });
    if word(at) == "as" { at + 2 } else { at }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// Words, `::`, and every other character by itself, each with its line.
fn tokens(code: &str) -> Vec<(usize, &str)> {
    let (mut tokens, mut line, mut rest) = (Vec::new(), 1, code);
    while let Some(first) = rest.chars().next() {
        let length = match rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len()) {
            0 if rest.starts_with("::") => 2,
            0 => first.len_utf8(),
            word => word,
        };
        if first == '\n' {
            line += 1;
        } else if !first.is_whitespace() {
            tokens.push((line, &rest[..length]));
        }
        rest = &rest[length..];
    }
    tokens
}

/// The text without comments, texts and what is only compiled for tests; line breaks stay where they are.
fn code(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let (mut code, mut at) = (String::with_capacity(text.len()), 0);
    while at < chars.len() {
        let length = match &chars[at..] {
            rest @ ['/', '/', ..] => rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()),
            rest @ ['/', '*', ..] => rest.windows(2).position(|pair| pair == ['*', '/']).map_or(rest.len(), |end| end + 2),
            rest @ ['"', ..] => quoted(rest, '"'),
            rest @ (['\'', '\\', ..] | ['\'', _, '\'', ..]) => quoted(rest, '\''),
            rest @ ['r', '"' | '#', ..] => raw(rest),
            _ => 0,
        };
        let blank = chars[at..at + length].iter().map(|c| if *c == '\n' { '\n' } else { ' ' });
        code.extend(blank);
        code.extend(chars.get(at).filter(|_| length == 0));
        at += length.max(1);
    }
    while let Some(from) = code.find("#[cfg(test)]") {
        let rest = &code[from..];
        let begin = rest.find(['{', ';']).unwrap_or(rest.len());
        let mut depth = 0;
        let end = rest[begin..].find(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            depth == 0
        });
        let end = from + begin + end.map_or(rest.len() - begin, |end| end + 1);
        let blank: String = code[from..end].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
        code.replace_range(from..end, &blank);
    }
    code
}

/// How long a literal in quotes is.
fn quoted(rest: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// How long a raw string is; 0 for a raw identifier.
fn raw(rest: &[char]) -> usize {
    let hashes = rest[1..].iter().take_while(|c| **c == '#').count();
    if rest.get(1 + hashes) != Some(&'"') {
        return 0;
    }
    let body = &rest[2 + hashes..];
    let ends = |at: &usize| body[*at] == '"' && body[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
    (0..body.len()).find(ends).map_or(rest.len(), |end| 2 + hashes + end + 1 + hashes)
}

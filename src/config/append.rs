//! Adding sources to the operator's file, without harm to what stands in it.
//!
//! A person wrote the file: what is there stays as it is, byte for byte, comments and all. What is
//! new is written behind it into a file aside, which takes the place of the old one only after the
//! whole configuration was read with it and had no mistake.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{Mistakes, load_with};
use crate::{
    model::{Source, SourceId},
    text,
};

/// Ids that are derived from words are at most this long, in bytes: it leaves room for a number below the limit of 64.
const LONGEST_ID: usize = 56;

/// Why nothing was added.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The configuration would have mistakes.
    #[error("{} is as it was: with these sources added it could not be read", path.display())]
    Mistakes {
        /// The file.
        path: PathBuf,
        /// The mistakes; their lines are those of the file as it would have been.
        #[source]
        mistakes: Mistakes,
    },
    /// The file can not be replaced.
    #[error("{} can not be written; it is as it was", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
}

/// Adds `[[source]]` blocks to `sources.toml` in a folder, which is made when it is not there, and gives its path.
///
/// `env` and `flags` are those of [`load`](super::load): the file has to be right as it is going to be read.
pub fn append_sources(
    dir: &Path,
    env: impl Iterator<Item = (String, String)>,
    flags: &[(String, String)],
    blocks: &str,
) -> Result<PathBuf, AppendError> {
    let path = dir.join("sources.toml");
    // A link stays a link: the file that it leads to is replaced.
    let path = fs::canonicalize(&path).unwrap_or(path);
    let failed = |cause| AppendError::Io { path: path.clone(), cause };
    let before = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => String::new(),
        Err(cause) => return Err(failed(cause)),
    };
    let gap = match before.as_str() {
        "" => "",
        text if text.ends_with('\n') => "\n",
        _ => "\n\n",
    };
    let after = format!("{before}{gap}{}\n", blocks.trim_end());
    load_with(Some(dir), env, flags, Some(&after)).map_err(|mistakes| AppendError::Mistakes { path: path.clone(), mistakes })?;
    replace(&path, &after).map_err(failed)?;
    Ok(path)
}

/// Puts a text in the place of a file: after a crash there is the old one or the new one, whole.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    let aside = path.with_file_name(name);
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).open(&aside)?;
        file.write_all(text.as_bytes())?;
        if let Ok(old) = fs::metadata(path) {
            file.set_permissions(old.permissions())?;
        }
        file.sync_all()?;
        fs::rename(&aside, path)?;
        path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
    })();
    if written.is_err() {
        // What was begun is of no use to anybody; when it can not be removed either, it does no harm.
        let _ = fs::remove_file(&aside);
    }
    written
}

/// Gives new sources their ids: from words, and no id twice.
#[derive(Debug, Default)]
pub struct Ids {
    taken: HashSet<SourceId>,
    /// The number that the next source of the same words gets.
    next: HashMap<String, u32>,
}

impl Ids {
    /// The ids of these sources are taken.
    pub fn beside(sources: &[Source]) -> Self {
        Self { taken: sources.iter().map(|source| source.id.clone()).collect(), next: HashMap::new() }
    }

    /// An id from the first of these texts that has a letter or digit that an id may have: `OIM México` is `oim-mexico`.
    pub fn give(&mut self, texts: &[&str]) -> Option<SourceId> {
        let words =
            texts.iter().map(|text| text::slug(text, LONGEST_ID)).find(|slug| !slug.is_empty()).unwrap_or_else(|| "source".to_owned());
        let next = self.next.entry(words.clone()).or_insert(1);
        loop {
            let id = if *next == 1 { words.clone() } else { format!("{words}-{next}") };
            *next = next.checked_add(1)?;
            let id: SourceId = id.parse().ok()?;
            if self.taken.insert(id.clone()) {
                return Some(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    #[test]
    fn ids_come_from_words_and_none_is_given_twice() {
        let mut ids = Ids::default();
        let mut give = |words: &[&str]| ids.give(words).unwrap().to_string();
        assert_eq!(give(&["OIM México: noticias", "oim.example"]), "oim-mexico-noticias");
        assert_eq!(give(&["OIM  México — noticias!"]), "oim-mexico-noticias-2");
        assert_eq!(give(&["L'Œuvre d'Émile"]), "loeuvre-demile");
        assert_eq!(give(&["الهجرة", "news.example"]), "news-example");
        assert_eq!(give(&["…", "—"]), "source");
        let long = give(&[&"migration ".repeat(20)]);
        assert_eq!(long, "migration-migration-migration-migration-migration");
        assert_eq!(give(&[&"x".repeat(200)]).len(), LONGEST_ID);
    }

    #[test]
    fn ten_thousand_sources_of_one_name_take_no_time() {
        let mut ids = Ids::default();
        let last = (0..10_000).map(|_| ids.give(&["news"]).unwrap()).last().unwrap();
        assert_eq!(last.as_str(), "news-10000");
    }
}

//! `tributary eval --groups`: how well items that tell one story are told from those that do not.
//!
//! A line is a group: `exact`, `url`, `edited` and `translation` say that its items tell one story, `distinct` that no
//! two of them do. Pairs are counted within each group only, and each group is put on a shelf of its own.

use std::{
    collections::BTreeMap,
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Failure,
    dedup::Telling,
    lines,
    shelf::{Place, Shelf},
    table,
};
use crate::{
    classify::{Classifier, eval::Tally},
    model::{Item, Labels, Lang, Second},
};

#[derive(Debug, Deserialize)]
struct Group {
    group: String,
    kind: Kind,
    items: Vec<Telling>,
}

/// What the items of a group are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// The same text elsewhere.
    Exact,
    /// The same address written differently.
    Url,
    /// Another version of one text.
    Edited,
    /// The same in another language.
    Translation,
    /// Different stories, however alike.
    Distinct,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Url => "url",
            Self::Edited => "edited",
            Self::Translation => "translation",
            Self::Distinct => "distinct",
        }
    }
}

/// How a set of groups was told apart.
#[derive(Debug, Default)]
pub struct Score {
    /// Pairs in one language, and in two.
    pairs: Tally,
    translations: Tally,
    /// Of each kind, pairs in one story and pairs apart.
    kinds: BTreeMap<Kind, (u32, u32)>,
    /// Translations in one story that are editions of their own.
    editions: u32,
    mistakes: Vec<Mistake>,
}

/// A pair that was told wrongly.
#[derive(Debug, Serialize)]
struct Mistake {
    group: String,
    kind: Kind,
    joined: bool,
    titles: [String; 2],
    why: String,
}

/// An item where it was put.
struct Put {
    title: String,
    lang: Lang,
    place: Place,
}

impl Score {
    /// The figures that can be asked for.
    pub fn figures(&self) -> BTreeMap<String, f64> {
        let of = |name: &str, tally: &Tally| {
            [("", tally.f1()), ("-precision", tally.precision()), ("-recall", tally.recall())]
                .map(|(end, figure)| (format!("{name}{end}"), figure))
        };
        of("pairs", &self.pairs).into_iter().chain(of("translations", &self.translations)).collect()
    }

    fn count(&mut self, group: &Group, put: &[Put]) {
        for (n, one) in put.iter().enumerate() {
            for other in &put[n + 1..] {
                let joined = one.place.story == other.place.story;
                let tally =
                    if group.kind == Kind::Translation || one.lang != other.lang { &mut self.translations } else { &mut self.pairs };
                let is_right = joined != (group.kind == Kind::Distinct);
                match (group.kind, joined) {
                    (Kind::Distinct, true) => tally.false_hits += 1,
                    (Kind::Distinct, false) => {}
                    (_, true) => tally.hits += 1,
                    (_, false) => tally.misses += 1,
                }
                let told = self.kinds.entry(group.kind).or_default();
                *(if joined { &mut told.0 } else { &mut told.1 }) += 1;
                self.editions += u32::from(joined && group.kind == Kind::Translation && one.place.edition != other.place.edition);
                if !is_right {
                    let refused = one.place.refused.iter().chain(&other.place.refused).map(|refusal| refusal.why.clone());
                    let why = if joined { vec![one.place.why.clone(), other.place.why.clone()] } else { refused.collect() };
                    self.mistakes.push(Mistake {
                        group: group.group.clone(),
                        kind: group.kind,
                        joined,
                        titles: [one.title.clone(), other.title.clone()],
                        why: why.join("; "),
                    });
                }
            }
        }
    }

    /// A table for people, and each mistake if that is asked for.
    pub fn tell(&self, out: &mut impl Write, errors: bool) -> io::Result<()> {
        let rows: Vec<Vec<String>> = [("in one language", &self.pairs), ("in two languages", &self.translations)]
            .map(|(name, tally)| {
                let figures = [tally.precision(), tally.recall(), tally.f1()].map(|figure| format!("{figure:.3}"));
                let counts = [tally.hits, tally.false_hits, tally.misses].map(|count| count.to_string());
                [name.to_owned()].into_iter().chain(figures).chain(counts).collect()
            })
            .to_vec();
        table::print(out, &["pairs", "P", "R", "F1", "hits", "false", "missed"], &rows)?;
        writeln!(out)?;
        let rows: Vec<Vec<String>> =
            self.kinds.iter().map(|(kind, (joined, apart))| vec![kind.name().to_owned(), joined.to_string(), apart.to_string()]).collect();
        table::print(out, &["kind", "in one story", "apart"], &rows)?;
        writeln!(out, "\n{} translations in one story are editions of their own", self.editions)?;
        for mistake in self.mistakes.iter().filter(|_| errors) {
            let what = if mistake.joined { "wrongly joined" } else { "missed" };
            writeln!(out, "\n{} ({}): {what}\n    {}\n    {}", mistake.group, mistake.kind.name(), mistake.titles[0], mistake.titles[1])?;
            if !mistake.why.is_empty() {
                writeln!(out, "    {}", mistake.why)?;
            }
        }
        Ok(())
    }

    /// The same as one object.
    pub fn in_json(&self, errors: bool) -> Value {
        let kinds: BTreeMap<&str, Value> =
            self.kinds.iter().map(|(kind, (joined, apart))| (kind.name(), json!({ "in_one_story": joined, "apart": apart }))).collect();
        let mut whole = json!({ "figures": self.figures(), "kinds": kinds, "own_editions": self.editions });
        if errors {
            whole["errors"] = json!(self.mistakes);
        }
        whole
    }
}

/// Reads groups, puts each on a shelf of its own, and counts.
pub fn score(files: &[PathBuf], classifier: &Classifier) -> Result<Score, Failure> {
    let mut score = Score::default();
    for file in files {
        for (number, line) in BufReader::new(lines::open(file)?).lines().enumerate() {
            let line = line.map_err(Failure::io(format!("{} can not be read", file.display())))?;
            if !line.trim().is_empty() {
                let mut group: Group = serde_json::from_str(&line).map_err(|error| wrong(file, number, &error))?;
                let put = put(std::mem::take(&mut group.items), classifier);
                score.count(&group, &put);
            }
        }
    }
    if score.kinds.is_empty() { Err(Failure::Misuse(format!("there are no pairs to score\n{FORM}"))) } else { Ok(score) }
}

const FORM: &str = r#"a group is one line such as {"group": "g1", "kind": "edited", "items": [{"title": "…", "url": "…", "source": "…", "published": "2026-05-01"}, …]}; kinds are exact, url, edited, translation, distinct"#;

fn wrong(file: &Path, number: usize, error: &serde_json::Error) -> Failure {
    Failure::Misuse(format!("{}:{}: {error}\n{FORM}", file.display(), number + 1))
}

/// Puts the items of one group in their order; all are seen when the last of them was published.
fn put(items: Vec<Telling>, classifier: &Classifier) -> Vec<Put> {
    let items: Vec<_> = items.into_iter().filter_map(|telling| telling.item(classifier)).collect();
    let now = items.iter().filter_map(|(item, _)| item.published).max().unwrap_or(Second::EPOCH);
    let mut shelf = Shelf::default();
    let put = |(item, labels): (Item, Labels)| {
        let (title, lang) = (item.title.clone(), labels.lang.value);
        Put { title, lang, place: shelf.put(item, labels, now) }
    };
    let mut put: Vec<Put> = items.into_iter().map(put).collect();
    put.iter_mut().for_each(|put| put.place.story = shelf.told_in(put.place.story));
    put
}

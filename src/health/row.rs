//! What is told of a source, field by field: one row for programs, from which tables and pages are made.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{Finding, health, last_news};
use crate::{
    model::{Fault, History, Ids, Moved, Outcome, Second, Source, SourceId, SourceState, Standing},
    schedule, text,
};

/// All that is told of one source. What is not known is `null`; times are UTC.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Its id.
    pub source: SourceId,
    /// The publisher's name.
    pub title: String,
    /// The address that is configured.
    pub url: String,
    /// `standing`, `since`, `sentence`, `try`: the worst that holds.
    #[serde(flatten)]
    pub leading: Finding,
    /// What holds beside it, in the same form.
    pub also: Vec<Finding>,
    /// What else is worth knowing, in sentences.
    pub notes: Vec<String>,
    /// The kind of trouble at the last look.
    pub fault: Option<Fault>,
    /// The same in words.
    pub trouble: Option<String>,
    /// Looks in a row that failed.
    pub failures: u32,
    /// When it was last asked.
    pub asked: Option<Second>,
    /// When it last answered well.
    pub answered: Option<Second>,
    /// When it last had something new: to the day, for what was old when it was first seen.
    pub newest: Option<Second>,
    /// When it is asked next; `null` when that is now, or never.
    pub next: Option<Second>,
    /// Not to be asked before this, by the publisher's word or by back-off.
    pub not_before: Option<Second>,
    /// Items in its last document.
    pub items: u32,
    /// New items a week, of late, to a tenth.
    pub items_per_week: f64,
    /// Usual days between days with something new.
    pub usual_gap_days: Option<u64>,
    /// A permanent redirect: `to`, `since`, `seen`.
    pub moved: Option<Moved>,
    /// What had to be mended in its last document.
    pub repaired: Vec<String>,
    /// What its ids are worth, when they are not what ids should be.
    pub ids: Option<Ids>,
    /// The operator's or editor's note.
    pub note: Option<String>,
}

/// How many sources stand how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// How many there are.
    pub sources: usize,
    /// How many of each standing, the worst first; those without any are left out.
    pub standings: Vec<(Standing, usize)>,
}

/// The past of a source as it is told.
#[derive(Debug, Clone, Copy)]
pub struct Past<'a>(pub &'a History);

/// A row for each source, by id.
pub fn rows(sources: &BTreeMap<SourceId, Arc<Source>>, states: &BTreeMap<SourceId, SourceState>, now: Second) -> Vec<Row> {
    sources.values().map(|source| Row::of(source, states.get(&source.id), now)).collect()
}

impl Row {
    /// What is told of a source.
    pub fn of(source: &Source, state: Option<&SourceState>, now: Second) -> Self {
        let health = health(source, state, now);
        // What was learned about another address is no trouble of this one.
        let known = state.filter(|state| state.url == source.url.as_str());
        Self {
            source: source.id.clone(),
            title: source.title.clone(),
            url: source.url.to_string(),
            leading: health.leading,
            also: health.also,
            notes: health.notes,
            fault: known.and_then(|state| state.fault),
            trouble: known.and_then(|state| state.trouble.clone()),
            failures: known.map_or(0, |state| state.failures),
            asked: state.map(|state| state.asked),
            answered: state.and_then(|state| state.answered),
            newest: state.and_then(|state| last_news(state, now)),
            next: schedule::due(source, state, now).filter(|next| *next > now),
            not_before: known.and_then(|state| state.not_before),
            items: state.map_or(0, |state| state.items),
            items_per_week: state.map_or(0.0, |state| (f64::from(state.rhythm.items_per_week(now)) * 10.0).round() / 10.0),
            usual_gap_days: state.and_then(|state| state.rhythm.usual_gap()).map(|gap| gap.as_secs() / 86_400),
            moved: known.and_then(|state| state.moved.clone()),
            repaired: known.map(|state| state.repaired.clone()).unwrap_or_default(),
            ids: known.and_then(|state| state.ids),
            note: source.note.clone(),
        }
    }

    /// The same for everybody to see: addresses without names, passwords and queries, which can hold keys.
    #[must_use]
    pub fn for_everybody(self) -> Self {
        let hide = |text: String| text::without_secrets(&text);
        let finding = |finding: Finding| Finding { sentence: hide(finding.sentence), remedy: finding.remedy.map(hide), ..finding };
        Self {
            url: hide(self.url),
            leading: finding(self.leading),
            also: self.also.into_iter().map(finding).collect(),
            notes: self.notes.into_iter().map(hide).collect(),
            trouble: self.trouble.map(hide),
            moved: self.moved.map(|moved| Moved { to: hide(moved.to), ..moved }),
            repaired: self.repaired.into_iter().map(hide).collect(),
            note: self.note.map(hide),
            ..self
        }
    }
}

impl Summary {
    /// Counts rows.
    pub fn of(rows: &[Row]) -> Self {
        Self::count(rows.iter().map(|row| row.leading.standing))
    }

    /// Counts sources by their standings.
    pub fn count(standings: impl IntoIterator<Item = Standing>) -> Self {
        let mut counts: BTreeMap<Standing, usize> = BTreeMap::new();
        for standing in standings {
            *counts.entry(standing).or_default() += 1;
        }
        Self { sources: counts.values().sum(), standings: counts.into_iter().collect() }
    }

    /// "118 sources: 110 fine, 3 failing, 5 off".
    pub fn words(&self) -> String {
        let (fine, rest): (Vec<_>, Vec<_>) = self.standings.iter().partition(|(standing, _)| *standing == Standing::Fine);
        let told: Vec<String> = fine.iter().chain(&rest).map(|(standing, count)| format!("{count} {}", standing.as_str())).collect();
        let noun = if self.sources == 1 { "source" } else { "sources" };
        let colon = if told.is_empty() { "" } else { ": " };
        format!("{} {noun}{colon}{}", self.sources, told.join(", "))
    }
}

impl Serialize for Summary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1 + self.standings.len()))?;
        map.serialize_entry("sources", &self.sources)?;
        for (standing, count) in &self.standings {
            map.serialize_entry(standing, count)?;
        }
        map.end()
    }
}

impl Serialize for Past<'_> {
    /// `looks`: runs of looks that came to the same, the newest first. `troubles`: times of trouble, the newest first.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Look {
            first: Second,
            last: Second,
            looks: u32,
            news: u32,
            fault: Option<Fault>,
        }
        #[derive(Serialize)]
        struct Trouble {
            standing: Standing,
            fault: Fault,
            since: Second,
            until: Option<Second>,
            looks: u32,
        }
        let looks = self.0.runs().iter().rev().map(|run| {
            let (news, fault) = match run.outcome {
                Outcome::Unchanged => (0, None),
                Outcome::News(news) => (news, None),
                Outcome::Fault(fault) => (0, Some(fault)),
            };
            Look { first: run.first, last: run.last, looks: run.looks, news, fault }
        });
        let troubles = self.0.spells().iter().rev().map(|spell| Trouble {
            standing: spell.fault.standing(),
            fault: spell.fault,
            since: spell.since,
            until: spell.until,
            looks: spell.looks,
        });
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("looks", &looks.collect::<Vec<_>>())?;
        map.serialize_entry("troubles", &troubles.collect::<Vec<_>>())?;
        map.end()
    }
}

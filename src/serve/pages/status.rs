//! How the sources are, for people: the worst first.

use std::collections::BTreeMap;

use askama::Template;

use super::{
    Frame, Place, Ui,
    kept::{self, Kept},
    told::{Time, number, tenths},
    words::{self, fill},
};
use crate::{
    health::{Finding, Row, Summary},
    model::{History, Lang, Outcome, Second, SourceId, Standing},
    serve::{Configuration, Publishing},
};

/// Rows of troubled sources on the page at most; JSON has all of them.
const TROUBLED: usize = 300;
/// Rows of other sources on the page at most.
const OTHERS: usize = 200;
/// Bars of the picture of the last looks, and the room of each.
const BARS: usize = 20;
const STEP: usize = 5;
/// Its height.
const HEIGHT: u32 = 16;

/// A standing, how many have it, and the page of those alone.
struct Tab {
    to: String,
    name: &'static str,
    count: String,
    standing: &'static str,
    is_here: bool,
}

/// One thing that holds of a source.
struct Told<'a> {
    standing: &'static str,
    name: &'static str,
    sentence: String,
    /// What was written down of it in English, where the sentence is in another language.
    detail: Option<&'a str>,
    remedy: Option<Kept>,
}

/// One source.
struct Source<'a> {
    id: &'a str,
    title: &'a str,
    to: String,
    leading: Told<'a>,
    also: Vec<Told<'a>>,
    notes: Vec<Kept>,
    times: Vec<(&'static str, Time)>,
    rate: Option<String>,
    /// Bars of looks that answered, and of those that did not, as SVG paths.
    looks: [String; 2],
}

struct Section<'a> {
    name: &'static str,
    sources: Vec<Source<'a>>,
    left_out: Option<String>,
}

#[derive(Template)]
#[template(path = "status.html")]
struct Page<'a> {
    frame: Frame<'a>,
    summary: String,
    tabs: Vec<Tab>,
    mistakes: &'a [String],
    kept_since: String,
    waiting: &'a [String],
    sections: Vec<Section<'a>>,
    json: String,
    feed: String,
    view: String,
}

/// What is known of all sources, and which of them are asked for.
pub(in crate::serve) struct Known<'a> {
    pub(in crate::serve) rows: &'a [Row],
    pub(in crate::serve) histories: &'a BTreeMap<SourceId, History>,
    pub(in crate::serve) configuration: &'a Configuration,
    /// Those of one standing, or all.
    pub(in crate::serve) only: Option<Standing>,
}

/// The worst first, then by id; only so many.
pub(in crate::serve) fn page(known: &Known<'_>, publishing: &Publishing, ui: Ui) -> String {
    let Known { rows, histories, configuration, only } = known;
    let own = only.map_or_else(|| "status".to_owned(), |only| format!("status?state={}", only.as_str()));
    let w = super::Words::of(ui.lang);
    let frame = Frame::new(publishing, ui, Place::Sources, w.status_title, &own);
    let summary = Summary::of(rows);
    let teller = Teller { frame: &frame, histories };
    let mut sorted: Vec<&Row> = rows.iter().filter(|row| only.is_none_or(|only| row.leading.standing == only)).collect();
    sorted.sort_by_key(|row| (row.leading.standing, &row.source));
    let (troubled, others): (Vec<&Row>, Vec<&Row>) = sorted.into_iter().partition(|row| row.leading.standing.is_trouble());
    let sections = [(w.troubles, troubled, TROUBLED), (w.others, others, OTHERS)];
    let section = |(name, rows, most)| section(name, rows, most, &teller);
    let page = Page {
        summary: words(&summary, &frame),
        tabs: tabs(&summary, *only, &frame),
        mistakes: &configuration.mistakes,
        kept_since: fill(w.has_mistakes, &[&Time::minute(configuration.since, ui.lang).told]),
        waiting: &configuration.waiting,
        sections: sections.into_iter().filter(|(_, rows, _)| !rows.is_empty()).map(section).collect(),
        json: frame.file("status.json"),
        feed: publishing.site.address("status.atom"),
        view: format!("0 0 {} {HEIGHT}", BARS * STEP),
        frame: Frame::new(publishing, ui, Place::Sources, w.status_title, &own),
    };
    page.render().unwrap_or_default()
}

/// So many of these sources, and how many were left out.
fn section<'a>(name: &'static str, rows: Vec<&'a Row>, most: usize, teller: &Teller<'_>) -> Section<'a> {
    let (w, lang) = (teller.frame.w, teller.frame.lang());
    Section {
        name,
        left_out: (rows.len() > most).then(|| fill(w.not_shown, &[&number((rows.len() - most) as u64, lang)])),
        sources: rows.into_iter().take(most).map(|row| teller.source(row)).collect(),
    }
}

/// "118 sources: 110 fine, 3 failing, 5 off".
fn words(summary: &Summary, frame: &Frame<'_>) -> String {
    let (w, lang) = (frame.w, frame.lang());
    let count = |count: usize| number(count as u64, lang);
    let all = if summary.sources == 1 { w.one_source.to_owned() } else { fill(w.many_sources, &[&count(summary.sources)]) };
    let (fine, rest): (Vec<_>, Vec<_>) = summary.standings.iter().partition(|(standing, _)| *standing == Standing::Fine);
    let told: Vec<String> = fine.iter().chain(&rest).map(|(standing, n)| format!("{} {}", count(*n), w.standing(*standing))).collect();
    if told.is_empty() { all } else { format!("{all}: {}", told.join(", ")) }
}

fn tabs(summary: &Summary, only: Option<Standing>, frame: &Frame<'_>) -> Vec<Tab> {
    let all = Tab {
        to: frame.to("status"),
        name: frame.w.all,
        count: number(summary.sources as u64, frame.lang()),
        standing: "all",
        is_here: only.is_none(),
    };
    let tab = |(standing, count): &(Standing, usize)| Tab {
        to: frame.to(&format!("status?state={}", standing.as_str())),
        name: frame.w.standing(*standing),
        count: number(*count as u64, frame.lang()),
        standing: standing.as_str(),
        is_here: only == Some(*standing),
    };
    std::iter::once(all).chain(summary.standings.iter().map(tab)).collect()
}

struct Teller<'a> {
    frame: &'a Frame<'a>,
    histories: &'a BTreeMap<SourceId, History>,
}

impl Teller<'_> {
    fn source<'a>(&self, row: &'a Row) -> Source<'a> {
        let (w, lang) = (self.frame.w, self.frame.lang());
        let is_off = row.leading.standing == Standing::Off;
        let times = [(w.last_answer, row.answered), (w.last_news, row.newest), (w.next_look, row.next)];
        let times = times.into_iter().filter_map(|(what, at)| Some((what, Time::minute(at?, lang))));
        Source {
            id: row.source.as_str(),
            title: &row.title,
            to: self.frame.to(&format!("feed/source/{}", row.source)),
            leading: self.finding(row, &row.leading),
            also: row.also.iter().map(|finding| self.finding(row, finding)).collect(),
            notes: row.notes.iter().map(|note| kept::told(note, lang)).collect(),
            times: times.filter(|_| !is_off).collect(),
            rate: (row.items_per_week > 0.0 && !is_off).then(|| fill(w.new_a_week, &[&tenths(row.items_per_week, lang)])),
            looks: self.histories.get(&row.source).map(looks).unwrap_or_default(),
        }
    }

    fn finding<'a>(&self, row: &Row, finding: &'a Finding) -> Told<'a> {
        let (w, lang) = (self.frame.w, self.frame.lang());
        let is_english = lang == Lang::EN;
        Told {
            standing: finding.standing.as_str(),
            name: w.standing(finding.standing),
            sentence: if is_english { finding.sentence.clone() } else { self.sentence(row, finding) },
            detail: Some(finding.sentence.as_str()).filter(|_| !is_english && finding.standing.is_trouble()),
            remedy: finding.remedy.as_ref().map(|remedy| kept::told(remedy, lang)),
        }
    }

    /// What holds, in a language that it was not written down in.
    fn sentence(&self, row: &Row, finding: &Finding) -> String {
        let w = self.frame.w;
        let told = match (finding.standing, row.fault) {
            (Standing::Fine, _) => fill(w.answers, &[&number(u64::from(row.items), self.frame.lang())]),
            (Standing::Off, _) => w.says_off.to_owned(),
            (Standing::New, _) => w.says_new.to_owned(),
            (Standing::Silent, _) => w.says_silent.to_owned(),
            (Standing::Moved, _) => w.says_moved.to_owned(),
            (Standing::Repaired, _) => w.says_repaired.to_owned(),
            (Standing::Gone, _) => w.fault_gone.to_owned(),
            (_, Some(fault)) => w.fault(fault).to_owned(),
            (_, None) => w.fault_other.to_owned(),
        };
        match finding.since {
            Some(since) => format!("{told}; {}", fill(w.so_since, &[&self.minute(since)])),
            None => told,
        }
    }

    fn minute(&self, at: Second) -> String {
        Time::minute(at, self.frame.lang()).told
    }
}

/// The last looks as two paths, the newest at the right: those that answered, and those that did not.
fn looks(history: &History) -> [String; 2] {
    let runs = history.runs();
    let last = &runs[runs.len().saturating_sub(BARS)..];
    let mut paths = [String::new(), String::new()];
    for (n, run) in last.iter().enumerate() {
        let (height, at) = match run.outcome {
            Outcome::Unchanged => (2, 0),
            Outcome::News(news) => (4 + 2 * news.min((HEIGHT - 4) / 2), 0),
            Outcome::Fault(_) => (HEIGHT, 1),
        };
        let x = (BARS - last.len() + n) * STEP;
        paths[at].push_str(&format!("M{x} {HEIGHT}v-{height}h{}v{height}z", STEP - 1));
    }
    paths
}

//! How many stories there are week by week, for each topic and each source.

use std::cmp::Reverse;

use askama::Template;
use chrono::{Datelike, Days, NaiveDate};

use super::{
    Frame, Place, Ui, Words,
    form::{self, Choice, Filled},
    map::cell,
    told::number,
    words::fill,
};
use crate::{
    model::{About, Filed, Filter, Second, Window},
    publish,
    serve::{App, Asked},
    store::StoreError,
};

/// Weeks that are told: half a year.
const WEEKS: usize = 26;
/// Sources that are told at most: those that told most.
const SOURCES: usize = 60;
/// Stories of one line are counted up to this.
const COUNTED: usize = 1_000_000;
/// The height of a picture, and the room of a week in it.
const HEIGHT: u64 = 40;
const STEP: u64 = 6;
const WEEK: i64 = 7 * 86_400;

/// What is counted, by slug or id, with how many there are in each week.
type Lines = Vec<(String, Vec<u64>)>;

/// One line of a section: a topic or a source.
struct Line {
    name: String,
    to: String,
    /// In all.
    told: String,
    /// By week, the present one last; nothing for none.
    weeks: Vec<String>,
    /// The bars as an SVG path.
    bars: String,
    /// The present week's bar.
    present: String,
}

/// Lines of one kind, which have one scale.
struct Section {
    name: &'static str,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "trends.html")]
struct Trends<'a> {
    frame: Frame<'a>,
    wording: Option<String>,
    lead: String,
    topics: Vec<Choice>,
    countries: Vec<Choice>,
    also: Option<String>,
    weeks: Vec<String>,
    sections: Vec<Section>,
    csv: String,
    view: String,
}

/// The Mondays of the weeks that are told.
fn mondays(today: NaiveDate) -> Vec<NaiveDate> {
    let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
    (0..WEEKS as u64).rev().map(|weeks| monday - Days::new(7 * weeks)).collect()
}

impl App {
    /// Topics and sources of a filter that have any story in these weeks, with how many in each; most first.
    fn by_week(&self, filter: &Filter, mondays: &[NaiveDate]) -> Result<[Lines; 2], StoreError> {
        let Some(first) = mondays.first().map(|day| Second::begin_of(*day)) else { return Ok([Vec::new(), Vec::new()]) };
        let window = filter.window((self.clock)());
        let window = Window { from: window.from.max(Some(first)), ..window };
        let weeks = |about: About| {
            let places = filter.and(&about.into()).map_or_else(|_| Ok(Vec::new()), |filter| self.store.places(&filter, window, COUNTED))?;
            let mut weeks = vec![0; mondays.len()];
            for at in places {
                let week = usize::try_from((at.unix() - first.unix()) / WEEK).unwrap_or(usize::MAX);
                // What stands ahead of now belongs to the present week.
                weeks[week.min(mondays.len() - 1)] += 1;
            }
            Ok::<_, StoreError>(weeks)
        };
        let counts = self.store.counts();
        let topics = counts.topics.into_keys();
        let topics = topics.map(|slug| Ok((slug.to_string(), weeks(About { topics: [Filed::Under(slug)].into(), ..About::default() })?)));
        let mut busy: Vec<_> = counts.sources.into_iter().collect();
        busy.sort_by_key(|(_, count)| Reverse(*count));
        busy.truncate(SOURCES);
        let sources = busy.into_iter().map(|(id, _)| Ok((id.to_string(), weeks(About { sources: [id].into(), ..About::default() })?)));
        let lines: [Result<Lines, StoreError>; 2] = [topics.collect(), sources.collect()];
        let [topics, sources] = lines;
        let sorted = |mut lines: Lines| {
            let total = |weeks: &[u64]| weeks.iter().sum::<u64>();
            lines.retain(|(_, weeks)| total(weeks) > 0);
            lines.sort_by(|one, other| total(&other.1).cmp(&total(&one.1)).then(one.0.cmp(&other.0)));
            lines
        };
        Ok([sorted(topics?), sorted(sources?)])
    }

    /// Trends as a page.
    pub(in crate::serve) fn trends(&self, asked: &Asked, filled: &Filled, ui: Ui) -> Result<Vec<u8>, StoreError> {
        let publishing = self.publishing.load_full();
        let mondays = mondays((self.clock)().day());
        let [topics, sources] = self.by_week(&asked.filter, &mondays)?;
        let query = form::query(form::pairs(asked, &publishing).iter().map(|(key, value)| (*key, value.as_str())));
        let own = if query.is_empty() { "trends".to_owned() } else { format!("trends?{query}") };
        let frame = Frame::new(&publishing, ui, Place::Trends, Words::of(ui.lang).trends_title, &own);
        let (w, lang, names) = (frame.w, ui.lang, &publishing.names);
        let topic = |slug: &str| slug.parse().ok().and_then(|slug| names.topics.get(&slug)).map(|names| names.in_lang(lang).to_owned());
        let source = |id: &str| id.parse().ok().and_then(|id| publishing.sources.get(&id)).map(|card| card.title.clone());
        let sections = [section("topic", w.by_topic, topics, topic, &frame), section("source", w.sources_active, sources, source, &frame)];
        let counts = self.store.counts();
        let weeks: Vec<String> = mondays.iter().map(|day| publish::day(*day, lang)).collect();
        let page = Trends {
            wording: form::wording(asked, &frame),
            lead: fill(w.trends_lead, &[&WEEKS.to_string()]),
            topics: form::choices("topic", &filled.all("topic"), &counts, &frame),
            countries: form::choices("country", &filled.all("country"), &counts, &frame),
            also: filled.one("also").map(str::to_owned),
            weeks,
            sections: sections.into_iter().filter(|section| !section.lines.is_empty()).collect(),
            csv: frame.file(&if query.is_empty() { "trends.csv".to_owned() } else { format!("trends.csv?{query}") }),
            view: format!("0 0 {} {HEIGHT}", WEEKS as u64 * STEP),
            frame,
        };
        Ok(page.render().unwrap_or_default().into_bytes())
    }

    /// The same numbers for programs: `kind,slug,week,stories`, a line for each week, named by its Monday.
    pub(in crate::serve) fn trends_csv(&self, asked: &Asked) -> Result<Vec<u8>, StoreError> {
        let mondays = mondays((self.clock)().day());
        let [topics, sources] = self.by_week(&asked.filter, &mondays)?;
        let mut csv = "kind,slug,week,stories\n".to_owned();
        for (kind, lines) in [("topic", topics), ("source", sources)] {
            for (slug, weeks) in lines {
                for (monday, count) in mondays.iter().zip(weeks) {
                    csv.push_str(&format!("{kind},{},{monday},{count}\n", cell(&slug)));
                }
            }
        }
        Ok(csv.into_bytes())
    }
}

fn section(key: &'static str, name: &'static str, lines: Lines, named: impl Fn(&str) -> Option<String>, frame: &Frame<'_>) -> Section {
    let most = lines.iter().flat_map(|(_, weeks)| weeks).copied().max().unwrap_or(1).max(1);
    let line = |(slug, weeks): (String, Vec<u64>)| {
        let last = weeks.len().saturating_sub(1);
        Line {
            name: named(&slug).unwrap_or_else(|| slug.clone()),
            to: frame.to(&format!("feed/{key}/{slug}")),
            told: number(weeks.iter().sum(), frame.lang()),
            bars: bars(&weeks[..last], 0, most),
            present: bars(&weeks[last..], last as u64, most),
            weeks: weeks.iter().map(|count| if *count == 0 { String::new() } else { number(*count, frame.lang()) }).collect(),
        }
    };
    Section { name, lines: lines.into_iter().map(line).collect() }
}

/// Bars from a place on, as an SVG path; a week without stories has none, and one with any can be seen.
fn bars(weeks: &[u64], from: u64, most: u64) -> String {
    let bar = |(n, count): (usize, &u64)| {
        let height = (count * HEIGHT).div_ceil(most).clamp(2, HEIGHT);
        (*count > 0).then(|| format!("M{} {HEIGHT}v-{height}h{}v{height}z", (from + n as u64) * STEP, STEP - 1))
    };
    weeks.iter().enumerate().filter_map(bar).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn weeks_begin_on_monday_and_the_present_one_is_last() {
        let told = mondays("2020-09-13".parse().unwrap());
        assert_eq!((told.len(), told[WEEKS - 1].to_string(), told[0].to_string()), (26, "2020-09-07".into(), "2020-03-16".into()));
        assert_eq!(mondays("2020-09-14".parse().unwrap())[WEEKS - 1].to_string(), "2020-09-14");
    }

    #[test]
    fn a_bar_is_as_high_as_its_share() {
        assert_eq!(bars(&[0, 1, 50, 100], 2, 100), "M18 40v-2h5v2zM24 40v-20h5v20zM30 40v-40h5v40z");
    }
}

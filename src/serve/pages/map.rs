//! The map: how many stories are about each country.

use askama::Template;

use super::{
    Frame, Place, Ui, Words,
    form::{self, Choice, Filled},
    told::number,
    words::fill,
    world::{self, SHAPES, Shape},
};
use crate::{
    model::{About, CountryCode, Filed, Filter, Window},
    serve::{App, Asked, Publishing},
    store::StoreError,
};

/// Stories of one country are counted up to this.
const COUNTED: usize = 1_000_000;
/// Shades of the map, from few stories to many.
const SHADES: u8 = 5;
/// How far back a picture looks where nobody says otherwise.
pub(super) const USUAL: &str = "P30D";

/// A country and its stories.
struct Counted {
    code: CountryCode,
    name: String,
    to: String,
    count: u64,
    told: String,
}

/// A country as it is drawn.
struct Drawn<'a> {
    shape: &'a Shape,
    shade: u8,
    to: Option<String>,
    title: String,
}

/// A shade, and the numbers it stands for.
struct Shade {
    shade: u8,
    told: String,
}

#[derive(Template)]
#[template(path = "map.html")]
struct Map<'a> {
    frame: Frame<'a>,
    wording: Option<String>,
    periods: Vec<Choice>,
    topics: Vec<Choice>,
    also: Option<String>,
    drawn: Vec<Drawn<'a>>,
    shades: Vec<Shade>,
    window: &'static str,
    rows: Vec<Counted>,
    none: Option<String>,
    csv: String,
}

/// The periods that can be chosen, the chosen one marked.
pub(super) fn periods(since: &str, w: &Words) -> Vec<Choice> {
    let all = [("P7D", w.last_week), ("P30D", w.last_month), ("P90D", w.last_quarter), ("P365D", w.last_year), ("all", w.all_time)];
    let choice = |(value, name): (&str, &str)| Choice {
        value: value.to_owned(),
        name: name.to_owned(),
        is_chosen: value == since,
        count: 0,
        told: String::new(),
    };
    all.map(choice).into()
}

impl App {
    /// How many stories of a filter are about each country, most first; and how many about none.
    fn by_country(&self, filter: &Filter, window: Window) -> Result<(Vec<(CountryCode, u64)>, u64), StoreError> {
        let about = |country: Filed<CountryCode>| {
            let wish = About { countries: [country].into(), ..About::default() };
            let Ok(filter) = filter.and(&wish.into()) else { return Ok(0) };
            Ok::<_, StoreError>(self.store.places(&filter, window, COUNTED)?.len() as u64)
        };
        let countries = self.store.counts().countries;
        let counts = countries.into_keys().map(|code| Ok((code, about(Filed::Under(code))?)));
        let mut counts = counts.collect::<Result<Vec<(CountryCode, u64)>, StoreError>>()?;
        counts.retain(|(_, count)| *count > 0);
        counts.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(&other.0)));
        Ok((counts, about(Filed::Nowhere)?))
    }

    /// The map as a page.
    pub(in crate::serve) fn map(&self, asked: &Asked, filled: &Filled, ui: Ui) -> Result<Vec<u8>, StoreError> {
        let publishing = self.publishing.load_full();
        let (counts, none) = self.by_country(&asked.filter, asked.filter.window((self.clock)()))?;
        let rest = rest_of(asked, &publishing);
        let query = form::query(form::pairs(asked, &publishing).iter().map(|(key, value)| (*key, value.as_str())));
        let own = if query.is_empty() { "map?since=all".to_owned() } else { format!("map?{query}") };
        let frame = Frame::new(&publishing, ui, Place::Map, Words::of(ui.lang).map_title, &own);
        let (w, lang) = (frame.w, ui.lang);
        let most = counts.first().map_or(0, |(_, count)| *count);
        let mark = if rest.is_empty() { "" } else { "?" };
        let row = |(code, count): &(CountryCode, u64)| Counted {
            code: *code,
            name: publishing.names.countries.get(code).map_or(code.as_str(), |names| names.in_lang(lang)).to_owned(),
            to: frame.to(&format!("feed/country/{}{mark}{rest}", code.as_str().to_ascii_lowercase())),
            count: *count,
            told: number(*count, lang),
        };
        let rows: Vec<Counted> = counts.iter().map(row).collect();
        let drawn = |shape: &'static Shape| {
            let row = rows.iter().find(|row| row.code == shape.code);
            Drawn {
                shape,
                shade: row.map_or(0, |row| shade(row.count, most)),
                to: row.map(|row| row.to.clone()),
                title: row.map(|row| format!("{}: {}", row.name, frame.stories(row.count))).unwrap_or_default(),
            }
        };
        let page = Map {
            wording: form::wording(asked, &frame),
            periods: periods(filled.one("since").unwrap_or(USUAL), w),
            topics: form::choices("topic", &filled.all("topic"), &self.store.counts(), &frame),
            also: filled.one("also").map(str::to_owned),
            drawn: SHAPES.iter().map(drawn).collect(),
            shades: shades(most, lang),
            window: world::WINDOW,
            none: (none > 0).then(|| fill(w.no_country, &[&frame.stories(none)])),
            csv: frame.file(&format!("map.csv?{query}")),
            rows,
            frame,
        };
        Ok(page.render().unwrap_or_default().into_bytes())
    }

    /// The same numbers for programs: `code,name,stories`, most first; `none` for those about no country.
    pub(in crate::serve) fn map_csv(&self, asked: &Asked) -> Result<Vec<u8>, StoreError> {
        let publishing = self.publishing.load();
        let (counts, none) = self.by_country(&asked.filter, asked.filter.window((self.clock)()))?;
        let mut csv = "code,name,stories\n".to_owned();
        for (code, count) in counts {
            let name = publishing.names.countries.get(&code).map_or("", |names| &names.en);
            csv.push_str(&format!("{code},{},{count}\n", cell(name)));
        }
        csv.push_str(&format!("none,,{none}\n"));
        Ok(csv.into_bytes())
    }
}

/// What was asked beside the country, as a query.
fn rest_of(asked: &Asked, publishing: &Publishing) -> String {
    let pairs = form::pairs(asked, publishing);
    form::query(pairs.iter().filter(|(key, _)| *key != "country").map(|(key, value)| (*key, value.as_str())))
}

/// A cell of a table with commas (RFC 4180 §2).
pub(super) fn cell(text: &str) -> String {
    if text.contains([',', '"', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// The shade of a number, where shades grow by the same factor: a country with ten times as many is some shades darker.
fn shade(count: u64, most: u64) -> u8 {
    (1..=SHADES).rev().find(|shade| count >= begins(*shade, most)).unwrap_or(1)
}

/// The least number that has a shade.
fn begins(shade: u8, most: u64) -> u64 {
    ((most + 1) as f64).powf(f64::from(shade - 1) / f64::from(SHADES)).ceil() as u64
}

fn shades(most: u64, lang: crate::model::Lang) -> Vec<Shade> {
    let shade = |shade: u8| {
        let (from, to) = (begins(shade, most), if shade == SHADES { most } else { begins(shade + 1, most) - 1 });
        let told = if from == to { number(from, lang) } else { format!("{}–{}", number(from, lang), number(to, lang)) };
        (from <= to && most > 0).then_some(Shade { shade, told })
    };
    (1..=SHADES).filter_map(shade).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_the_shade_that_the_legend_says() {
        for most in [1, 2, 3, 7, 40, 1_000, 123_456] {
            let legend: Vec<(u64, u64, u8)> = (1..=SHADES)
                .map(|shade| (begins(shade, most), if shade == SHADES { most } else { begins(shade + 1, most) - 1 }, shade))
                .filter(|(from, to, _)| from <= to)
                .collect();
            for count in (1..=most.min(2_000)).chain([most]) {
                let told: Vec<u8> =
                    legend.iter().filter(|(from, to, _)| (*from..=*to).contains(&count)).map(|(_, _, shade)| *shade).collect();
                assert_eq!(told, [shade(count, most)], "{count} of {most}: {legend:?}");
            }
        }
    }

    #[test]
    fn a_cell_with_commas_is_quoted() {
        assert_eq!([cell("Chad"), cell("Congo, \"the\"")], ["Chad", "\"Congo, \"\"the\"\"\""]);
    }
}

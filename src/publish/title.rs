//! What a feed holds, in words: its title.
//!
//! "Migrant smuggling or asylum, in Guatemala, not in the United States, in Spanish". The specific words come first, the
//! site last. French and Portuguese choose a preposition by a gender that names do not tell, so that places go without one there.

use chrono::NaiveDate;

use super::{Feed, words};
use crate::{
    model::{About, Ago, Choice, Filed, Filter, FourNames, Lang, When, Words, Zone, choice::Label, words::Phrase},
    text,
};

/// Words in English, Spanish, French and Portuguese.
type Four = [&'static str; 4];

const OR: Four = ["or", "o", "ou", "ou"];
const AND: Four = ["and", "y", "et", "e"];
/// Between things that are left out.
const NOR: Four = ["or", "y", "et", "e"];
const NOT: Four = ["not", "salvo", "sauf", "exceto"];

/// One kind of label, as it is spoken of.
struct Kind {
    /// Before names.
    before: Four,
    /// What nobody filed.
    none: Four,
    /// What somebody filed.
    some: Four,
}

const TOPICS: Kind = Kind {
    before: [""; 4],
    none: ["no topic", "ningún tema", "aucun thème", "nenhum tema"],
    some: ["any topic", "algún tema", "un thème", "algum tema"],
};
const PLACES: Kind = Kind {
    before: ["in", "en", "", ""],
    none: ["no country", "ningún país", "aucun pays", "nenhum país"],
    some: ["any country", "algún país", "un pays", "algum país"],
};
/// There is none without.
const SOURCES: Kind = Kind { before: ["from", "de", "de", "de"], none: [""; 4], some: [""; 4] };

/// How a bound of time is told; `{}` is the time.
struct Bound {
    ago: Four,
    today: Four,
    day: Four,
}

const SINCE: Bound = Bound {
    ago: ["since {} ago", "desde hace {}", "depuis {}", "desde há {}"],
    today: ["since today", "desde hoy", "depuis aujourd'hui", "desde hoje"],
    day: ["since {}", "desde el {}", "depuis le {}", "desde {}"],
};
const UNTIL: Bound = Bound {
    ago: ["until {} ago", "hasta hace {}", "jusqu'à il y a {}", "até há {}"],
    today: ["until today", "hasta hoy", "jusqu'à aujourd'hui", "até hoje"],
    day: ["until {}", "hasta el {}", "jusqu'au {}", "até {}"],
};

/// The title of a feed: the specific words first, the site last.
pub fn title(feed: &Feed<'_>) -> String {
    let days = feed.daily.map(|daily| {
        let days = words::pick(["day by day", "día a día", "jour par jour", "dia a dia"], feed.lang());
        if daily.zone == Zone::default() { days.to_owned() } else { format!("{days} ({})", daily.zone) }
    });
    let words: Vec<String> = holds(feed, feed.lang()).into_iter().chain(days).collect();
    if words.is_empty() {
        return feed.site.title.clone();
    }
    format!("{} — {}", capital(&words.join(", ")), feed.site.title)
}

/// What a feed holds, in the words of one of our languages; nothing for one that holds everything.
pub fn wording(feed: &Feed<'_>, lang: Lang) -> Option<String> {
    let words = holds(feed, lang);
    (!words.is_empty()).then(|| capital(&words.join(", ")))
}

/// The title of a day in a feed: what the feed holds, and when.
pub(super) fn of_day(feed: &Feed<'_>, date: NaiveDate) -> String {
    let words = holds(feed, feed.lang());
    let words = if words.is_empty() { feed.site.title.clone() } else { capital(&words.join(", ")) };
    format!("{words}: {}", words::day(date, feed.lang()))
}

/// What a feed holds, in words.
fn holds(feed: &Feed<'_>, lang: Lang) -> Vec<String> {
    let told = Told { feed, lang };
    let saved = feed.saved.map(|names| names.in_lang(lang).to_owned());
    saved.into_iter().chain(told.filter(feed.own, feed.saved.is_none())).collect()
}

/// A feed told in a language.
struct Told<'a> {
    feed: &'a Feed<'a>,
    lang: Lang,
}

impl Told<'_> {
    fn word(&self, of_four: Four) -> &'static str {
        words::pick(of_four, self.lang)
    }

    /// The wishes of a filter. Where they begin the title, a place or a source needs no preposition.
    fn filter(&self, filter: &Filter, begins: bool) -> Vec<String> {
        let (too_much, filed): (Vec<&About>, Vec<&About>) = filter.any.iter().partition(|about| about.flooded);
        let any = filed.into_iter().chain(too_much).enumerate().map(|(n, about)| self.about(about, begins && n == 0).join(", "));
        let any = self.join(&any.collect::<Vec<_>>(), OR);
        let mut told: Vec<String> = Some(any).filter(|words| !words.is_empty()).into_iter().collect();
        told.extend(self.words(&filter.words, begins && told.is_empty()));
        let langs: Vec<String> = filter.langs.iter().map(|lang| self.language(*lang)).collect();
        if !langs.is_empty() {
            told.push(format!("{} {}", self.word(["in", "en", "en", "em"]), self.join(&langs, OR)));
        }
        let prefer: Vec<String> = filter.prefer.iter().map(|lang| self.language(*lang)).collect();
        if !prefer.is_empty() {
            let before = self.word(["preferably in", "de preferencia en", "de préférence en", "de preferência em"]);
            told.push(format!("{before} {}", prefer.join(&format!(", {} ", self.word(["then", "luego", "puis", "depois"])))));
        }
        told.extend(filter.since.map(|since| self.time(since, &SINCE)));
        told.extend(filter.until.map(|until| self.time(until, &UNTIL)));
        told.extend(filter.per_source.map(|most| {
            let (before, after) =
                (["at most", "como máximo", "au plus", "no máximo"], ["per source", "por fuente", "par source", "por fonte"]);
            format!("{} {most} {}", self.word(before), self.word(after))
        }));
        told
    }

    /// Words that are asked for, in quotes.
    fn words(&self, words: &Words, begins: bool) -> Vec<String> {
        let quoted = |phrase: &Phrase| self.word(["“{}”", "«{}»", "« {} »", "“{}”"]).replace("{}", &phrase.to_string());
        let with: Vec<String> = words.with().map(quoted).collect();
        let without: Vec<String> = words.without().map(quoted).collect();
        let mut told = Vec::new();
        if !with.is_empty() {
            let before = if begins { "" } else { self.word(["with", "con", "avec", "com"]) };
            told.push(spaced(before, &self.join(&with, AND)));
        }
        if !without.is_empty() {
            told.push(spaced(self.word(["without", "sin", "sans", "sem"]), &self.join(&without, ["or", "ni", "ni", "nem"])));
        }
        told
    }

    fn about(&self, about: &About, begins: bool) -> Vec<String> {
        let (names, lang) = (self.feed.names, self.lang);
        let named = |names: Option<&FourNames>, otherwise: &str| names.map_or(otherwise, |names| names.in_lang(lang)).to_owned();
        let place = |name: String, begins: bool| if begins { name } else { self.with_article(name) };
        let mut told: Vec<String> = about.flooded.then(|| words::too_much(lang).to_owned()).into_iter().collect();
        told.extend(self.choice(&about.topics, &TOPICS, false, |topic| match topic {
            Filed::Nowhere => None,
            // Within a sentence a topic is a common noun.
            Filed::Under(slug) => Some(small(&named(names.topics.get(slug), slug.as_str()))),
        }));
        let first = begins && told.is_empty();
        told.extend(self.choice(&about.countries, &PLACES, first, |country| match country {
            Filed::Nowhere => None,
            Filed::Under(code) => Some(place(named(names.countries.get(code), code.as_str()), first)),
        }));
        let first = begins && told.is_empty();
        told.extend(self.choice(&about.regions, &PLACES, first, |slug| Some(place(named(names.regions.get(slug), slug.as_str()), first))));
        let first = begins && told.is_empty();
        told.extend(self.choice(&about.sources, &SOURCES, first, |id| {
            Some(self.feed.sources.get(id).map_or_else(|| id.to_string(), |card| card.title.clone()))
        }));
        told
    }

    /// What is wished of one kind of label, and what is left out; `name` gives nothing for what nobody filed.
    fn choice<L: Label>(&self, choice: &Choice<L>, kind: &Kind, begins: bool, name: impl Fn(&L) -> Option<String>) -> Vec<String> {
        let named = |label: &L| name(label).unwrap_or_else(|| self.word(kind.none).to_owned());
        let wishes: Vec<String> = choice.all().map(|any| self.join(&any.iter().map(named).collect::<Vec<_>>(), OR)).collect();
        let is_plain = choice.all().all(|any| any.len() == 1);
        let together = if is_plain { self.join(&wishes, AND) } else { wishes.join(&format!(", {} ", self.word(AND))) };
        let without: Vec<String> = choice.not().filter_map(&name).collect();
        let has_any = choice.not().any(|label| name(label).is_none()).then(|| self.word(kind.some).to_owned());
        let before = self.word(kind.before);
        let mut told: Vec<String> = Some(together).filter(|words| !words.is_empty()).into_iter().chain(has_any).collect();
        for (n, words) in told.iter_mut().enumerate() {
            if n > 0 || !begins {
                *words = spaced(before, words);
            }
        }
        if !without.is_empty() {
            told.push(spaced(self.word(NOT), &spaced(before, &self.join(&without, NOR))));
        }
        told
    }

    /// A place with its article, where the language wants one.
    fn with_article(&self, name: String) -> String {
        const THE: [&str; 14] = [
            "Bahamas",
            "Caribbean",
            "Comoros",
            "Gambia",
            "Horn of Africa",
            "Maldives",
            "Mediterranean",
            "Middle East",
            "Netherlands",
            "Pacific",
            "Palestinian Territories",
            "Philippines",
            "Sahel",
            "Seychelles",
        ];
        const EL: [&str; 9] = [
            "Caribe",
            "Cuerno de África",
            "Mediterráneo",
            "Norte de Centroamérica",
            "Norte de África",
            "Pacífico",
            "Reino Unido",
            "Sahel",
            "Sudeste Asiático",
        ];
        let is_a_union = || name.starts_with("United ") || name.ends_with(" Islands") || name.ends_with(" Republic");
        match self.lang {
            Lang::EN if THE.contains(&name.as_str()) || is_a_union() => format!("the {name}"),
            Lang::ES if EL.contains(&name.as_str()) => format!("el {name}"),
            _ => name,
        }
    }

    /// Names with a word before the last, commas before the others.
    fn join(&self, names: &[String], word: Four) -> String {
        let Some((last, first)) = names.split_last().filter(|(_, first)| !first.is_empty()) else { return names.concat() };
        let word = self.word(word);
        // Spanish avoids two equal vowels in a row.
        let sound = text::fold(last.trim_start_matches(|c: char| !c.is_alphanumeric()));
        let begins = |sounds: &[&str]| sounds.iter().any(|begin| sound.starts_with(begin));
        let word = match word {
            "o" if self.lang == Lang::ES && begins(&["o", "ho"]) => "u",
            "y" if begins(&["i", "hi"]) && !begins(&["hie"]) => "e",
            word => word,
        };
        format!("{} {word} {last}", first.join(", "))
    }

    fn language(&self, lang: Lang) -> String {
        match lang {
            Lang::EN => self.word(["English", "inglés", "anglais", "inglês"]),
            Lang::ES => self.word(["Spanish", "español", "espagnol", "espanhol"]),
            Lang::FR => self.word(["French", "francés", "français", "francês"]),
            Lang::PT => self.word(["Portuguese", "portugués", "portugais", "português"]),
            other => return other.to_string(),
        }
        .to_owned()
    }

    /// A bound of time.
    fn time(&self, when: When, bound: &Bound) -> String {
        let (form, told) = match when {
            When::Ago(Ago { months: 0, days: 0 }) => (bound.today, String::new()),
            When::Ago(ago) => (bound.ago, self.distance(ago)),
            When::Day(day) => (bound.day, words::day(day, self.lang)),
            When::At(at) => (bound.day, format!("{} {} UTC", words::day(at.day(), self.lang), at.date_time().format("%H:%M:%S"))),
        };
        self.word(form).replace("{}", &told)
    }

    fn distance(&self, ago: Ago) -> String {
        let count = |number: u32, one: Four, many: Four| {
            (number > 0).then(|| format!("{number} {}", self.word(if number == 1 { one } else { many })))
        };
        let months = count(ago.months, ["month", "mes", "mois", "mês"], ["months", "meses", "mois", "meses"]);
        let days = count(ago.days, ["day", "día", "jour", "dia"], ["days", "días", "jours", "dias"]);
        self.join(&months.into_iter().chain(days).collect::<Vec<_>>(), AND)
    }
}

/// Two words with a space between, where there are two.
fn spaced(first: &str, second: &str) -> String {
    if first.is_empty() { second.to_owned() } else { format!("{first} {second}") }
}

/// The text without the capital of its first word, unless that is written in capitals.
fn small(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() => first.to_lowercase().chain(letters).collect(),
        _ => text.to_owned(),
    }
}

/// The text with a capital.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

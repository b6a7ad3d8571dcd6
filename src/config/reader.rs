//! TOML with places: each value that is asked for is checked, each key that nobody asked for is told.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::Mistake;
use crate::text;

/// One file on its way to be understood.
pub(super) struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    mistakes: &'a mut Vec<Mistake>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a str, text: &'a str, mistakes: &'a mut Vec<Mistake>) -> Self {
        Self { file, text, mistakes }
    }

    /// The whole file as a table. What TOML itself can not read is told, and the rest is read.
    pub(super) fn root(&mut self) -> Table<'a, '_> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            self.tell(at, "", error.message().lines().next().unwrap_or("is no TOML"));
        }
        Table {
            file: self.file,
            text: self.text,
            mistakes: self.mistakes,
            map: table.into_inner(),
            at: 0,
            thing: String::new(),
            asked: Vec::new(),
        }
    }

    fn tell(&mut self, at: usize, thing: &str, what: &str) {
        self.mistakes.push(place(self.file, self.text, at, thing, what));
    }
}

fn place(file: &str, text: &str, at: usize, thing: &str, what: &str) -> Mistake {
    let before = &text[..text.floor_char_boundary(at.min(text.len()))];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Mistake { file: file.to_owned(), line, column, thing: thing.to_owned(), what: what.to_owned() }
}

/// One table.
pub(super) struct Table<'a, 'm> {
    file: &'a str,
    text: &'a str,
    mistakes: &'m mut Vec<Mistake>,
    map: DeTable<'a>,
    /// Where it begins.
    at: usize,
    /// What it describes, for mistakes.
    thing: String,
    /// Keys that were asked for.
    asked: Vec<&'static str>,
}

impl<'a> Table<'a, '_> {
    /// Names what the table describes, once that is known.
    pub(super) fn call(&mut self, thing: String) {
        self.thing = thing;
    }

    /// How many mistakes were told so far.
    pub(super) fn told(&self) -> usize {
        self.mistakes.len()
    }

    /// The keys that are there, but for the one that names the thing.
    pub(super) fn keys(&self, name: &str) -> String {
        let keys: Vec<&str> = self.map.keys().map(|key| &**key.get_ref()).filter(|key| *key != name).collect();
        keys.join(", ")
    }

    /// Whether a key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.map.contains_key(key)
    }

    /// Tells a mistake of the whole table.
    pub(super) fn wrong(&mut self, what: &str) {
        self.mistakes.push(place(self.file, self.text, self.at, &self.thing, what));
    }

    /// Tells a mistake of a key's value.
    pub(super) fn wrong_at(&mut self, key: &str, what: &str) {
        self.mistakes.push(place(self.file, self.text, self.place_of(key), &self.thing, what));
    }

    /// Where a key's value begins, for a mistake that shows only when all has been read.
    pub(super) fn place_of(&self, key: &str) -> usize {
        self.map.get(key).map_or(self.at, |value| value.span().start)
    }

    /// Tells a mistake of a thing that was read before.
    pub(super) fn wrong_there(&mut self, at: usize, thing: &str, what: &str) {
        self.mistakes.push(place(self.file, self.text, at, thing, what));
    }

    fn ask(&mut self, key: &'static str) -> Option<Spanned<DeValue<'a>>> {
        self.asked.push(key);
        self.map.get(key).cloned()
    }

    fn expected(&mut self, key: &str, what: &str, value: &DeValue<'_>) {
        self.wrong_at(key, &format!("`{key}` should be {what}, not {}", value.type_str()));
    }

    pub(super) fn string(&mut self, key: &'static str) -> Option<String> {
        let value = self.ask(key)?;
        match value.get_ref().as_str() {
            Some(text) => Some(text.to_owned()),
            None => {
                self.expected(key, "a text in quotes", value.get_ref());
                None
            }
        }
    }

    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.ask(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.expected(key, "true or false", value.get_ref());
        }
        flag
    }

    /// Whether a key holds a list.
    pub(super) fn is_list(&self, key: &str) -> bool {
        self.map.get(key).is_some_and(|value| value.get_ref().as_array().is_some())
    }

    /// Whether a key that holds a table otherwise is `false`.
    pub(super) fn is_false(&mut self, key: &'static str) -> bool {
        self.ask(key).is_some_and(|value| value.get_ref().as_bool() == Some(false))
    }

    pub(super) fn integer(&mut self, key: &'static str, range: RangeInclusive<i64>) -> Option<i64> {
        let value = self.ask(key)?;
        let number = value.get_ref().as_integer().and_then(|n| i64::from_str_radix(n.as_str(), n.radix()).ok());
        self.within(key, number, "a whole number", &range, value.get_ref())
    }

    /// A list of whole numbers, each within a range.
    pub(super) fn integers<N: TryFrom<i64>>(&mut self, key: &'static str, range: RangeInclusive<i64>) -> Option<Vec<N>> {
        let value = self.ask(key)?;
        let Some(array) = value.get_ref().as_array() else {
            self.expected(key, "a list such as [80, 443]", value.get_ref());
            return None;
        };
        let mut list = Vec::new();
        for entry in array.iter() {
            let number = entry.get_ref().as_integer().and_then(|n| i64::from_str_radix(n.as_str(), n.radix()).ok());
            match number.filter(|number| range.contains(number)).and_then(|number| N::try_from(number).ok()) {
                Some(number) => list.push(number),
                None => {
                    let what = format!("`{key}` should hold whole numbers from {} to {}", range.start(), range.end());
                    self.mistakes.push(place(self.file, self.text, entry.span().start, &self.thing, &what));
                }
            }
        }
        Some(list)
    }

    pub(super) fn number(&mut self, key: &'static str, range: RangeInclusive<f32>) -> Option<f32> {
        let value = self.ask(key)?;
        let number = match value.get_ref() {
            DeValue::Integer(n) => n.as_str().parse().ok(),
            DeValue::Float(n) => n.as_str().parse().ok(),
            _ => None,
        };
        self.within(key, number, "a number", &range, value.get_ref())
    }

    /// A number that was read, when it was one and lies in the range.
    fn within<N: PartialOrd + Display>(
        &mut self,
        key: &str,
        number: Option<N>,
        what: &str,
        range: &RangeInclusive<N>,
        value: &DeValue<'_>,
    ) -> Option<N> {
        match &number {
            Some(read) if range.contains(read) => return number,
            Some(read) => self.wrong_at(key, &format!("`{key}` {read} is not in the range {} to {}", range.start(), range.end())),
            None => self.expected(key, what, value),
        }
        None
    }

    /// A text that has to be something; the error of reading it says what.
    pub(super) fn parsed<T: FromStr<Err: Display>>(&mut self, key: &'static str) -> Option<T> {
        let text = self.string(key)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong_at(key, &format!("`{key}`: {error}"));
                None
            }
        }
    }

    pub(super) fn date(&mut self, key: &'static str) -> Option<chrono::NaiveDate> {
        let value = self.ask(key)?;
        let date = value.get_ref().as_datetime().and_then(|date| date.date);
        let date = date.and_then(|date| chrono::NaiveDate::from_ymd_opt(i32::from(date.year), u32::from(date.month), u32::from(date.day)));
        if date.is_none() {
            self.expected(key, "a date such as 2026-05-01, without quotes", value.get_ref());
        }
        date
    }

    /// A list of texts, each of which has to be something. `read` gives the value or says what is wrong.
    pub(super) fn list<T>(&mut self, key: &'static str, read: impl Fn(&str) -> Result<T, String>) -> Option<Vec<T>> {
        let value = self.ask(key)?;
        let Some(array) = value.get_ref().as_array() else {
            self.expected(key, "a list such as [\"a\", \"b\"]", value.get_ref());
            return None;
        };
        let mut list = Vec::new();
        for entry in array.iter() {
            let read = match entry.get_ref().as_str() {
                Some(text) => read(text),
                None => Err(format!("`{key}` should hold texts in quotes, not {}", entry.get_ref().type_str())),
            };
            match read {
                Ok(value) => list.push(value),
                Err(what) => self.mistakes.push(place(self.file, self.text, entry.span().start, &self.thing, &what)),
            }
        }
        Some(list)
    }

    /// The tables of `[[key]]`, each handed over in turn.
    pub(super) fn tables(&mut self, key: &'static str, mut each: impl FnMut(&mut Table<'a, '_>)) {
        let Some(value) = self.ask(key) else { return };
        let Some(array) = value.get_ref().as_array() else {
            return self.expected(key, &format!("tables, each begun with [[{key}]]"), value.get_ref());
        };
        for entry in array.iter() {
            match entry.get_ref() {
                DeValue::Table(map) => {
                    let thing = self.named(&format!("[[{key}]]"));
                    self.inner(map.clone(), entry.span().start, thing, &mut each);
                }
                other => {
                    let what = format!("[[{key}]] should be a table, not {}", other.type_str());
                    self.mistakes.push(place(self.file, self.text, entry.span().start, "", &what));
                }
            }
        }
    }

    /// The table under a key.
    pub(super) fn table(&mut self, key: &'static str, mut each: impl FnMut(&mut Table<'a, '_>)) {
        let Some(value) = self.ask(key) else { return };
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(map) => {
                let thing = self.named(&format!("[{key}]"));
                self.inner(map, span.start, thing, &mut each);
            }
            other => self.expected(key, "a table", &other),
        }
    }

    /// What a table within this one is called, until that is known better.
    fn named(&self, name: &str) -> String {
        if self.thing.is_empty() { name.to_owned() } else { format!("{} {name}", self.thing) }
    }

    fn inner(&mut self, map: DeTable<'a>, at: usize, thing: String, each: &mut dyn FnMut(&mut Table<'a, '_>)) {
        let mut inner = Table { file: self.file, text: self.text, mistakes: self.mistakes, map, at, thing, asked: Vec::new() };
        each(&mut inner);
        inner.finish();
    }

    /// Text pairs of a table such as `headers`.
    pub(super) fn pairs(&mut self, key: &'static str) -> Option<Vec<(String, String)>> {
        let value = self.ask(key)?;
        let Some(map) = value.get_ref().as_table() else {
            self.expected(key, "a table such as { \"Name\" = \"value\" }", value.get_ref());
            return None;
        };
        let mut pairs = Vec::new();
        for (name, value) in map.iter() {
            match value.get_ref().as_str() {
                Some(text) => pairs.push((name.get_ref().to_string(), text.to_owned())),
                None => {
                    let what = format!("`{}` should be a text in quotes", name.get_ref());
                    self.mistakes.push(place(self.file, self.text, value.span().start, &self.thing, &what));
                }
            }
        }
        Some(pairs)
    }

    /// Accepts keys that are only for people.
    pub(super) fn ignore(&mut self, keys: &[&'static str]) {
        self.asked.extend(keys);
    }

    /// Tells every key that nobody asked for, with the nearest one that somebody did.
    pub(super) fn finish(&mut self) {
        let unknown: Vec<(usize, String)> = self
            .map
            .keys()
            .filter(|key| !self.asked.contains(&&**key.get_ref()))
            .map(|key| (key.span().start, key.get_ref().to_string()))
            .collect();
        for (at, key) in unknown {
            let near = text::nearest(&key, self.asked.iter().copied(), 1);
            let hint =
                near.first().map_or_else(|| format!("known are {}", self.asked.join(", ")), |near| format!("did you mean `{near}`?"));
            self.mistakes.push(place(self.file, self.text, at, &self.thing, &format!("unknown key `{key}`; {hint}")));
        }
    }
}

//! RSS of any version and Atom of any version, from tags to a [`RawFeed`].
//!
//! One reader serves them all, because publishers mix them: what an element means is told by
//! [`Field::of`], which is the list of everything that is read. An element that nobody knows is
//! looked through, so that what stands in it is still found; one that ends with its item although
//! it was never closed costs its own value and nothing else.
//!
//! Deliberately absent: authors and rights that an entry would inherit from its feed (who tells a
//! story is the source's business), comments and ratings, and anything about CDF.

mod field;
mod item;
mod words;

use std::{borrow::Cow, rc::Rc, time::Duration};

use field::Field;
use item::Draft;
use url::Url;
use words::{Inner, Said, absolute, address, all_within, attribute_in, filled};

use super::{
    dates::parse_date,
    names::{Names, Space},
    tokens::{Notes, Tag, Token, Tokens},
};
use crate::model::{DateOrder, Hints, RawFeed};

/// Items that are read of one document: each takes memory, however empty it is.
pub(super) const MOST_ITEMS: usize = 10_000;
/// Elements within elements that are remembered. Feeds need five; what is deeper is looked through.
const DEEPEST: usize = 64;
/// Elements that were never closed and are read again from their start; more of them would make reading quadratic.
const MOST_REWINDS: usize = 200;
/// A publisher may ask for this much quiet at most; a slip of the pen is not to silence a source.
const LONGEST_QUIET: Duration = Duration::from_hours(7 * 24);

/// An element that is open.
struct Open<'a> {
    name: &'a str,
    space: Space,
    base: Rc<Url>,
    is_item: bool,
}

struct Reader<'a> {
    tokens: Tokens<'a>,
    notes: &'a Notes,
    names: Names<'a>,
    stack: Vec<Open<'a>>,
    base: Rc<Url>,
    order: DateOrder,
    is_atom: bool,
    feed: RawFeed,
    draft: Option<Draft>,
    period: Option<u32>,
    frequency: Option<u32>,
    rewinds: usize,
    unread_dates: usize,
}

/// Reads a document. `None` when it has no element that a feed begins with, or is a page.
pub(super) fn read(text: &str, base: &Url, order: DateOrder, notes: &Notes) -> Option<RawFeed> {
    let base = Rc::new(base.clone());
    let mut reader = Reader {
        tokens: Tokens::new(text),
        notes,
        names: Names::default(),
        stack: Vec::new(),
        base,
        order,
        is_atom: false,
        feed: RawFeed::default(),
        draft: None,
        period: None,
        frequency: None,
        rewinds: 0,
        unread_dates: 0,
    };
    reader.root()?;
    while let Some(token) = reader.tokens.next(notes) {
        match token {
            Token::Start(tag) => reader.start(tag),
            Token::End(name) => reader.end(name),
            Token::Text(_) | Token::Cdata(_) => {}
        }
        if reader.feed.items.len() >= MOST_ITEMS {
            notes.add(&format!("more than {MOST_ITEMS} items; the rest is left out"));
            return Some(reader.finish());
        }
    }
    if !reader.stack.is_empty() {
        notes.add("cut off");
    }
    // What was read whole of the last item is kept, when it is enough to know the item again.
    if reader.draft.as_ref().is_some_and(|draft| draft.item.title.is_some() && (draft.item.id.is_some() || draft.link.is_some())) {
        reader.end_item();
    }
    Some(reader.finish())
}

impl<'a> Reader<'a> {
    /// Reads on until a feed has begun.
    fn root(&mut self) -> Option<()> {
        let mut has_junk = false;
        while let Some(token) = self.tokens.next(self.notes) {
            match token {
                Token::Start(tag) => {
                    let local = tag.name.rsplit(':').next().unwrap_or_default().to_ascii_lowercase();
                    match local.as_str() {
                        "html" => return None,
                        "rss" | "feed" | "rdf" | "channel" | "entry" => {
                            if has_junk {
                                self.notes.add("text before the feed");
                            }
                            self.begin(&local, tag);
                            return Some(());
                        }
                        _ => has_junk = true,
                    }
                }
                Token::Text(text) => has_junk |= !text.trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}').is_empty(),
                Token::End(_) | Token::Cdata(_) => has_junk = true,
            }
        }
        None
    }

    fn begin(&mut self, local: &str, tag: Tag<'a>) {
        let version = tag.attribute("version", self.notes).unwrap_or_default();
        let has = |part: &str| tag.attributes.contains(part);
        self.is_atom = matches!(local, "feed" | "entry");
        self.feed.kind = match local {
            "feed" if has("purl.org/atom/") || version.starts_with("0.") => "Atom 0.3".to_owned(),
            "feed" => "Atom 1.0".to_owned(),
            "entry" => "Atom 1.0, one entry".to_owned(),
            "rdf" if has("my.netscape.com") || has("channel.netscape.com") => "RSS 0.90".to_owned(),
            "rdf" => "RSS 1.0".to_owned(),
            _ if version.len() <= 8 && !version.is_empty() => format!("RSS {}", version.trim()),
            _ => "RSS".to_owned(),
        };
        self.start(tag);
    }

    fn start(&mut self, tag: Tag<'a>) {
        let mut space = self.stack.last().map_or(Space::Core, |open| open.space);
        if tag.attributes.contains("xmlns") {
            for (name, address) in tag.attributes(self.notes) {
                match name.strip_prefix("xmlns") {
                    Some("") => space = Names::default_of(&address),
                    Some(prefix) if prefix.starts_with(':') => self.names.declare(&prefix[1..], &address),
                    _ => {}
                }
            }
        }
        let (of, local) = self.names.resolve(tag.name, space);
        let local = lower(local);
        let base = self.base_of(&tag);
        if of == Space::Core && matches!(&*local, "item" | "entry") {
            if self.draft.is_some() {
                self.notes.add("items that do not end");
                self.close_to_item();
            }
            self.draft = Some(self.begin_item(&tag, &base));
            self.push(tag, space, base, true);
            return;
        }
        match Field::of(of, &local, self.draft.is_some()) {
            // What stands in these is read as well.
            Some(Field::Media) => {
                self.media(&tag, &base);
                self.push(tag, space, base, false);
            }
            Some(Field::NamedCategory) => {
                self.named_category(&tag);
                self.push(tag, space, base, false);
            }
            Some(field) => {
                let Some(inner) = self.inner(&tag) else { return };
                match self.draft.take() {
                    Some(mut draft) => {
                        self.item_field(&mut draft, field, &tag, inner, &base, of);
                        self.draft = Some(draft);
                    }
                    None => self.feed_field(field, &tag, inner, &base),
                }
            }
            None => {
                if self.stack.is_empty() {
                    self.feed.lang = attribute_in(&tag, "lang", self.notes).and_then(filled);
                    self.base = base.clone();
                }
                self.push(tag, space, base, false);
            }
        }
    }

    fn push(&mut self, tag: Tag<'a>, space: Space, base: Rc<Url>, is_item: bool) {
        if tag.is_empty {
            if is_item {
                self.end_item();
            }
        } else if self.stack.len() < DEEPEST || is_item {
            self.stack.push(Open { name: tag.name, space, base, is_item });
        }
    }

    fn end(&mut self, name: &str) {
        let Some(at) = self.stack.iter().rposition(|open| open.name.eq_ignore_ascii_case(name)) else { return };
        if at + 1 < self.stack.len() {
            self.notes.add("tags that do not match");
        }
        let holds_item = self.stack[at..].iter().any(|open| open.is_item);
        self.stack.truncate(at);
        if holds_item {
            self.end_item();
        }
    }

    /// Closes whatever is open within the item, and the item.
    fn close_to_item(&mut self) {
        if let Some(at) = self.stack.iter().rposition(|open| open.is_item) {
            self.stack.truncate(at);
        }
        self.end_item();
    }

    fn base_of(&self, tag: &Tag<'a>) -> Rc<Url> {
        let outer = self.stack.last().map_or(&self.base, |open| &open.base);
        if tag.attributes.contains("base")
            && let Some(own) = tag.attribute("xml:base", self.notes)
            && let Ok(base) = outer.join(own.trim())
            && matches!(base.scheme(), "http" | "https")
        {
            return Rc::new(base);
        }
        outer.clone()
    }

    /// Reads to the end of an element. `None` when the document ends before it.
    fn inner(&mut self, tag: &Tag<'a>) -> Option<Inner<'a>> {
        let start = self.tokens.at();
        let mut inner = Inner { raw: "", has_tags: false, has_cdata: false };
        if tag.is_empty {
            return Some(inner);
        }
        let (mut same, mut open, mut first_tag) = (0usize, 0isize, None);
        loop {
            let at = self.tokens.at();
            let is_end = match self.tokens.next(self.notes)? {
                Token::End(name) if name.eq_ignore_ascii_case(tag.name) && same == 0 => {
                    inner.raw = self.tokens.between(start, at);
                    if open != 0 {
                        self.notes.add("markup in text");
                    }
                    return Some(inner);
                }
                Token::End(name) => {
                    same -= usize::from(same > 0 && name.eq_ignore_ascii_case(tag.name));
                    open -= 1;
                    self.stack.iter().any(|open| open.name.eq_ignore_ascii_case(name))
                }
                Token::Start(within) => {
                    if !within.is_empty {
                        same += usize::from(within.name.eq_ignore_ascii_case(tag.name));
                        open += 1;
                    }
                    within.name.eq_ignore_ascii_case("item") || within.name.eq_ignore_ascii_case("entry")
                }
                Token::Cdata(_) => {
                    inner.has_cdata = true;
                    continue;
                }
                Token::Text(_) => continue,
            };
            inner.has_tags = true;
            let first = *first_tag.get_or_insert(at);
            if is_end {
                // It was never closed: its text is what stands before the first tag, and what follows is read for itself.
                self.notes.add("tags that do not match");
                self.rewinds += 1;
                let end = if self.rewinds < MOST_REWINDS { first } else { at };
                self.tokens.go_to(end);
                return Some(Inner { raw: self.tokens.between(start, first), has_tags: false, ..inner });
            }
        }
    }

    fn feed_field(&mut self, field: Field, tag: &Tag<'a>, inner: Inner<'a>, base: &Rc<Url>) {
        match field {
            Field::Title { own } if own && self.feed.title.is_none() => self.feed.title = self.text(tag, inner, Said::Plain),
            Field::Link if self.relation(tag, base) => {}
            Field::Link => {
                let mut draft = Draft::default();
                self.link(&mut draft, tag, inner, base);
                self.feed.home = self.feed.home.take().or(draft.link).or(draft.alternate);
            }
            Field::Language => self.feed.lang = self.feed.lang.take().or_else(|| filled(self.words(inner))),
            Field::Ttl => {
                let minutes = self.words(inner).trim().parse::<u64>().ok();
                self.feed.hints.quiet_for = minutes.map(|minutes| Duration::from_secs(minutes.saturating_mul(60)));
            }
            Field::SkipHours => {
                let hours = all_within(inner.raw, self.notes, "hour").filter_map(|hour| hour.trim().parse::<u32>().ok());
                self.feed.hints.skip_hours = hours.fold(0, |bits, hour| bits | 1 << (hour % 24));
            }
            Field::SkipDays => {
                const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
                let days = all_within(inner.raw, self.notes, "day");
                let days = days.filter_map(|day| DAYS.iter().position(|name| day.trim().eq_ignore_ascii_case(name)));
                self.feed.hints.skip_days = days.fold(0, |bits, day| bits | 1 << day);
            }
            Field::Period => {
                self.period = match self.words(inner).trim() {
                    "hourly" => Some(1),
                    "daily" => Some(24),
                    "weekly" => Some(7 * 24),
                    "monthly" => Some(30 * 24),
                    "yearly" => Some(365 * 24),
                    _ => None,
                };
            }
            Field::Deleted if self.feed.retracted.len() < MOST_ITEMS => {
                let when = tag.attribute("when", self.notes).and_then(|when| parse_date(&when, self.order));
                self.feed.retracted.extend(tag.attribute("ref", self.notes).and_then(filled).map(|id| (id, when)));
            }
            Field::Frequency => self.frequency = self.words(inner).trim().parse().ok(),
            _ => {}
        }
    }

    /// Takes a link that says where the feed is, or who tells of its changes; says whether it does.
    fn relation(&mut self, tag: &Tag<'a>, base: &Url) -> bool {
        let relation = tag.attribute("rel", self.notes).unwrap_or_default();
        let place = match &*relation {
            "hub" => &mut self.feed.hub,
            "self" => &mut self.feed.own,
            _ => return false,
        };
        *place = place.take().or_else(|| address(tag, self.notes).map(|address| absolute(&address, base)));
        true
    }

    fn finish(mut self) -> RawFeed {
        if self.unread_dates > 0 {
            self.notes.add(&format!("dates that can not be read: {}", self.unread_dates));
        }
        let period = self.period.map(|hours| Duration::from_hours(u64::from(hours)) / self.frequency.unwrap_or(1).max(1));
        let quiet = self.feed.hints.quiet_for.max(period);
        self.feed.hints =
            Hints { quiet_for: quiet.map(|quiet| quiet.min(LONGEST_QUIET)).filter(|quiet| !quiet.is_zero()), ..self.feed.hints };
        self.feed
    }
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|b| b.is_ascii_uppercase()) { Cow::Owned(name.to_ascii_lowercase()) } else { Cow::Borrowed(name) }
}

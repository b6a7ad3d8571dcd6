//! RSS of any version and Atom of any version, from tags to a [`RawFeed`].
//!
//! One reader serves them all, because publishers mix them: what an element means is told by
//! [`Field::of`], which is the list of everything that is read. An element that nobody knows is
//! looked through, so that what stands in it is still found; one that ends with its item although
//! it was never closed costs its own value and nothing else.
//!
//! Deliberately absent: authors and rights that an entry would inherit from its feed (who tells a
//! story is the source's business), comments and ratings, and anything about CDF.

use std::{borrow::Cow, rc::Rc, time::Duration};

use base64::Engine;
use chrono::{DateTime, Utc};
use url::Url;

use super::{
    dates::parse_date,
    names::{Names, Space},
    tokens::{Notes, Tag, Token, Tokens},
};
use crate::model::{DateOrder, Hints, Point, RawFeed, RawItem, RawText};

/// Items that are read of one document: each takes memory, however empty it is.
pub(super) const MOST_ITEMS: usize = 10_000;
/// Elements within elements that are remembered. Feeds need five; what is deeper is looked through.
const DEEPEST: usize = 64;
/// Elements that were never closed and are read again from their start; more of them would make reading quadratic.
const MOST_REWINDS: usize = 200;
/// Authors, categories, enclosures of one item that are read; `clean` keeps fewer.
const MOST: usize = 200;
/// A publisher may ask for this much quiet at most; a slip of the pen is not to silence a source.
const LONGEST_QUIET: Duration = Duration::from_hours(7 * 24);

/// What an element of a feed or of an item is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    /// `guid` (RSS 2.0), `id` (Atom).
    Id,
    /// `title`; `dc:title` and `media:title` stand in for it.
    Title { own: bool },
    /// `link`, as text (RSS) or with `href` and `rel` (Atom, and Atom within RSS).
    Link,
    /// `description` (RSS), `dc:description`: text that may be markup. A second one is the content.
    Description,
    /// `summary` (Atom), `itunes:summary`, `abstract`: as `description`, but plain unless it says otherwise.
    Summary,
    /// `content` (Atom), `content:encoded`, `fullitem`, `body` (XHTML in RSS).
    Content,
    /// `pubDate` (RSS), `published` (Atom 1.0), `issued` (Atom 0.3), `dcterms:issued`.
    Published,
    /// `updated` (Atom 1.0), `modified` (Atom 0.3), `lastBuildDate`, `dcterms:modified`.
    Updated,
    /// `dc:date`, which does not say of what; `created`, `dcterms:created`.
    Date,
    /// `author`, `dc:creator`, `dc:author`, `itunes:author`.
    Author,
    /// `category`, `keywords`, `dc:subject`, `media:category`.
    Category { scheme: Option<&'static str> },
    /// `itunes:keywords`, `media:keywords`, `tags`: many in one, between commas.
    Keywords { scheme: Option<&'static str> },
    /// `itunes:category`, with its name in an attribute.
    NamedCategory,
    /// `enclosure` (RSS 2.0).
    Enclosure,
    /// `media:content`; what stands in it is read as well.
    Media,
    /// `media:thumbnail`, `itunes:image`, an item's `image`.
    Image,
    /// `language`, `dc:language`.
    Language,
    /// `rights` (Atom), `copyright` (RSS), `dc:rights`.
    Rights,
    /// `georss:point`, `gml:pos`: latitude and longitude.
    Point,
    /// `geo:lat`.
    Latitude,
    /// `geo:long`.
    Longitude,
    /// `ttl` (RSS 2.0), in minutes.
    Ttl,
    /// `skipHours` (RSS 2.0).
    SkipHours,
    /// `skipDays` (RSS 2.0).
    SkipDays,
    /// `sy:updatePeriod`.
    Period,
    /// `sy:updateFrequency`.
    Frequency,
    /// What has titles and links of its own that are not ours: `source`, `textInput`, `contributor`, `items`, owners, scenes.
    Foreign,
}

impl Field {
    fn of(space: Space, name: &str, in_item: bool) -> Option<Self> {
        use Field::*;
        Some(match (space, name) {
            (Space::Core, "guid" | "id") => Id,
            (Space::Core, "title") => Title { own: true },
            (Space::Dc | Space::Media, "title") => Title { own: false },
            (Space::Core, "link") => Link,
            (Space::Core | Space::Dc, "description") => Description,
            (Space::Core | Space::Itunes, "summary") | (Space::Core, "abstract") | (Space::Terms, "abstract") => Summary,
            (Space::Core, "content" | "fullitem" | "body") | (Space::Content, "encoded") | (Space::Xhtml, "body") => Content,
            (Space::Core, "pubdate" | "published" | "issued") | (Space::Terms, "issued") => Published,
            (Space::Core, "updated" | "modified" | "lastbuilddate") | (Space::Terms, "modified") => Updated,
            (Space::Dc, "date") | (Space::Terms | Space::Core, "created") | (Space::Terms, "date") => Date,
            (Space::Core, "author") | (Space::Dc, "creator" | "author") | (Space::Terms, "creator") | (Space::Itunes, "author") => Author,
            (Space::Core, "category" | "keywords") | (Space::Dc, "subject") | (Space::Terms, "subject") => Category { scheme: None },
            (Space::Media, "category") => Category { scheme: Some("http://search.yahoo.com/mrss/category_schema") },
            (Space::Itunes, "keywords") => Keywords { scheme: Some("http://www.itunes.com/") },
            (Space::Media, "keywords") | (Space::Core, "tags") => Keywords { scheme: None },
            (Space::Itunes, "category") => NamedCategory,
            (Space::Core, "enclosure") => Enclosure,
            (Space::Media, "content") => Media,
            (Space::Media, "thumbnail") | (Space::Itunes, "image") => Image,
            (Space::Core, "image") if in_item => Image,
            (Space::Core, "language") | (Space::Dc, "language") => Language,
            (Space::Core, "rights" | "copyright") | (Space::Dc, "rights") => Rights,
            (Space::Geo, "point" | "pos") => Point,
            (Space::LatLong, "lat") => Latitude,
            (Space::LatLong, "long") => Longitude,
            (Space::Core, "ttl") => Ttl,
            (Space::Core, "skiphours") => SkipHours,
            (Space::Core, "skipdays") => SkipDays,
            (Space::Syndication, "updateperiod") => Period,
            (Space::Syndication, "updatefrequency") => Frequency,
            (Space::Core, "image" | "source" | "textinput" | "contributor" | "items" | "cloud" | "generator")
            | (Space::Dc | Space::Terms, "contributor")
            | (Space::Itunes, "owner")
            | (Space::Media, "scenes" | "comments" | "community") => Foreign,
            _ => return None,
        })
    }
}

/// What the text of an element was said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Plain,
    Html,
    Xhtml,
    Base64,
}

/// An element that is open.
struct Open<'a> {
    name: &'a str,
    space: Space,
    base: Rc<Url>,
    is_item: bool,
}

/// The inside of an element.
#[derive(Clone, Copy)]
struct Inner<'a> {
    raw: &'a str,
    has_tags: bool,
    has_cdata: bool,
}

/// An item while it is read: values among which the end of the item chooses.
#[derive(Default)]
struct Draft {
    item: RawItem,
    has_own_title: bool,
    /// The text of `link`.
    link: Option<String>,
    /// The first `alternate` link.
    alternate: Option<String>,
    is_permalink: bool,
    date: Option<DateTime<Utc>>,
    latitude: Option<f64>,
    longitude: Option<f64>,
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
            let mut draft = Draft { is_permalink: true, ..Draft::default() };
            draft.item.id = attribute_in(&tag, "about", self.notes).and_then(filled);
            draft.item.lang = attribute_in(&tag, "lang", self.notes).and_then(filled);
            draft.item.base = (*base != *self.base).then(|| (*base).clone());
            self.draft = Some(draft);
            self.push(tag, space, base, true);
            return;
        }
        match Field::of(of, &local, self.draft.is_some()) {
            Some(Field::Media) => {
                self.media(&tag, &base);
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

    fn end_item(&mut self) {
        let Some(draft) = self.draft.take() else { return };
        let Draft { mut item, link, alternate, is_permalink, date, latitude, longitude, .. } = draft;
        // RSS 2.0: a guid is an address unless it says otherwise. Elsewhere an id that looks like one is better than none.
        let id = item.id.clone().filter(|id| is_permalink && id.starts_with("http"));
        let link = if self.is_atom { alternate.or(link) } else { link.or(alternate) };
        item.link = link.or(id);
        if item.published.is_none() {
            item.published = date;
        } else if item.updated.is_none() {
            item.updated = date;
        }
        item.updated = item.updated.filter(|updated| item.published != Some(*updated));
        item.point = item.point.or_else(|| Point::new(latitude?, longitude?));
        self.feed.items.push(item);
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

    fn item_field(&mut self, draft: &mut Draft, field: Field, tag: &Tag<'a>, inner: Inner<'a>, base: &Rc<Url>, space: Space) {
        let item = &mut draft.item;
        match field {
            Field::Id => {
                item.id = filled(self.words(inner)).or(item.id.take());
                draft.is_permalink = tag.attribute("ispermalink", self.notes).is_none_or(|is| !is.eq_ignore_ascii_case("false"));
            }
            Field::Title { own } => {
                if item.title.is_none() || own && !draft.has_own_title {
                    item.title = self.text(tag, inner, Said::Plain).or(item.title.take());
                    draft.has_own_title = own && item.title.is_some();
                }
                self.note_lang(item, tag);
            }
            Field::Link => self.link(draft, tag, inner, base),
            Field::Description | Field::Summary => {
                let said = if field == Field::Description { Said::Html } else { Said::Plain };
                let said = if space == Space::Itunes { Said::Html } else { said };
                let text = self.text(tag, inner, said);
                if item.summary.is_none() {
                    item.summary = text;
                } else if item.content.is_none() {
                    item.content = text;
                }
                self.note_lang(item, tag);
                self.note_base(item, base);
            }
            Field::Content => {
                let said = if space == Space::Core { Said::Plain } else { Said::Html };
                if item.content.is_none() {
                    item.content = self.text(tag, inner, said);
                }
                self.note_lang(item, tag);
                self.note_base(item, base);
            }
            Field::Published => item.published = self.date(inner).or(item.published),
            Field::Updated => item.updated = self.date(inner).or(item.updated),
            Field::Date => draft.date = self.date(inner).or(draft.date),
            Field::Author if item.authors.len() < MOST => item.authors.extend(self.author(inner)),
            Field::Category { scheme } if item.categories.len() < MOST => self.category(item, tag, inner, scheme),
            Field::Keywords { scheme } => {
                let words = self.words(inner);
                let room = MOST.saturating_sub(item.categories.len());
                let words = words.split(',').filter_map(|word| filled(Cow::Borrowed(word)));
                item.categories.extend(words.take(room).map(|word| (word, scheme.map(str::to_owned), None)));
            }
            Field::NamedCategory => {
                let name = tag.attribute("text", self.notes).and_then(filled);
                item.categories.extend(name.map(|name| (name, Some("http://www.itunes.com/".to_owned()), None)));
            }
            Field::Enclosure => {
                if let Some(url) = address(tag, self.notes) {
                    attach(item, absolute(&url, base), media_type(tag, self.notes), length(tag, "length", self.notes));
                }
            }
            Field::Image => {
                let url = address(tag, self.notes).or_else(|| {
                    let inside = within(inner.raw, self.notes, "url");
                    filled(inside.map_or_else(|| self.words(inner), Cow::Owned))
                });
                item.image = item.image.take().or_else(|| url.map(|url| absolute(&url, base)));
            }
            Field::Language => item.lang = filled(self.words(inner)).or(item.lang.take()),
            Field::Rights => item.rights = item.rights.take().or_else(|| self.text(tag, inner, Said::Plain)),
            Field::Point => item.point = item.point.or_else(|| point(&self.words(inner))),
            Field::Latitude => draft.latitude = self.words(inner).trim().parse().ok(),
            Field::Longitude => draft.longitude = self.words(inner).trim().parse().ok(),
            _ => {}
        }
    }

    fn feed_field(&mut self, field: Field, tag: &Tag<'a>, inner: Inner<'a>, base: &Rc<Url>) {
        match field {
            Field::Title { own } if own && self.feed.title.is_none() => self.feed.title = self.text(tag, inner, Said::Plain),
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
            Field::Frequency => self.frequency = self.words(inner).trim().parse().ok(),
            _ => {}
        }
    }

    fn link(&self, draft: &mut Draft, tag: &Tag<'a>, inner: Inner<'a>, base: &Rc<Url>) {
        let rel = tag.attribute("rel", self.notes).unwrap_or(Cow::Borrowed("alternate"));
        let is_enclosure = rel.eq_ignore_ascii_case("enclosure");
        let Some(href) = address(tag, self.notes).or_else(|| filled(self.words(inner)).filter(|_| is_enclosure)) else {
            let text = self.words(inner);
            draft.link = filled(text).map(|link| absolute(&link, base)).or(draft.link.take());
            return;
        };
        let media_type = media_type(tag, self.notes);
        if is_enclosure {
            attach(&mut draft.item, absolute(&href, base), media_type, length(tag, "length", self.notes));
        } else if (rel.is_empty() || rel.eq_ignore_ascii_case("alternate"))
            && draft.alternate.is_none()
            && media_type.is_none_or(|kind| kind.contains("html") || !kind.contains('/'))
        {
            draft.alternate = Some(absolute(&href, base));
        }
    }

    /// `media:content`: pictures stand for the item, anything else is attached to it.
    fn media(&mut self, tag: &Tag<'a>, base: &Rc<Url>) {
        let Some(draft) = &mut self.draft else { return };
        let Some(url) = address(tag, self.notes) else { return };
        let (url, media_type) = (absolute(&url, base), media_type(tag, self.notes));
        let medium = tag.attribute("medium", self.notes).unwrap_or_default();
        let is_picture = medium == "image" || media_type.as_deref().is_some_and(|kind| kind.starts_with("image/"));
        if is_picture || (medium.is_empty() && media_type.is_none()) {
            draft.item.image.get_or_insert(url);
        } else if !draft.item.enclosures.iter().any(|(known, _, _)| *known == url) {
            attach(&mut draft.item, url, media_type, length(tag, "filesize", self.notes));
        }
    }

    fn category(&self, item: &mut RawItem, tag: &Tag<'a>, inner: Inner<'a>, scheme: Option<&str>) {
        let mut take = |term: Option<String>, scheme: Option<String>, label: Option<String>| {
            let Some(term) = term.or_else(|| label.clone()) else { return };
            let category = (term, scheme, label);
            if !item.categories.contains(&category) {
                item.categories.push(category);
            }
        };
        let (mut term, mut own_scheme, mut label) = (None, None, None);
        for (name, value) in tag.attributes(self.notes) {
            match name {
                "term" => term = filled(value),
                "scheme" | "domain" => own_scheme = filled(value),
                "label" => label = filled(value),
                _ => {}
            }
        }
        let text = filled(self.words(inner));
        let scheme = own_scheme.or_else(|| scheme.map(str::to_owned));
        match (term, text) {
            (None, text) => take(text, scheme, label),
            (term, text) => {
                take(term, scheme, label);
                take(text, None, None);
            }
        }
    }

    /// A person's name, else mail address (Atom `name` and `email`; RSS `mail@example.org (Name)`).
    fn author(&self, inner: Inner<'a>) -> Option<String> {
        if inner.has_tags {
            let name = within(inner.raw, self.notes, "name").and_then(|name| filled(Cow::Owned(name)));
            return name.or_else(|| within(inner.raw, self.notes, "email").and_then(|mail| filled(Cow::Owned(mail))));
        }
        let text = self.words(inner);
        let is_mail = |word: &&str| word.contains('@') && !word.starts_with('@');
        let Some(mail) = text.split_whitespace().find(is_mail) else { return filled(text) };
        let name = text.replacen(mail, " ", 1);
        let name = name.trim().trim_start_matches(['(', '<']).trim_end_matches([')', '>']);
        filled(Cow::Borrowed(name)).or_else(|| filled(Cow::Borrowed(mail.trim_matches(['(', ')', '<', '>']).trim_start_matches("mailto:"))))
    }

    fn date(&mut self, inner: Inner<'a>) -> Option<DateTime<Utc>> {
        let written = self.words(inner);
        let date = parse_date(&written, self.order);
        self.unread_dates += usize::from(date.is_none() && !written.trim().is_empty());
        date
    }

    fn note_lang(&self, item: &mut RawItem, tag: &Tag<'a>) {
        if item.lang.is_none() && tag.attributes.contains("lang") {
            item.lang = tag.attribute("xml:lang", self.notes).and_then(filled);
        }
    }

    fn note_base(&self, item: &mut RawItem, base: &Rc<Url>) {
        if item.base.is_none() && **base != *self.base {
            item.base = Some((**base).clone());
        }
    }

    /// The words of an element; tags within are left out.
    fn words(&self, inner: Inner<'a>) -> Cow<'a, str> {
        if !inner.has_tags && !inner.has_cdata {
            return self.notes.decode(inner.raw);
        }
        Cow::Owned(self.unwrapped(inner.raw))
    }

    /// Text decoded, CDATA as it is, tags left out.
    fn unwrapped(&self, raw: &str) -> String {
        let mut text = String::with_capacity(raw.len());
        let mut tokens = Tokens::new(raw);
        while let Some(token) = tokens.next(self.notes) {
            match token {
                Token::Text(part) => text.push_str(&self.notes.decode(part)),
                Token::Cdata(part) => text.push_str(part),
                Token::Start(_) | Token::End(_) => {}
            }
        }
        text
    }

    /// A text construct (RFC 4287 §3.1) or RSS's text that may be markup.
    fn text(&self, tag: &Tag<'a>, inner: Inner<'a>, default: Said) -> Option<RawText> {
        let said = if tag.attributes.trim().is_empty() { default } else { said(tag, default, self.notes) };
        let text = match said {
            _ if inner.raw.trim().is_empty() => return None,
            Said::Xhtml => RawText::Html(self.markup(inner.raw, true)),
            // Markup that stands where its text should.
            Said::Plain | Said::Html if inner.has_tags => RawText::Html(self.markup(inner.raw, false)),
            Said::Plain if self.is_atom => RawText::Plain(self.words(inner).into_owned()),
            // RSS never says what its text is, and most of it is markup.
            Said::Plain | Said::Html => RawText::Html(self.words(inner).into_owned()),
            Said::Base64 => {
                let packed: String = self.words(inner).split_whitespace().collect();
                let bytes = base64::engine::general_purpose::STANDARD.decode(packed).ok()?;
                let text = String::from_utf8(bytes).ok()?;
                if default == Said::Plain && !text.contains('<') { RawText::Plain(text) } else { RawText::Html(text) }
            }
        };
        let (RawText::Plain(inside) | RawText::Html(inside)) = &text;
        (!inside.trim().is_empty()).then_some(text)
    }

    /// Markup within XML as HTML: prefixes gone, elements that end themselves ended, CDATA as text in XHTML and as markup elsewhere.
    fn markup(&self, raw: &'a str, is_xhtml: bool) -> String {
        const VOID: [&str; 14] =
            ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];
        let mut html = String::with_capacity(raw.len() + 16);
        let mut tokens = Tokens::new(raw);
        while let Some(token) = tokens.next(self.notes) {
            match token {
                Token::Start(tag) => {
                    let name = tag.name.rsplit(':').next().unwrap_or_default();
                    html.push('<');
                    html.push_str(name);
                    html.push_str(tag.attributes);
                    html.push('>');
                    if tag.is_empty && !VOID.contains(&name) {
                        html.extend(["</", name, ">"]);
                    }
                }
                Token::End(name) => html.extend(["</", name.rsplit(':').next().unwrap_or_default(), ">"]),
                Token::Text(text) => html.push_str(text),
                Token::Cdata(text) if is_xhtml => html.push_str(&crate::html::escape(text)),
                Token::Cdata(text) => html.push_str(text),
            }
        }
        html
    }

    fn finish(mut self) -> RawFeed {
        if self.unread_dates > 0 {
            self.notes.add(&format!("{} dates that can not be read", self.unread_dates));
        }
        let period = self.period.map(|hours| Duration::from_hours(u64::from(hours)) / self.frequency.unwrap_or(1).max(1));
        let quiet = self.feed.hints.quiet_for.max(period);
        self.feed.hints =
            Hints { quiet_for: quiet.map(|quiet| quiet.min(LONGEST_QUIET)).filter(|quiet| !quiet.is_zero()), ..self.feed.hints };
        self.feed
    }
}

/// What `type` and `mode` (Atom 0.3) say of a text.
fn said(tag: &Tag<'_>, default: Said, notes: &Notes) -> Said {
    let (mut kind, mut mode) = (None, None);
    for (name, value) in tag.attributes(notes) {
        match name {
            "type" => kind = Some(value.trim().to_ascii_lowercase()),
            "mode" => mode = Some(value.trim().to_ascii_lowercase()),
            _ => {}
        }
    }
    let kind = kind.as_deref().map(|kind| kind.split(';').next().unwrap_or_default().trim());
    let is_escaped = mode.as_deref() == Some("escaped");
    match kind {
        _ if mode.as_deref() == Some("base64") => Said::Base64,
        None | Some("") => default,
        Some("text" | "text/plain") => Said::Plain,
        Some(kind) if kind.contains("xhtml") && !is_escaped => Said::Xhtml,
        Some(kind) if kind.contains("html") => {
            if mode.as_deref() == Some("xml") {
                Said::Xhtml
            } else {
                Said::Html
            }
        }
        Some(kind) if kind.ends_with("/xml") || kind.ends_with("+xml") => {
            if is_escaped {
                Said::Html
            } else {
                Said::Xhtml
            }
        }
        Some(kind) if kind.contains('/') && !kind.starts_with("text/") => Said::Base64,
        _ => default,
    }
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|b| b.is_ascii_uppercase()) { Cow::Owned(name.to_ascii_lowercase()) } else { Cow::Borrowed(name) }
}

/// The trimmed text, unless nothing is left of it.
fn filled(text: Cow<'_, str>) -> Option<String> {
    let trimmed = text.trim();
    match text {
        _ if trimmed.is_empty() => None,
        Cow::Owned(text) if trimmed.len() == text.len() => Some(text),
        _ => Some(trimmed.to_owned()),
    }
}

/// An attribute by its name without prefix: `rdf:about`, `xml:lang`.
fn attribute_in<'a>(tag: &Tag<'a>, local: &str, notes: &'a Notes) -> Option<Cow<'a, str>> {
    if !tag.attributes.contains(local) {
        return None;
    }
    tag.attributes(notes).find(|(name, _)| name.rsplit(':').next() == Some(local)).map(|(_, value)| value)
}

/// Where a link or enclosure leads: `href`, `url`, `uri`.
fn address(tag: &Tag<'_>, notes: &Notes) -> Option<String> {
    ["href", "url", "uri"].into_iter().find_map(|name| tag.attribute(name, notes)).and_then(filled)
}

fn media_type(tag: &Tag<'_>, notes: &Notes) -> Option<String> {
    tag.attribute("type", notes).and_then(filled)
}

fn length(tag: &Tag<'_>, name: &str, notes: &Notes) -> Option<u64> {
    tag.attribute(name, notes).and_then(|length| length.trim().parse().ok())
}

fn attach(item: &mut RawItem, url: String, media_type: Option<String>, length: Option<u64>) {
    if item.enclosures.len() < MOST {
        item.enclosures.push((url, media_type, length));
    }
}

/// An address under its base; what can not be joined stays as it is written, for `clean` to judge.
fn absolute(address: &str, base: &Url) -> String {
    let is_absolute = address.starts_with("http://") || address.starts_with("https://");
    match base.join(address) {
        Ok(url) if !is_absolute => url.to_string(),
        _ => address.to_owned(),
    }
}

fn point(text: &str) -> Option<Point> {
    let mut numbers = text.split([' ', ',', '\n', '\t']).filter(|part| !part.is_empty()).map(str::parse::<f64>);
    Point::new(numbers.next()?.ok()?, numbers.next()?.ok()?)
}

/// The text of the first element of that name, whatever its prefix.
fn within(raw: &str, notes: &Notes, name: &str) -> Option<String> {
    all_within(raw, notes, name).next()
}

/// The texts of all elements of that name, whatever their prefix.
fn all_within(raw: &str, notes: &Notes, name: &str) -> impl Iterator<Item = String> {
    let mut tokens = Tokens::new(raw);
    std::iter::from_fn(move || {
        let mut found: Option<String> = None;
        while let Some(token) = tokens.next(notes) {
            match token {
                Token::Start(tag) if !tag.is_empty && tag.name.rsplit(':').next().is_some_and(|local| local.eq_ignore_ascii_case(name)) => {
                    found = Some(String::new());
                }
                Token::Text(text) => found.iter_mut().for_each(|found| found.push_str(&notes.decode(text))),
                Token::Cdata(text) => found.iter_mut().for_each(|found| found.push_str(text)),
                Token::End(ended) if found.is_some() && ended.rsplit(':').next().is_some_and(|local| local.eq_ignore_ascii_case(name)) => {
                    return found;
                }
                _ => {}
            }
        }
        found
    })
}

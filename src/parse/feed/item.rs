//! An item: what each of its elements adds to it, and what its end makes of that.

use std::{borrow::Cow, rc::Rc};

use chrono::{DateTime, Utc};
use url::Url;

use super::{
    super::{dates::parse_date, is_web_address, names::Space, tokens::Tag},
    Field, Reader,
    words::{Inner, Said, absolute, address, attribute_in, filled, length, media_type, within},
};
use crate::model::{Point, RawItem, RawText};

/// Authors, categories, enclosures of one item that are read; `clean` keeps fewer.
const MOST: usize = 200;
/// What a relation may begin with that IANA knows (RFC 4287 §4.2.7.2).
const RELATIONS: &str = "http://www.iana.org/assignments/relation/";

/// What is attached: its address, media type and length.
type Attached = (String, Option<String>, Option<u64>);

/// An item while it is read: values among which the end of the item chooses.
#[derive(Default)]
pub(super) struct Draft {
    pub item: RawItem,
    has_own_title: bool,
    /// The text of `link`.
    pub link: Option<String>,
    /// The first `alternate` link.
    pub alternate: Option<String>,
    pub is_permalink: bool,
    /// `media:description`, which stands in for a description.
    caption: Option<RawText>,
    /// `media:content`: forms of what is attached, after what is said to be attached.
    media: Vec<Attached>,
    date: Option<DateTime<Utc>>,
    latitude: Option<f64>,
    longitude: Option<f64>,
}

impl<'a> Reader<'a> {
    pub(super) fn end_item(&mut self) {
        let Some(draft) = self.draft.take() else { return };
        let Draft { mut item, link, alternate, is_permalink, caption, media, date, latitude, longitude, .. } = draft;
        // RSS 2.0: a guid is an address unless it says otherwise. Elsewhere an id that looks like one is better than none.
        let id = item.id.clone().filter(|id| is_permalink && is_web_address(id));
        let link = if self.is_atom { alternate.or(link) } else { link.or(alternate) };
        item.link = link.or(id);
        if item.content.is_none() {
            item.summary = item.summary.or(caption);
        }
        item.enclosures.extend(media);
        if item.published.is_none() {
            item.published = date;
        } else if item.updated.is_none() {
            item.updated = date;
        }
        item.updated = item.updated.filter(|updated| item.published != Some(*updated));
        item.point = item.point.or_else(|| Point::new(latitude?, longitude?));
        self.feed.items.push(item);
    }

    pub(super) fn item_field(&mut self, draft: &mut Draft, field: Field, tag: &Tag<'a>, inner: Inner<'a>, base: &Rc<Url>, space: Space) {
        let item = &mut draft.item;
        // What stands in an element that nobody knows is better than nothing, and never better than what the item says itself.
        let is_own = self.stack.last().is_none_or(|open| open.is_item);
        match field {
            Field::Id if is_own || item.id.is_none() => {
                item.id = filled(self.words(inner)).or(item.id.take());
                draft.is_permalink = tag.attribute("ispermalink", self.notes).is_none_or(|is| !is.eq_ignore_ascii_case("false"));
            }
            Field::Title { own } => {
                let own = own && is_own;
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
            Field::Caption => draft.caption = draft.caption.take().or_else(|| self.text(tag, inner, Said::Plain)),
            Field::Published if is_own || item.published.is_none() => item.published = self.date(inner).or(item.published),
            Field::Updated if is_own || item.updated.is_none() => item.updated = self.date(inner).or(item.updated),
            Field::Date => draft.date = self.date(inner).or(draft.date),
            Field::Author if item.authors.len() < MOST => item.authors.extend(self.author(inner)),
            Field::Category { scheme } if item.categories.len() < MOST => self.category(item, tag, inner, scheme),
            Field::Keywords { scheme } => {
                let words = self.words(inner);
                let room = MOST.saturating_sub(item.categories.len());
                let words = words.split(',').filter_map(|word| filled(Cow::Borrowed(word)));
                item.categories.extend(words.take(room).map(|word| (word, scheme.map(str::to_owned), None)));
            }
            Field::Enclosure => {
                if let Some(url) = address(tag, self.notes) {
                    attach(&mut item.enclosures, (absolute(&url, base), media_type(tag, self.notes), length(tag, "length", self.notes)));
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

    pub(super) fn link(&self, draft: &mut Draft, tag: &Tag<'a>, inner: Inner<'a>, base: &Rc<Url>) {
        let rel = tag.attribute("rel", self.notes).unwrap_or(Cow::Borrowed("alternate"));
        let rel = rel.strip_prefix(RELATIONS).unwrap_or(&rel);
        let is_enclosure = rel.eq_ignore_ascii_case("enclosure");
        let Some(href) = address(tag, self.notes).or_else(|| filled(self.words(inner)).filter(|_| is_enclosure)) else {
            let text = self.words(inner);
            draft.link = filled(text).map(|link| absolute(&link, base)).or(draft.link.take());
            return;
        };
        let media_type = media_type(tag, self.notes);
        if is_enclosure {
            attach(&mut draft.item.enclosures, (absolute(&href, base), media_type, length(tag, "length", self.notes)));
        } else if (rel.is_empty() || rel.eq_ignore_ascii_case("alternate"))
            && draft.alternate.is_none()
            && media_type.is_none_or(|kind| kind.contains("html") || !kind.contains('/'))
        {
            draft.alternate = Some(absolute(&href, base));
        }
    }

    /// `media:content`: pictures stand for the item, anything else is attached to it.
    pub(super) fn media(&mut self, tag: &Tag<'a>, base: &Rc<Url>) {
        let Some(draft) = &mut self.draft else { return };
        let Some(url) = address(tag, self.notes) else { return };
        let (url, media_type) = (absolute(&url, base), media_type(tag, self.notes));
        let medium = tag.attribute("medium", self.notes).unwrap_or_default();
        let is_picture = medium == "image" || media_type.as_deref().is_some_and(|kind| kind.starts_with("image/"));
        if is_picture || (medium.is_empty() && media_type.is_none()) {
            draft.item.image.get_or_insert(url);
        } else {
            attach(&mut draft.media, (url, media_type, length(tag, "filesize", self.notes)));
        }
    }

    /// An item whose start tag was read: RSS 1.0 gives its id there, Atom its language.
    pub(super) fn begin_item(&self, tag: &Tag<'a>, base: &Rc<Url>) -> Draft {
        let mut draft = Draft { is_permalink: true, ..Draft::default() };
        draft.item.id = attribute_in(tag, "about", self.notes).and_then(filled);
        draft.item.lang = attribute_in(tag, "lang", self.notes).and_then(filled);
        draft.item.base = (**base != *self.base).then(|| (**base).clone());
        draft
    }

    /// `itunes:category`, which is named in an attribute.
    pub(super) fn named_category(&mut self, tag: &Tag<'a>) {
        let Some(draft) = self.draft.as_mut().filter(|draft| draft.item.categories.len() < MOST) else { return };
        let name = tag.attribute("text", self.notes).and_then(filled);
        draft.item.categories.extend(name.map(|name| (name, Some("http://www.itunes.com/".to_owned()), None)));
    }

    fn category(&self, item: &mut RawItem, tag: &Tag<'a>, inner: Inner<'a>, scheme: Option<&str>) {
        let mut take = |term: Option<String>, scheme: Option<String>, label: Option<String>| {
            let Some(term) = term.or_else(|| label.clone()) else { return };
            item.categories.push((term, scheme, label));
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
}

fn attach(known: &mut Vec<Attached>, attached: Attached) {
    if known.len() < MOST {
        known.push(attached);
    }
}

fn point(text: &str) -> Option<Point> {
    let mut numbers = text.split([' ', ',', '\n', '\t']).filter(|part| !part.is_empty()).map(str::parse::<f64>);
    Point::new(numbers.next()?.ok()?, numbers.next()?.ok()?)
}

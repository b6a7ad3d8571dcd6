//! What becomes of one item, given what is known.

use std::time::Duration;

use url::Url;
use uuid::Uuid;

use super::{
    By, Kinship, agree,
    agree::differ_in_words,
    differ_materially, is_one_place,
    retract::{bring_back, note_return},
    revisions,
};
use crate::model::{Copy, Edited, Edition, Gone, Item, Labels, Lang, Refusal, Second, SourceId, Story, StoryId, UpstreamFrom, Why};

/// A better copy may take over within this time of the edition's first copy.
const SWITCH_WITHIN: Duration = Duration::from_hours(48);

/// Refusals that are kept of an item.
const REFUSALS: usize = 3;

/// The namespace under which stories and entries without an id of their own are named (RFC 9562 §5.5).
const NAMESPACE: Uuid = Uuid::from_u128(0x6e0c_4b52_9d4f_4c1e_8a57_7472_6962_7574);

/// What is said of an item beside the item itself.
#[derive(Debug, Clone, Copy)]
pub struct Teller<'a> {
    /// The rank of its source; 0 is best.
    pub rank: u8,
    /// The hosts that are the source's own: of its home page and of its feed.
    pub hosts: &'a [&'a str],
    /// Whether its new stories wait for the original.
    pub settles: bool,
}

/// The stories that the item may belong to, as the roof found them under [`keys`](super::keys).
#[derive(Debug, Clone, Copy, Default)]
pub struct Candidates<'a> {
    /// The copy of its own source that the item is.
    pub own: Option<Own<'a>>,
    /// Stories that hold a copy with this canonical link, from any source, oldest first.
    pub linked: &'a [&'a Story],
    /// Stories that tell something alike, and what the item is to each, the likeliest first.
    pub alike: &'a [(&'a Story, Kinship)],
    /// Whether another entry already uses the item's upstream id as its own.
    pub id_is_used: bool,
}

impl Candidates<'_> {
    /// Whether an editor took what this source tells out of a story, into one that is among these.
    fn keep_apart(&self, story: &Story, source: &SourceId) -> bool {
        let others = self.linked.iter().chain(self.alike.iter().map(|(other, _)| other));
        let is_theirs = |other: &&Story| other.copies.iter().any(|copy| copy.item.source == *source);
        !story.edited.apart.is_empty() && others.filter(|other| story.edited.apart.contains(&other.id)).any(is_theirs)
    }
}

/// The copy that an item is, as [`recognise`](super::recognise) found it.
#[derive(Debug, Clone, Copy)]
pub struct Own<'a> {
    /// The story.
    pub story: &'a Story,
    /// Index into its copies.
    pub copy: usize,
    /// By what it was known.
    pub by: By,
    /// A key that it goes by from now on, beside the first.
    pub also: Option<Also<'a>>,
    /// Whether its link is another one each time, so that the one we have is as good.
    pub keeps_link: bool,
}

/// A key that a copy goes by from now on.
#[derive(Debug, Clone, Copy)]
pub struct Also<'a> {
    /// The key.
    pub key: &'a str,
    /// Whether it is written down though nothing else changed.
    pub by_itself: bool,
}

/// What becomes of an item. A story comes whole, as it is to be kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// It is known and says nothing new.
    Same,
    /// It is known and says nothing new, but it has another key now, or its link has another query. Its dates go along.
    Renamed(Story),
    /// It is known and changed. The position of each edition stays.
    Revised(Story),
    /// It joins a story, in an edition that is there.
    Joined(Story),
    /// It joins a story as an edition of its own, the last one, which has yet to be given its place.
    NewEdition(Story),
    /// It joins a story that waited, and ends the wait: all its editions have yet to be given their places.
    Opened(Story),
    /// It begins a story, whose one edition has yet to be given its place.
    NewStory(Story),
}

/// Decides what becomes of an item. Positions of new editions are left at `now` for [`places`](super::places) to fill.
pub fn decide(item: Item, labels: Labels, teller: Teller<'_>, candidates: Candidates<'_>, now: Second) -> Decision {
    if let Some(own) = candidates.own {
        return revise(own, item, labels, now);
    }
    let linked = candidates.linked.iter().find(|story| !candidates.keep_apart(story, &item.source) && may_join(story, &item, teller));
    let alike: Vec<_> = candidates.alike.iter().filter(|(story, _)| !candidates.keep_apart(story, &item.source)).collect();
    let (story, why) = match (linked, of_the_same(&alike)) {
        (Some(story), _) => (Some(*story), Why::SameLink { link: item.canonical.clone().unwrap_or_default() }),
        (None, Some((story, why))) => (Some(story), why),
        (None, None) => (None, Why::First),
    };
    let copy = Copy {
        item,
        labels,
        first_seen: now,
        revised: None,
        rank: teller.rank,
        why,
        refused: refusals(candidates.alike),
        revisions: Vec::new(),
        retracted: None,
    };
    match story {
        Some(story) => join(story, copy, teller, candidates.id_is_used, now),
        None => begin(copy, candidates.id_is_used, now),
    }
}

/// The story that an item tells: in its own language rather than in another.
fn of_the_same<'a>(alike: &[&(&'a Story, Kinship)]) -> Option<(&'a Story, Why)> {
    let same = alike.iter().find_map(|(story, kin)| if let Kinship::Same(why) = kin { Some((*story, why.clone())) } else { None });
    let told =
        || alike.iter().find_map(|(story, kin)| if let Kinship::Translation(why) = kin { Some((*story, why.clone())) } else { None });
    same.or_else(told)
}

/// The stories that an item looked like, and what spoke against them.
fn refusals(alike: &[(&Story, Kinship)]) -> Vec<Refusal> {
    let refused = alike.iter().filter_map(|(story, kin)| match kin {
        Kinship::Refused(why) => Some(Refusal { story: story.id, why: (*why).to_owned() }),
        _ => None,
    });
    refused.take(REFUSALS).collect()
}

/// A story whose copies are filed under other labels; nothing when they are those that it has. Ids, places and times
/// stay, and so do languages, of which the editions were made.
pub fn refile(story: &Story, labels: impl IntoIterator<Item = Labels>) -> Option<Story> {
    let mut refiled = story.clone();
    for (copy, labels) in refiled.copies.iter_mut().zip(labels) {
        copy.labels = Labels { lang: copy.labels.lang, ..labels };
    }
    relabel(&mut refiled);
    (refiled != *story).then_some(refiled)
}

fn revise(own: Own<'_>, mut item: Item, labels: Labels, now: Second) -> Decision {
    let Copy { item: old, retracted, .. } = &own.story.copies[own.copy];
    let is_retracted = own.story.edited.gone == Some(Gone::Retracted);
    // What was taken back is told by nobody, however often it is listed, until its publisher tells it anew.
    if is_retracted && !retracted.is_some_and(|known| known.is_overtaken_by(&item)) {
        return Decision::Same;
    }
    if own.keeps_link {
        (item.link, item.canonical) = (old.link.clone(), old.canonical.clone());
    }
    // What was known by its words is the same page when only the query of its link changed: that carries a session.
    let is_same_page = own.by == By::Text && is_one_place(old, &item);
    let is_material = if is_same_page { differ_in_words(old, &item) } else { differ_materially(old, &item) };
    let is_moved = old.canonical != item.canonical;
    if !is_retracted && !is_material && !is_moved && !own.also.is_some_and(|also| also.by_itself) {
        return Decision::Same;
    }
    // The identity stays the first one, so that whoever looks it up finds it.
    let mut upstream = old.upstream.clone();
    upstream.also = own.also.map(|also| also.key.to_owned()).or(upstream.also);
    let mut story = own.story.clone();
    let copy = &mut story.copies[own.copy];
    if !is_retracted && !is_material {
        let Item { link, canonical, published, updated, .. } = item;
        copy.item = Item { upstream, link, canonical, published, updated, ..copy.item.clone() };
        return Decision::Renamed(story);
    }
    revisions::note(copy, &item, now);
    copy.item = Item { upstream, ..item };
    copy.labels = labels;
    copy.revised = Some(now);
    if is_retracted {
        let source = copy.item.source.clone();
        copy.retracted = None;
        story.edited.gone = None;
        note_return(&mut story, &source, now);
    }
    for edition in story.editions.iter_mut().filter(|edition| edition.preferred == own.copy) {
        edition.updated = now.max(edition.position);
    }
    relabel(&mut story);
    Decision::Revised(story)
}

/// A shared link joins only when title or text agree too, or the page is the source's own: copying an address gets nobody into a story.
fn may_join(story: &Story, item: &Item, teller: Teller<'_>) -> bool {
    let Some(link) = &item.canonical else { return false };
    // Its own source tells that page in this story, and it is another item: a page that holds something new each day.
    if story.copies.iter().any(|copy| copy.item.source == item.source && copy.item.canonical.as_ref() == Some(link)) {
        return false;
    }
    story.copies.iter().filter(|copy| copy.item.source != item.source && copy.item.canonical.as_ref() == Some(link)).any(|copy| {
        let host = item.link.as_deref().and_then(|link| Url::parse(link).ok()).and_then(|url| url.host_str().map(str::to_owned));
        agree(&copy.item, item) || host.is_some_and(|host| teller.hosts.iter().any(|own| is_within(&host, own)))
    })
}

/// Whether a host is `own` or below it; `www.` does not count.
fn is_within(host: &str, own: &str) -> bool {
    let own = own.strip_prefix("www.").unwrap_or(own);
    host == own || host.strip_suffix(own).is_some_and(|rest| rest.ends_with('.'))
}

pub(super) fn join(story: &Story, copy: Copy, teller: Teller<'_>, id_is_used: bool, now: Second) -> Decision {
    let mut story = story.clone();
    let is_opened = story.waits().is_some() && ends_wait(&story, teller);
    let is_retracted = story.edited.gone == Some(Gone::Retracted);
    let lang = copy.labels.lang.value;
    let at = story.copies.len();
    let told_in = told_in(&story.editions, lang);
    let edition = told_in.is_none().then(|| new_edition(&copy.item, lang, at, id_is_used, now));
    story.copies.push(copy);
    let decision = if edition.is_some() { Decision::NewEdition } else { Decision::Joined };
    story.editions.extend(edition);
    match told_in {
        _ if is_retracted => bring_back(&mut story, now),
        Some(edition) => prefer(&mut story, edition, at, now),
        None => {}
    }
    relabel(&mut story);
    if is_opened {
        story.edited.gone = None;
        return Decision::Opened(story);
    }
    decision(story)
}

/// Whether a story that waits is shown since this source tells it: it would have been shown at once if the source had been first, or
/// it is what was waited for.
fn ends_wait(story: &Story, teller: Teller<'_>) -> bool {
    !teller.settles || story.copies.iter().all(|copy| teller.rank < copy.rank)
}

/// The edition that a text in a language belongs to. One whose language is not known, or a story's, is no language of its own.
pub(super) fn told_in(editions: &[Edition], lang: Lang) -> Option<usize> {
    editions.iter().position(|e| e.lang == lang || !e.lang.is_known() || !lang.is_known())
}

/// Lets the copy at `at` supply the edition's text when it is better: once, and only while the edition is young.
pub(super) fn prefer(story: &mut Story, edition: usize, at: usize, now: Second) {
    let (waits, old) = (story.waits().is_some(), &story.editions[edition]);
    let (current, challenger) = (&story.copies[old.preferred], &story.copies[at]);
    let is_better =
        (challenger.rank, std::cmp::Reverse(fullness(&challenger.item))) < (current.rank, std::cmp::Reverse(fullness(&current.item)));
    // Nobody has seen one that waits: it opens with the best.
    if waits && is_better {
        story.editions[edition].preferred = at;
        return;
    }
    if !is_better || old.switched.is_some() || now.since(current.first_seen) > SWITCH_WITHIN {
        return;
    }
    let changes = differ_materially(&current.item, &challenger.item) || current.item.link != challenger.item.link;
    let edition = &mut story.editions[edition];
    edition.preferred = at;
    edition.switched = Some(now);
    if changes {
        edition.updated = now.max(edition.position);
    }
}

/// How much of the story an item tells: a body, then a summary, by their lengths in classes, so that a few words do not decide.
pub(super) fn fullness(item: &Item) -> (usize, usize) {
    (item.content.as_ref().map_or(0, |html| html.as_str().len() / 500 + 1), item.summary.len() / 100)
}

fn begin(copy: Copy, id_is_used: bool, now: Second) -> Decision {
    let edition = new_edition(&copy.item, copy.labels.lang.value, 0, id_is_used, now);
    let id = story_id(&copy.item.source, &copy.item.upstream.id);
    let mut story = Story {
        id,
        editions: vec![edition],
        copies: vec![copy],
        topics: vec![],
        countries: vec![],
        regions: vec![],
        edited: Edited::default(),
    };
    relabel(&mut story);
    Decision::NewStory(story)
}

pub(super) fn new_edition(item: &Item, lang: Lang, preferred: usize, id_is_used: bool, now: Second) -> Edition {
    let entry_id = entry_id(item, id_is_used);
    Edition { lang, entry_id, position: now, updated: now, preferred, archived: false, verdict: None, switched: None }
}

/// What a story is about: what its editions' preferred copies are about, best first; and above that what an editor says.
pub(super) fn relabel(story: &mut Story) {
    let labels: Vec<&Labels> = story.editions.iter().map(|edition| &story.preferred(edition).labels).collect();
    let topics = ranked(labels.iter().flat_map(|l| l.topics.iter().map(|t| (t.score, t.slug.clone()))));
    let countries = ranked(labels.iter().flat_map(|l| l.countries.iter().map(|c| (c.score, c.code))));
    let regions = ranked(labels.iter().flat_map(|l| l.regions.iter().map(|r| (0.0, r.slug.clone()))));
    (story.topics, story.countries, story.regions) = (topics, countries, regions);
    let said = &story.edited.labels;
    said.topics.lay_over(&mut story.topics);
    said.countries.lay_over(&mut story.countries);
    said.regions.lay_over(&mut story.regions);
}

/// Each label once, by its best score, then by name.
fn ranked<T: Ord + Clone>(scored: impl Iterator<Item = (f32, T)>) -> Vec<T> {
    let mut scored: Vec<(f32, T)> = scored.collect();
    scored.sort_by(|a, b| a.1.cmp(&b.1).then(b.0.total_cmp(&a.0)));
    scored.dedup_by(|a, b| a.1 == b.1);
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    scored.into_iter().map(|(_, label)| label).collect()
}

/// The name of the story that begins with this item.
pub fn story_id(source: &SourceId, upstream: &str) -> StoryId {
    // A source id has no line break, so no two pairs share a name.
    Uuid::new_v5(&NAMESPACE, format!("{source}\n{upstream}").as_bytes())
}

/// The entry id for an edition that begins with this item (RFC 4287 §4.2.6): the publisher's own when it
/// is an IRI and no other entry uses it, else one that is computed from source and upstream id.
pub fn entry_id(item: &Item, id_is_used: bool) -> String {
    let own = &item.upstream.id;
    if item.upstream.from == UpstreamFrom::Guid && !id_is_used && is_iri(own) {
        own.clone()
    } else {
        format!("urn:uuid:{}", story_id(&item.source, own))
    }
}

/// Whether a text is an absolute IRI that can stand as an entry's id (RFC 3987 §2.2).
fn is_iri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    text.len() <= 2048
        && !rest.is_empty()
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
        && !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '{' | '}' | '|' | '\\' | '^' | '`'))
        && Url::parse(text).is_ok_and(|url| !url.has_host() || url.host_str().is_some_and(|host| !host.is_empty()))
}

//! The view against its simple twin, and against what disks and kills leave of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    str::FromStr,
    sync::atomic::{AtomicBool, Ordering},
};

use common::{at, labels, state, story};
use proptest::{prelude::*, strategy::ValueTree};
use tributary::{
    model::{
        About, Act, Acted, Body, Checked, Choice, Clause, Copy, Edited, Edition, Fault, Filter, Genesis, Gone, History, Lang, Pull, Record,
        Refiled, Second, Snapshot, SourceId, SourceState, Story, StoryId, Unchanged, When, Why, Window, choice::Label,
    },
    store::{Store, StoreError},
};
use uuid::Uuid;

fn genesis(id: u128) -> Genesis {
    Genesis { id: Uuid::from_u128(id), instance: Uuid::from_u128(2), created: at(-1_000) }
}

fn open(dir: &Path) -> Store {
    Store::open(&dir.join("store"), &genesis(7)).unwrap()
}

fn record(seq: u64, stories: Vec<Story>) -> Record {
    let stories = stories.into_iter().map(Into::into).collect();
    let pull = Pull { source: "wire".parse().unwrap(), stories, state: Some(state("wire", at(seq as i64))) };
    Record { seq, at: at(seq as i64), prev: String::new(), key: String::new(), body: Body::Pull(pull) }
}

/// The same stories, as they are written when they are filed again.
fn refiled(record: Record) -> Record {
    let Body::Pull(Pull { stories, .. }) = record.body else { panic!("{record:?}") };
    Record { body: Body::Refiled(Refiled { stories }), ..record }
}

/// The same stories, as they are written when an editor did something to them.
fn acted(record: Record) -> Record {
    let Body::Pull(Pull { stories, .. }) = record.body else { panic!("{record:?}") };
    Record { body: Body::Acted(Acted { act: Act::Hide, story: None, source: None, who: None, why: None, stories }), ..record }
}

/// The simple twin: all stories in a map, every question a scan.
#[derive(Default)]
struct Twin {
    stories: BTreeMap<StoryId, Story>,
}

impl Twin {
    fn apply(&mut self, record: &Record) {
        if let Body::Pull(Pull { stories, .. })
        | Body::Refiled(Refiled { stories })
        | Body::Acted(Acted { stories, .. })
        | Body::Snapshot(Snapshot { stories, .. }) = &record.body
        {
            self.stories.extend(stories.iter().map(|story| (story.id, Story::clone(story))));
        }
    }

    fn query(&self, filter: &Filter, window: Window, limit: usize) -> Vec<(StoryId, Second)> {
        let admitted = self.stories.values().filter(|story| filter.admits(story));
        let mut shown: Vec<(Second, &Story, &SourceId)> = admitted
            .map(|story| {
                let edition = &story.editions[filter.edition_of(story).unwrap()];
                (edition.position, story, &story.preferred(edition).item.source)
            })
            .filter(|(at, ..)| window.from.is_none_or(|from| *at >= from) && window.below.is_none_or(|below| *at < below))
            .collect();
        shown.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
        let mut told: BTreeMap<&SourceId, usize> = BTreeMap::new();
        shown.retain(|(.., source)| {
            let own = told.entry(source).or_default();
            *own += 1;
            filter.per_source.is_none_or(|most| *own <= most)
        });
        shown.into_iter().take(limit).map(|(at, story, _)| (story.id, at)).collect()
    }
}

/// Between stories, in seconds: some stand in one block of the index, and all in several.
const DISTANCE: i64 = 30_000;
const LANGS: [Lang; 4] = [Lang::EN, Lang::ES, Lang::FR, Lang::UNKNOWN];
const TOPICS: [&str; 3] = ["youth", "diaspora", "remittances"];
const COUNTRIES: [&str; 3] = ["GT", "HN", "MX"];

/// A made-up story: its number gives its name, the rest what changes when it is written again.
fn made_up() -> impl Strategy<Value = (u8, Vec<usize>, u8, u8, bool)> {
    (0u8..12, proptest::sample::subsequence(vec![0usize, 1, 2, 3], 1..3), 0u8..8, 0u8..8, any::<bool>())
}

fn build((number, langs, topics, countries, joined): (u8, Vec<usize>, u8, u8, bool)) -> Story {
    let number = i64::from(number);
    let mut story = story("wire", &format!("n{number}"), "Title", at(number * DISTANCE));
    let told = |bits: u8, names: &[&str]| -> Vec<String> {
        names.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1).map(|(_, name)| (*name).to_owned()).collect()
    };
    story.topics = told(topics, &TOPICS).iter().map(|t| t.parse().unwrap()).collect();
    story.countries = told(countries, &COUNTRIES).iter().map(|c| c.parse().unwrap()).collect();
    story.regions = told(topics ^ countries, &["central-america", "sahel"]).iter().map(|slug| slug.parse().unwrap()).collect();
    let first = story.editions[0].clone();
    // A text whose language is not known is never told in another as well.
    let langs: Vec<usize> = if langs.contains(&3) { vec![3] } else { langs };
    story.editions = langs
        .iter()
        .map(|lang| Edition {
            lang: LANGS[*lang],
            entry_id: format!("{}#{lang}", first.entry_id),
            position: at(number * DISTANCE + *lang as i64),
            ..first.clone()
        })
        .collect();
    if joined {
        let item = common::item("paper", &format!("p{number}"), "Title");
        let why = Why::SameLink { link: "x".into() };
        let copy = Copy { item, labels: labels(Lang::EN), first_seen: at(0), rank: 5, why, ..story.copies[0].clone() };
        story.copies.push(copy);
        for edition in &mut story.editions {
            edition.preferred = usize::from(topics > 3);
        }
    }
    story
}

/// Most stories are in their feeds.
fn gone() -> impl Strategy<Value = Option<Gone>> {
    let gone = vec![Gone::Hidden, Gone::Withdrawn, Gone::Joined(Uuid::from_u128(9))];
    proptest::option::weighted(0.3, proptest::sample::select(gone))
}

fn under(topic: &str) -> Filter {
    About { topics: [topic.parse().unwrap()].into(), ..About::default() }.into()
}

/// One wish of a key: up to three names, some of them left out.
fn wish<L: Ord + Clone + std::fmt::Debug + FromStr<Err: std::fmt::Debug> + 'static>(
    names: &'static [&'static str],
) -> impl Strategy<Value = Clause<L>> {
    let one = (proptest::sample::select(names), proptest::bool::weighted(0.3));
    proptest::collection::vec(one, 1..4).prop_map(|parts| {
        let (not, any): (Vec<_>, Vec<_>) = parts.into_iter().partition(|(_, is_not)| *is_not);
        let read = |parts: Vec<(&str, bool)>| parts.into_iter().map(|(name, _)| name.parse().unwrap()).collect();
        Clause { any: read(any), not: read(not) }
    })
}

fn choice<L: Label + std::fmt::Debug + FromStr<Err: std::fmt::Debug> + 'static>(
    names: &'static [&'static str],
) -> impl Strategy<Value = Choice<L>> {
    proptest::collection::vec(wish(names), 0..3).prop_map(|wishes| wishes.into_iter().collect())
}

fn about() -> impl Strategy<Value = About> {
    let (topics, countries) = (choice(&["youth", "diaspora", "remittances", "none"]), choice(&["GT", "HN", "MX", "none"]));
    (topics, countries, choice(&["central-america", "sahel"]), choice(&["wire", "paper"]))
        .prop_map(|(topics, countries, regions, sources)| About { topics, countries, regions, sources, ..About::default() })
}

fn filters() -> impl Strategy<Value = Filter> {
    let langs = || proptest::sample::subsequence(LANGS.to_vec(), 0..3).prop_shuffle();
    let time = || proptest::option::weighted(0.3, (0i64..13 * DISTANCE).prop_map(|seconds| When::At(at(seconds))));
    let any = proptest::collection::btree_set(about(), 0..3);
    let rest = (langs(), langs(), time(), time(), proptest::option::weighted(0.3, 1usize..4));
    (any, rest).prop_map(|(any, (langs, prefer, since, until, per_source))| {
        Filter { any, langs: langs.into_iter().collect(), prefer, since, until, per_source, ..Filter::default() }.settled()
    })
}

/// What a look came to.
#[derive(Debug, Clone, Copy)]
enum Came {
    Nothing { not_before: Option<i64> },
    News(u32),
    Trouble(Fault),
}

fn came() -> impl Strategy<Value = Came> {
    prop_oneof![
        3 => proptest::option::of(0i64..9_000).prop_map(|not_before| Came::Nothing { not_before }),
        1 => (1u32..4).prop_map(Came::News),
        1 => prop_oneof![Just(Fault::Slow), Just(Fault::ServerError), Just(Fault::Blocked)].prop_map(Came::Trouble),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn looks_that_came_to_nothing_are_kept_as_if_each_had_written_the_whole_state(
        looks in proptest::collection::vec((came(), any::<bool>()), 1..60),
    ) {
        let (dir, replayed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (mut store, wire) = (open(dir.path()), "wire".parse().unwrap());
        let mut twin: Option<(SourceState, History)> = None;
        let mut records = Vec::new();
        for (n, (came, restart)) in looks.into_iter().enumerate() {
            let now = at(600 * (n as i64 + 1));
            let next = match (came, &twin) {
                (Came::Nothing { not_before }, Some((before, _))) => SourceState {
                    asked: now,
                    answered: Some(now),
                    not_before: not_before.map(at),
                    news: 0,
                    ..before.clone()
                },
                (Came::Nothing { .. }, None) => state("wire", now),
                (Came::News(news), _) => SourceState { news, ..state("wire", now) },
                (Came::Trouble(fault), _) => SourceState { fault: Some(fault), trouble: Some("x".into()), ..state("wire", now) },
            };
            // As the writer does: what taught nothing new is told in brief.
            let is_repeat = matches!(came, Came::Nothing { .. }) && twin.as_ref().is_some_and(|(before, _)| before.trouble.is_none());
            let unchanged = Unchanged { source: "wire".parse().unwrap(), at: now, not_before: next.not_before };
            let next = if matches!(came, Came::Nothing { .. }) { SourceState { fault: None, trouble: None, ..next } } else { next };
            let (unchanged, states) = if is_repeat { (vec![unchanged], vec![]) } else { (vec![], vec![next.clone()]) };
            let seq = n as u64 + 1;
            let body = Body::Checked(Checked { unchanged, states });
            let record = Record { seq, at: now, prev: String::new(), key: String::new(), body };
            store.apply(&record).unwrap();
            records.push(record);
            let mut history = twin.map(|(_, history)| history).unwrap_or_default();
            history.note(&next);
            twin = Some((next, history));
            if restart {
                drop(store);
                store = open(dir.path());
            }
            let told = store.state(&wire).unwrap().map(|state| (state, store.history(&wire).unwrap()));
            prop_assert_eq!(&told, &twin);
        }
        let again = open(replayed.path());
        records.iter().for_each(|record| drop(again.apply(record).unwrap()));
        prop_assert_eq!(again.state(&wire).unwrap(), store.state(&wire).unwrap());
        prop_assert_eq!(again.histories().unwrap(), store.histories().unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_view_answers_as_its_twin(
        records in proptest::collection::vec((proptest::collection::vec((made_up(), gone()), 0..4), 0u8..3, any::<bool>()), 1..10),
        questions in proptest::collection::vec((filters(), 1usize..8), 80..160),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path());
        let mut twin = Twin::default();
        for (n, (stories, kind, restart)) in records.into_iter().enumerate() {
            let build = |(made_up, gone)| Story { edited: Edited { gone, ..Edited::default() }, ..build(made_up) };
            let mut stories: Vec<Story> = stories.into_iter().map(build).collect();
            stories.sort_by_key(|story| story.id);
            stories.dedup_by_key(|story| story.id);
            let record = record(n as u64 + 1, stories);
            let record = match kind {
                0 => record,
                1 => refiled(record),
                _ => acted(record),
            };
            store.apply(&record).unwrap();
            twin.apply(&record);
            if restart {
                store.flush().unwrap();
                drop(store);
                store = open(dir.path());
            }
            // The same record again changes nothing.
            prop_assert_eq!(store.apply(&record).unwrap(), vec![]);
        }
        for (filter, limit) in questions {
            let window = filter.window(at(0));
            let page = store.query(&filter, window, limit).unwrap();
            let shown: Vec<_> = page.entries.iter().map(|shown| (shown.story.id, shown.edition().position)).collect();
            prop_assert_eq!(shown, twin.query(&filter, window, limit), "filter {}", filter);
        }
        for story in twin.stories.values() {
            let kept = store.story(&story.id).unwrap();
            prop_assert_eq!(kept.as_deref(), Some(story));
            let is_here = story.joined().is_none();
            for edition in &story.editions {
                prop_assert_eq!(store.at_position(edition.position), is_here.then_some(story.id));
                prop_assert_eq!(store.by_entry_id(&edition.entry_id), Some(story.id));
            }
            for copy in &story.copies {
                prop_assert_eq!(store.by_upstream(&copy.item.source, &copy.item.upstream.id), is_here.then_some(story.id));
                prop_assert_eq!(store.by_link(copy.item.canonical.as_ref().unwrap()), Vec::from_iter(is_here.then_some(story.id)));
            }
        }
        let (mut stretches, mut from) = (Vec::new(), Some(0));
        while let Some(first) = from {
            let (stories, next) = store.stretch(first, 3).unwrap();
            stretches.extend(stories);
            from = next;
        }
        stretches.sort_by_key(|story| story.id);
        prop_assert_eq!(stretches, twin.stories.values().cloned().collect::<Vec<_>>());
        let counts = store.counts();
        prop_assert_eq!(counts.total, twin.stories.values().filter(|story| !story.is_gone()).count() as u64);
        for topic in TOPICS {
            let filter = under(topic);
            let expected = twin.stories.values().filter(|story| filter.admits(story)).count() as u64;
            prop_assert_eq!(counts.topics.get(&topic.parse().unwrap()).copied().unwrap_or(0), expected);
        }
        let here = twin.stories.values().filter(|story| story.joined().is_none());
        let last = here.flat_map(|story| &story.editions).map(|edition| edition.position).max();
        prop_assert_eq!(store.last_position(), last);
        prop_assert_eq!(store.verify().unwrap().problems, Vec::<String>::new());
    }
}

#[test]
fn a_story_that_is_gone_is_known_to_its_sources_and_in_no_feed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let (shown, newer) = (build((1, vec![0], 1, 0, false)), build((2, vec![0], 1, 0, true)));
    let gone = |gone| Story { edited: Edited { gone: Some(gone), ..Edited::default() }, ..newer.clone() };
    let wire: SourceId = "wire".parse().unwrap();
    let (of_all, youth) =
        (|store: &Store| store.latest_of(&wire, 9), |store: &Store| store.query(&under("youth"), Window::ALL, 9).unwrap());
    let touched = |seq, story: &Story| store.apply(&acted(record(seq, vec![story.clone()]))).unwrap();
    store.apply(&record(1, vec![shown.clone(), newer.clone()])).unwrap();
    assert_eq!((of_all(&store), youth(&store).entries.len()), (vec![newer.id, shown.id], 2));
    assert_eq!(touched(2, &gone(Gone::Hidden)).len(), 1);
    assert_eq!((of_all(&store), youth(&store).entries.len(), youth(&store).changed), (vec![shown.id, newer.id], 1, at(2)));
    // What goes on within it is nobody's news.
    let mut revised = gone(Gone::Hidden);
    revised.copies[0].item.title = "Another title".into();
    touched(3, &revised);
    assert_eq!(youth(&store).changed, at(2));
    touched(4, &gone(Gone::Joined(shown.id)));
    assert_eq!((of_all(&store), store.at_position(newer.editions[0].position)), (vec![shown.id], None));
    touched(5, &newer);
    assert_eq!((of_all(&store), youth(&store).entries.len(), youth(&store).changed), (vec![newer.id, shown.id], 2, at(5)));
    assert_eq!(store.verify().unwrap().problems, Vec::<String>::new());
}

#[test]
fn a_filter_changes_when_a_story_enters_and_when_it_leaves() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let youth = under("youth");
    let changed = |store: &Store, filter: &Filter| store.query(filter, Window::ALL, 10).unwrap().changed;
    assert_eq!(changed(&store, &youth), at(-1_000));
    store.apply(&record(1, vec![build((1, vec![0], 1, 0, false))])).unwrap();
    store.apply(&record(2, vec![build((2, vec![0], 2, 0, false))])).unwrap();
    assert_eq!((changed(&store, &youth), changed(&store, &Filter::default())), (at(1), at(2)));
    store.apply(&record(3, vec![build((1, vec![0], 0, 0, false))])).unwrap();
    assert_eq!((changed(&store, &youth), store.query(&youth, Window::ALL, 10).unwrap().entries.len()), (at(3), 0));
}

/// Every story that enters a filter, changes in it or leaves it moves the filter's time of change.
#[test]
fn no_change_of_what_is_shown_goes_unnoticed() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let filters: Vec<Filter> = (0..300).map(|_| filters().new_tree(&mut runner).unwrap().current()).collect();
    let dir = tempfile::tempdir().unwrap();
    let (store, mut twin) = (open(dir.path()), Twin::default());
    for seq in 1..60 {
        let told = record(seq, vec![build(made_up().new_tree(&mut runner).unwrap().current())]);
        let Body::Pull(Pull { stories, .. }) = &told.body else { unreachable!() };
        let before = twin.stories.get(&stories[0].id).cloned();
        let touched = store.apply(&told).unwrap();
        twin.apply(&told);
        for filter in &filters {
            let concerns = filter.admits(&stories[0]) || before.as_ref().is_some_and(|before| filter.admits(before));
            if concerns && !touched.is_empty() {
                assert_eq!(store.query(filter, Window::ALL, 1).unwrap().changed, at(seq as i64), "filter {filter}");
            }
        }
    }
}

#[test]
fn readers_never_see_half_a_record() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let ended = AtomicBool::new(false);
    // Each record writes the same six stories with one title.
    let write = |seq: u64| {
        let stories = (0..6).map(|n| story("wire", &format!("n{n}"), &format!("Title {seq}"), at(n))).collect();
        store.apply(&record(seq, stories)).unwrap();
    };
    write(1);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !ended.load(Ordering::Relaxed) {
                    let page = store.query(&Filter::default(), Window::ALL, 10).unwrap();
                    let titles: std::collections::BTreeSet<_> = page.entries.iter().map(|shown| shown.copy().item.title.clone()).collect();
                    assert_eq!((page.entries.len(), titles.len()), (6, 1), "{titles:?}");
                }
            });
        }
        (2..150).for_each(write);
        ended.store(true, Ordering::Relaxed);
    });
}

#[test]
fn records_have_to_come_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    assert!(matches!(store.apply(&record(5, vec![])), Err(StoreError::OutOfOrder { seq: 5, applied: 0 })));
    store.apply(&record(1, vec![])).unwrap();
    assert!(matches!(store.apply(&record(3, vec![])), Err(StoreError::OutOfOrder { seq: 3, applied: 1 })));
    // A journal that begins with a snapshot begins where it begins.
    let fresh = tempfile::tempdir().unwrap();
    let store = open(fresh.path());
    let body = Body::Snapshot(Snapshot { stories: vec![], states: vec![state("wire", at(1))], followers: vec![], leases: vec![] });
    store.apply(&Record { body, ..record(9, vec![]) }).unwrap();
    assert_eq!((store.applied(), store.states().unwrap().len()), (9, 1));
}

#[test]
fn a_view_of_another_journal_is_refused_and_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).apply(&record(1, vec![])).unwrap();
    let path = dir.path().join("store");
    assert!(matches!(Store::open(&path, &genesis(8)), Err(StoreError::Unusable { .. })));
    let aside = Store::set_aside(&path).unwrap();
    assert!(aside.is_dir() && !path.exists());
    assert_eq!(Store::open(&path, &genesis(8)).unwrap().applied(), 0);
}

#[test]
fn what_a_disk_leaves_of_it_opens_older_or_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for seq in 1..60 {
        let stories = (0..4).map(|n| story("wire", &format!("n{seq}-{n}"), "Title", at(seq as i64 * 10 + n))).collect();
        store.apply(&record(seq, stories)).unwrap();
    }
    store.flush().unwrap();
    drop(store);
    let path = dir.path().join("store");
    let whole = fs::read(path.join("db")).unwrap();
    for damage in 0..6 {
        let copy = tempfile::tempdir().unwrap();
        let to = copy.path().join("store");
        fs::create_dir(&to).unwrap();
        fs::copy(path.join("conf"), to.join("conf")).unwrap();
        let mut bytes = whole.clone();
        match damage {
            0 => bytes.clear(),
            1 => bytes.truncate(whole.len() / 2),
            2 => bytes.truncate(whole.len() - 40_000),
            3 => bytes[whole.len() / 3] ^= 1,
            4 => bytes.fill(0xA5),
            _ => fs::write(to.join("snap.0000000000000001.generating"), "half").unwrap(),
        }
        fs::write(to.join("db"), bytes).unwrap();
        match Store::open(&to, &genesis(7)) {
            Ok(store) => {
                let applied = store.applied();
                assert!(applied < 60, "damage {damage}");
                // The rest is applied again, and then all is there.
                for seq in applied + 1..60 {
                    let stories = (0..4).map(|n| story("wire", &format!("n{seq}-{n}"), "Title", at(seq as i64 * 10 + n))).collect();
                    store.apply(&record(seq, stories)).unwrap();
                }
                let report = store.verify().unwrap();
                assert_eq!((report.stories, report.problems), (59 * 4, vec![]), "damage {damage}, {applied} were applied");
            }
            Err(error) => assert!(matches!(error, StoreError::Engine { .. } | StoreError::Unusable { .. }), "damage {damage}: {error}"),
        }
    }
}

//! What it costs to look for the story that an item tells, however many stories of late there are.
//!
//!     cargo bench --bench joining
//!
//! Stories are made of words drawn from the texts of `tests/eval/groups.jsonl`, so that they are as alike as news of one field
//! are. An item is sketched, its candidates are found, and it is compared with each; reading those from the store is not in it.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::HashMap;

use criterion::{BenchmarkId, Criterion, Throughput};
use tributary::{
    classify::{Classifier, Subject},
    clean::{Origin, clean},
    dedup::{self, Candidates, Decision, Kinship, Sketch, Sought, Teller, Telling, Window},
    model::{Item, Labels, RawItem, RawText, Second, SourceId, Story, StoryId},
};
use url::Url;

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Items that are looked up in each round.
const ITEMS: u64 = 200;
/// All of them are of this time.
const NOW: i64 = 1_780_000_000;
/// Of a million stories within a week the latest that a window holds are all younger than this, in seconds.
const HELD: i64 = 120_000;

fn main() {
    let text = std::fs::read_to_string("tests/eval/groups.jsonl").unwrap();
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.len() > 2).collect();
    let config = tributary::config::load(None, std::iter::empty(), &[]).unwrap();
    let classifier = Classifier::new(&config.topics).unwrap();
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("joining");
    group.throughput(Throughput::Elements(ITEMS)).sample_size(10);
    for stories in [1_000, 10_000, 100_000, 1_000_000] {
        let mut window = Window::default();
        let mut kept: HashMap<StoryId, Story> = HashMap::new();
        for n in 0..stories {
            let (item, labels) = made(n, &words, &classifier);
            let story = begun(item, labels);
            window.add(&story, at());
            // The window holds the latest of them; the others are not compared with anything.
            if dated(n) + HELD > NOW {
                kept.insert(story.id, story);
            }
        }
        let new: Vec<(Item, Labels)> = (0..ITEMS).map(|n| made(1_000_000 + n, &words, &classifier)).collect();
        let looked = |(item, labels): &(Item, Labels)| {
            let sketch = Sketch::of(Telling { item, labels }, at());
            let found = window.candidates(&Sought::of(&sketch), at());
            found.iter().filter(|id| dedup::relate(&sketch, &kept[*id]) != Kinship::None).count()
        };
        let candidates =
            |(item, labels): &(Item, Labels)| window.candidates(&Sought::of(&Sketch::of(Telling { item, labels }, at())), at()).len();
        println!("{stories} stories: {:.2} candidates an item", new.iter().map(candidates).sum::<usize>() as f64 / ITEMS as f64);
        group.bench_with_input(BenchmarkId::from_parameter(stories), &new, |bench, new| {
            bench.iter(|| new.iter().map(looked).sum::<usize>())
        });
    }
    group.finish();
    criterion.final_summary();
}

fn at() -> Second {
    Second::from_unix(NOW)
}

/// When an item was published: all within a week.
fn dated(n: u64) -> i64 {
    NOW - (n % 600_000) as i64
}

/// An item of words drawn by its number; one in ten has figures.
fn made(n: u64, words: &[&str], classifier: &Classifier) -> (Item, Labels) {
    let mut seed = n.wrapping_mul(2_654_435_761) + 1;
    let mut draw = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    // A run of words as they stand in some text, so that neighbours are neighbours.
    let mut run = |length: usize| {
        let from = draw(words.len() - length);
        words[from..from + length].join(" ")
    };
    let title = format!("{} {}", run(4), run(5));
    let summary = format!("{} {} {} {n}", run(12), run(15), run(13));
    let source: SourceId = format!("s{}", n % 300).parse().unwrap();
    let base: Url = format!("https://s{}.example/", n % 300).parse().unwrap();
    let raw = RawItem {
        id: Some(format!("{base}{n}")),
        link: Some(format!("{base}news/{n}")),
        title: Some(RawText::Plain(title)),
        summary: Some(RawText::Plain(summary)),
        published: Some(Second::from_unix(dated(n)).date_time()),
        ..RawItem::default()
    };
    let item = clean(raw, &Origin { source: &source, base: &base, feed_lang: None }).unwrap();
    let labels = classifier.classify(&Subject { title: &item.title, summary: &item.summary, ..Subject::default() });
    (item, labels)
}

fn begun(item: Item, labels: Labels) -> Story {
    match dedup::decide(item, labels, Teller { rank: 1, hosts: &[], settles: false }, Candidates::default(), at()) {
        Decision::NewStory(story) => story,
        other => panic!("{other:?}"),
    }
}

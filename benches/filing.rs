//! What filing costs: language, countries and topics of an item together, on one core.
//!
//!     cargo bench --bench filing                       # the labelled items of this project
//!     ITEMS=items.jsonl cargo bench --bench filing     # others, in the form of `tests/eval/items.jsonl`
#![allow(clippy::unwrap_used, missing_docs)]

use criterion::{Criterion, Throughput};
use tributary::classify::{Classifier, Subject, eval::Labelled};

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let file = std::env::var("ITEMS").unwrap_or_else(|_| "tests/eval/items.jsonl".to_owned());
    let items: Vec<Labelled> = std::fs::read_to_string(file).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let bytes: usize = items.iter().map(|item| item.title.len() + item.summary.len()).sum();
    println!("{} items of {} bytes on average", items.len(), bytes / items.len());
    let config = tributary::config::load(None, std::iter::empty(), &[]).unwrap();
    let classifier = Classifier::new(&config.topics).unwrap();
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("filing");
    group.throughput(Throughput::Elements(items.len() as u64)).sample_size(20);
    group.bench_function("language, countries and topics", |bench| {
        bench.iter(|| {
            items
                .iter()
                .map(|item| {
                    let (title, summary) = (item.title.as_str(), item.summary.as_str());
                    classifier.classify(&Subject { title, summary, ..Subject::default() }).topics.len()
                })
                .sum::<usize>()
        });
    });
    group.bench_function("building the rules", |bench| bench.iter(|| Classifier::new(&config.topics).unwrap()));
    group.finish();
    criterion.final_summary();
}

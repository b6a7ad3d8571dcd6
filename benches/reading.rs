//! What reading costs: parse and clean, beside bare feed-rs with ammonia over the same feeds in the same run.
//!
//!     cargo bench --bench reading                      # feeds made here: RSS with escaped HTML and with CDATA, Atom with XHTML
//!     FEEDS=folder cargo bench --bench reading         # the files of a folder, those that both can read
#![allow(clippy::unwrap_used, missing_docs)]

use criterion::{Criterion, Throughput};
use tributary::{
    clean::{Origin, clean},
    html,
    model::{DateOrder, SourceId},
    parse::{About, parse},
};
use url::Url;

/// As in the program itself; for the others as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Items of a feed that is made here.
const ITEMS: usize = 30;

fn main() {
    let feeds: Vec<Vec<u8>> = match std::env::var("FEEDS") {
        Ok(folder) => {
            let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            let mut files: Vec<_> = files.filter(|path| path.is_file()).collect();
            files.sort();
            files.iter().map(|path| std::fs::read(path).unwrap()).filter(|feed| feed_rs::parser::parse(&feed[..]).is_ok()).collect()
        }
        Err(_) => made(),
    };
    let bytes: usize = feeds.iter().map(Vec::len).sum();
    println!("{} feeds, {bytes} bytes", feeds.len());
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("reading");
    group.throughput(Throughput::Bytes(bytes as u64)).sample_size(20);
    group.bench_function("tributary: parse and clean", |bench| bench.iter(|| feeds.iter().map(|feed| ours(feed)).sum::<usize>()));
    group.bench_function("tributary: parse", |bench| bench.iter(|| feeds.iter().map(|feed| read(feed)).sum::<usize>()));
    group.bench_function("feed-rs and ammonia", |bench| bench.iter(|| feeds.iter().map(|feed| theirs(feed)).sum::<usize>()));
    group.bench_function("feed-rs", |bench| {
        bench.iter(|| feeds.iter().map(|feed| feed_rs::parser::parse(&feed[..]).unwrap().entries.len()).sum::<usize>())
    });
    group.finish();
    criterion.final_summary();
}

fn read(feed: &[u8]) -> usize {
    let base = Url::parse("https://wire.example/").unwrap();
    parse(feed, &About { content_type: None, base: &base, dates: DateOrder::DayFirst }).map_or(0, |feed| feed.items.len())
}

fn ours(feed: &[u8]) -> usize {
    let (base, source): (Url, SourceId) = (Url::parse("https://wire.example/").unwrap(), "wire".parse().unwrap());
    let Ok(feed) = parse(feed, &About { content_type: None, base: &base, dates: DateOrder::DayFirst }) else { return 0 };
    let origin = Origin { source: &source, base: &base, feed_lang: feed.lang.as_deref() };
    feed.items.into_iter().filter_map(|item| clean(item, &origin).ok()).count()
}

/// What a program that does no more than it must would do: sanitise title, summary and content.
fn theirs(feed: &[u8]) -> usize {
    let feed = feed_rs::parser::parse(feed).unwrap();
    let texts = feed.entries.iter().flat_map(|entry| {
        let content = entry.content.as_ref().and_then(|content| content.body.as_deref());
        [entry.title.as_ref().map(|text| text.content.as_str()), entry.summary.as_ref().map(|text| text.content.as_str()), content]
    });
    texts.flatten().map(|text| ammonia::clean(text).len()).sum()
}

fn made() -> Vec<Vec<u8>> {
    let paragraph = |n: usize| {
        format!(
            "<p>Report {n} from the border: <strong>{} people</strong> were counted in <a href=\"/places/{n}\">the valley</a>; shelters & kitchens stay open. \
             Officials said that families would be moved before the rains begin, and that buses leave each morning.</p><ul><li>water</li><li>beds</li></ul>",
            n * 37
        )
    };
    let body = |n: usize| (0..1 + n % 6).map(|part| paragraph(n * 7 + part)).collect::<String>();
    let rss = |write: &dyn Fn(String) -> String| {
        let item = |n: usize| {
            format!(
                "<item><title>Report {n} &amp; more</title><link>https://wire.example/{n}</link><guid>https://wire.example/{n}</guid>\
                 <pubDate>Tue, 08 Sep 2020 06:{:02}:00 GMT</pubDate><category>Shelter</category><description>{}</description></item>",
                n % 60,
                write(body(n))
            )
        };
        format!(
            "<rss version=\"2.0\"><channel><title>Wire</title><link>https://wire.example/</link>{}</channel></rss>",
            (0..ITEMS).map(item).collect::<String>()
        )
    };
    let entry = |n: usize| {
        format!(
            "<entry><title>Report {n}</title><id>tag:wire.example,2020:{n}</id><link href=\"https://wire.example/{n}\"/><updated>2020-09-08T06:{:02}:00Z</updated>\
             <content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\">{}</div></content></entry>",
            n % 60,
            body(n).replace('&', "&amp;")
        )
    };
    let atom = format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Wire</title><id>urn:x</id>{}</feed>",
        (0..ITEMS).map(entry).collect::<String>()
    );
    [
        rss(&|html| html::escape(&html)),
        rss(&|html| format!("<![CDATA[{html}]]>")),
        rss(&|html| html::text_of(&html).replace('&', "&amp;").replace('<', "&lt;")),
        atom,
    ]
    .into_iter()
    .cycle()
    .take(40)
    .map(String::into_bytes)
    .collect()
}

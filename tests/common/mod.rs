//! What several tests need: made-up stories and records.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use tributary::model::{
    Body, Checked, Copy, Draft, Edition, Guard, Hints, Item, Labels, Lang, LangFrom, Language, Pull, Rhythm, Second, SourceState, Story,
    Unchanged, Upstream, Why,
};

pub const NOON: i64 = 1_600_000_000;

pub fn at(seconds: i64) -> Second {
    Second::from_unix(NOON + seconds)
}

pub fn item(source: &str, upstream: &str, title: &str) -> Item {
    Item {
        source: source.parse().unwrap(),
        upstream: Upstream::guid(upstream.into()),
        link: Some(format!("https://{source}.example/{upstream}")),
        canonical: Some(format!("{source}.example/{upstream}")),
        title: title.into(),
        summary: String::new(),
        content: None,
        published: None,
        updated: None,
        lang: None,
        feed_lang: None,
        authors: vec![],
        categories: vec![],
        enclosures: vec![],
        image: None,
        point: None,
        rights: None,
    }
}

pub fn labels(lang: Lang) -> Labels {
    let lang = Language { value: lang, from: LangFrom::Item };
    Labels { lang, topics: vec![], countries: vec![], regions: vec![], near: vec![], rejected: vec![] }
}

/// A story with one copy and one edition.
pub fn story(source: &str, upstream: &str, title: &str, position: Second) -> Story {
    let item = item(source, upstream, title);
    let edition = Edition {
        lang: Lang::EN,
        entry_id: format!("https://{source}.example/{upstream}"),
        position,
        updated: position,
        preferred: 0,
        archived: false,
        verdict: None,
        switched: None,
    };
    Story {
        id: tributary::dedup::story_id(&item.source, &item.upstream.id),
        editions: vec![edition],
        copies: vec![Copy {
            item,
            labels: labels(Lang::EN),
            first_seen: position,
            revised: None,
            rank: 3,
            why: Why::First,
            refused: Vec::new(),
            revisions: Vec::new(),
            retracted: None,
        }],
        topics: vec![],
        countries: vec![],
        regions: vec![],
        edited: Default::default(),
    }
}

pub fn state(source: &str, asked: Second) -> SourceState {
    SourceState {
        source: source.parse().unwrap(),
        title: source.to_uppercase(),
        home: None,
        url: format!("https://{source}.example/feed"),
        etag: Some("\"1\"".into()),
        last_modified: None,
        from: None,
        body_hash: None,
        asked,
        answered: Some(asked),
        newest: None,
        rhythm: Rhythm::default(),
        failures: 0,
        unread: 0,
        trouble: None,
        fault: None,
        since: None,
        not_before: None,
        host_rests: None,
        hints: Hints::default(),
        moved: None,
        gone: false,
        repaired: vec![],
        items: 1,
        news: 0,
        ids: None,
        hub: None,
        rules: None,
        guard: Guard::default(),
    }
}

pub fn pull(source: &str, stories: Vec<Story>, seconds: i64) -> Draft {
    let stories = stories.into_iter().map(Into::into).collect();
    let body = Body::Pull(Pull { source: source.parse().unwrap(), stories, state: Some(state(source, at(seconds))) });
    Draft { at: at(seconds), key: format!("pull/{source}/{}/0", at(seconds)), body }
}

pub fn checked(source: &str, seconds: i64) -> Draft {
    let unchanged = vec![Unchanged { source: source.parse().unwrap(), at: at(seconds), not_before: None }];
    Draft { at: at(seconds), key: format!("round/{}", at(seconds)), body: Body::Checked(Checked { unchanged, states: vec![] }) }
}

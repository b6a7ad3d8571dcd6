//! What is left of a story when its words are taken out: where its entries stood, and what its items are known by.
//!
//! The keys of items are words too: an address often holds the title. So only hashes of them are left, which is enough to
//! know an item that its publisher still lists. Each struct is written out field by field, so that whoever
//! adds words to a story has to say here what becomes of them. Deliberately absent: when a story is to go.

use uuid::Uuid;

use crate::model::{Copy, Edited, Edition, Gone, Item, Labels, Story, Upstream, Why};

/// What a key that is at rest begins with.
const RESTING: &str = "rest:";

/// What an item is known by when its key is to be known no more: a hash. A key that is at rest stays as it is.
pub fn resting(key: &str) -> String {
    if key.starts_with(RESTING) { key.to_owned() } else { format!("{RESTING}{}", &blake3::hash(key.as_bytes()).to_hex()[..32]) }
}

/// A story that is kept no longer. A link by which `is_own` says that no other item is found goes on to be known.
pub fn pruned(story: &Story, is_own: impl Fn(&Item) -> bool) -> Story {
    laid_down(story, Gone::Pruned, &is_own, |edition| edition.entry_id.clone())
}

/// A story whose words are taken out. The ids of its entries may be addresses, and so words: they go as well.
pub fn erased(story: &Story, is_own: impl Fn(&Item) -> bool) -> Story {
    laid_down(story, Gone::Erased, &is_own, |edition| nameless(&edition.entry_id))
}

/// A story without the words of some of its copies, be they shown or withdrawn; where it stands and how it is filed stays.
pub fn silenced(story: &Story, is_it: impl Fn(&Copy) -> bool) -> Story {
    let mut story = story.clone();
    for copy in story.copies.iter_mut().chain(&mut story.edited.withdrawn).filter(|copy| is_it(copy)) {
        *copy = wordless(copy, &|_| true);
    }
    story
}

/// Whether nothing is left of the words of a story.
pub fn is_wordless(story: &Story) -> bool {
    story.copies.iter().chain(&story.edited.withdrawn).all(|copy| copy.item.upstream.id.starts_with(RESTING))
}

fn laid_down(story: &Story, why: Gone, is_own: &impl Fn(&Item) -> bool, entry_id: impl Fn(&Edition) -> String) -> Story {
    // Where it is told in another story, it goes on to lead there; what was erased stays so.
    let gone = match story.edited.gone {
        Some(gone @ (Gone::Joined(_) | Gone::Erased)) => gone,
        _ => why,
    };
    let all = |copies: &[Copy]| copies.iter().map(|copy| wordless(copy, is_own)).collect();
    Story {
        id: story.id,
        editions: story.editions.iter().map(|edition| Edition { entry_id: entry_id(edition), ..edition.clone() }).collect(),
        copies: all(&story.copies),
        topics: Vec::new(),
        countries: Vec::new(),
        regions: Vec::new(),
        edited: Edited {
            gone: Some(gone),
            labels: Default::default(),
            apart: story.edited.apart.clone(),
            withdrawn: all(&story.edited.withdrawn),
            acts: story.edited.acts.clone(),
        },
    }
}

fn wordless(copy: &Copy, is_own: &impl Fn(&Item) -> bool) -> Copy {
    let Item { source, upstream, canonical, .. } = &copy.item;
    let link = canonical.as_deref().filter(|link| link.starts_with(RESTING) || is_own(&copy.item));
    Copy {
        item: Item {
            source: source.clone(),
            upstream: Upstream { id: resting(&upstream.id), from: upstream.from, also: upstream.also.as_deref().map(resting) },
            link: None,
            canonical: link.map(resting),
            title: String::new(),
            summary: String::new(),
            content: None,
            published: None,
            updated: None,
            lang: None,
            feed_lang: None,
            authors: Vec::new(),
            categories: Vec::new(),
            enclosures: Vec::new(),
            image: None,
            point: None,
            rights: None,
        },
        labels: Labels {
            lang: copy.labels.lang,
            topics: Vec::new(),
            countries: Vec::new(),
            regions: Vec::new(),
            near: Vec::new(),
            rejected: Vec::new(),
        },
        first_seen: copy.first_seen,
        revised: copy.revised,
        rank: copy.rank,
        why: unspoken(&copy.why),
        refused: Vec::new(),
        revisions: Vec::new(),
        retracted: copy.retracted,
    }
}

/// A reason without what it quotes.
fn unspoken(why: &Why) -> Why {
    match why {
        Why::SameLink { link } => Why::SameLink { link: resting(link) },
        Why::SameFigures { .. } => Why::SameFigures { figures: Vec::new() },
        Why::Translation { .. } => Why::Translation { by: Vec::new() },
        Why::Editor { .. } => Why::Editor { why: None },
        Why::Other(_) => Why::Between,
        Why::First | Why::SameText | Why::SameTitle | Why::NearText { .. } | Why::Between => why.clone(),
    }
}

/// An id in the place of one that says something.
fn nameless(entry_id: &str) -> String {
    match entry_id.strip_prefix("urn:uuid:") {
        Some(id) if Uuid::parse_str(id).is_ok() => entry_id.to_owned(),
        _ => format!("urn:uuid:{}", Uuid::new_v5(&Uuid::NAMESPACE_URL, entry_id.as_bytes())),
    }
}

//! What an editor's acts make of a story, and how two become one.
//!
//! Each takes a story as it stands and gives it as it is to be kept. Ids never change; places only when that is asked for.
//! Deliberately absent: whether the act is wise.

use std::cmp::Reverse;

use super::{
    decide::{fullness, new_edition, prefer, relabel, story_id, told_in},
    near::may_be_one,
};
use crate::model::{Act, Copy, Edited, Edition, Gone, Relabelled, Said, Second, SourceId, Story, StoryId, Why};

/// Who does what a rule says.
pub const BY_RULE: &str = "Tributary";
/// Why a story that waited is shown.
pub const WAIT_IS_OVER: &str = "the wait for the original is over";

/// Why an act can not be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is in no feed.
    #[error("story {0} is in no feed; `tributary story {0} release` brings it back")]
    Gone(StoryId),
    /// Its words are gone for good.
    #[error("story {0} is kept no longer: its words are gone, and only what it is known by is left")]
    AtRest(StoryId),
    /// It is told in another one.
    #[error("story {0} was joined to {1}; say it of that one")]
    Joined(StoryId, StoryId),
    /// It is in its feeds.
    #[error("story {0} is not hidden")]
    NotGone(StoryId),
    /// It is in its feeds, and was filed in the archive.
    #[error("story {0} is not hidden, and in the archive; `--as-new` gives it a place at the top")]
    Archived(StoryId),
    /// Nothing would be left.
    #[error("story {0} has no other copy; `hide` takes it out of its feeds")]
    OnlyCopy(StoryId),
    /// A story keeps the copy that it has its name from.
    #[error("story {0} has its name from that copy, which stays in it; split the others out")]
    Namesake(StoryId),
    /// There is a story of that name.
    #[error("the copy would make story {0}, which there is")]
    Taken(StoryId),
    /// A story is itself.
    #[error("story {0} can not be joined to itself")]
    Itself(StoryId),
}

/// Takes a story out of every feed.
pub fn hide(story: &Story, said: Said) -> Result<Story, Unfit> {
    let mut hidden = shown(story)?.clone();
    hidden.edited.gone = Some(Gone::Hidden);
    hidden.edited.note(said);
    Ok(hidden)
}

/// Brings a story back that was hidden or withdrawn, or that waits. One that was filed in the archive can only be brought to the
/// top, `as_new`.
pub fn release(story: &Story, as_new: bool, said: Said) -> Result<Story, Unfit> {
    let is_archived = || story.editions.iter().any(|edition| edition.archived);
    match story.edited.gone {
        None if as_new && is_archived() => {}
        None if is_archived() => return Err(Unfit::Archived(story.id)),
        None => return Err(Unfit::NotGone(story.id)),
        Some(Gone::Joined(other)) => return Err(Unfit::Joined(story.id, other)),
        Some(Gone::Pruned | Gone::Erased) => return Err(Unfit::AtRest(story.id)),
        Some(Gone::Hidden | Gone::Withdrawn | Gone::Retracted | Gone::Waiting(_)) => {}
    }
    let mut released = story.clone();
    released.edited.gone = None;
    released.edited.note(said);
    Ok(released)
}

/// Shows a story that waited, since the wait is over; nothing when it does not wait any more, or still does.
pub fn open(story: &Story, now: Second) -> Option<Story> {
    story.waits().filter(|until| *until <= now)?;
    let mut opened = story.clone();
    opened.edited.gone = None;
    opened.edited.note(Said { act: Act::Release, at: now, who: Some(BY_RULE.to_owned()), why: Some(WAIT_IS_OVER.to_owned()) });
    Some(opened)
}

/// Files a story under other labels than the rules do. With `forget` all that was said before of its labels is taken back first.
pub fn say_labels(story: &Story, labels: &Relabelled, forget: bool, said: Said) -> Result<Story, Unfit> {
    let mut relabelled = shown(story)?.clone();
    if forget {
        relabelled.edited.labels = Relabelled::default();
    }
    relabelled.edited.labels.then(labels);
    relabelled.edited.note(said);
    relabel(&mut relabelled);
    Ok(relabelled)
}

/// Gives an edition another place, at the top.
pub fn place_anew(edition: &mut Edition, place: Second) {
    (edition.position, edition.updated, edition.archived, edition.verdict) = (place, place, false, None);
}

/// Two stories of one.
#[derive(Debug, Clone, PartialEq)]
pub struct Parted {
    /// What is left.
    pub rest: Story,
    /// The copy's own.
    pub own: Story,
    /// Whether its edition has yet to be given a place.
    pub is_unplaced: bool,
}

/// Takes a copy out into a story of its own, which is never joined to the first one again.
///
/// `former` is the story that the copy had before it was joined, `id_is_used` says whether another entry has its upstream id.
/// An edition that nobody else tells goes along with its copy.
pub fn split(story: &Story, at: usize, former: Option<&Story>, id_is_used: bool, said: Said) -> Result<Parted, Unfit> {
    let mut rest = shown(story)?.clone();
    let item = &story.copies[at].item;
    let id = story_id(&item.source, &item.upstream.id);
    if story.copies.len() < 2 {
        return Err(Unfit::OnlyCopy(story.id));
    } else if id == story.id {
        return Err(Unfit::Namesake(story.id));
    } else if former.is_some_and(|former| former.joined().is_none()) {
        return Err(Unfit::Taken(id));
    }
    let (key, source) = (item.upstream.clone(), item.source.clone());
    let is_it = |copy: &Copy| copy.item.source == source && copy.item.upstream == key;
    let (mut copies, mut editions) = take_out(&mut rest, &is_it, said.at);
    if let (true, Some(former)) = (editions.is_empty(), former) {
        let own = former.editions.iter().filter(|edition| former.copies.get(edition.preferred).is_some_and(&is_it));
        editions.extend(own.filter(|edition| !story.editions.iter().any(|there| there.entry_id == edition.entry_id)).take(1).cloned());
    }
    let is_unplaced = editions.is_empty();
    for copy in &mut copies {
        copy.why = Why::First;
        if editions.is_empty() {
            editions.push(new_edition(&copy.item, copy.labels.lang.value, 0, id_is_used, said.at));
        }
    }
    editions.iter_mut().for_each(|edition| edition.preferred = 0);
    let mut edited = Edited { apart: [story.id].into(), ..Edited::default() };
    edited.note(said.clone());
    let mut own = Story { id, editions, copies, topics: vec![], countries: vec![], regions: vec![], edited };
    rest.edited.apart.insert(id);
    rest.edited.note(said);
    relabel(&mut rest);
    relabel(&mut own);
    Ok(Parted { rest, own, is_unplaced })
}

/// Makes one story of two: the older one, with the copies of both, and the younger one as it is kept, which says where they are.
/// `why` stands at the copy that the younger one began with.
pub fn join(one: &Story, other: &Story, why: &Why, said: Said) -> Result<(Story, Story), Unfit> {
    // One that waits was never seen by anybody.
    let age = |story: &Story| (story.waits().is_some(), story.copies[0].first_seen, story.first_edition().position);
    let (older, younger) = if age(shown(one)?) <= age(shown(other)?) { (one, other) } else { (other, one) };
    if older.id == younger.id {
        return Err(Unfit::Itself(older.id));
    }
    let (mut whole, mut left) = (older.clone(), younger.clone());
    let first = whole.copies.len();
    whole.copies.extend(younger.copies.iter().cloned().map(|copy| match copy.why {
        Why::First => Copy { why: why.clone(), ..copy },
        _ => copy,
    }));
    for edition in &younger.editions {
        if told_in(&whole.editions, edition.lang).is_none() {
            whole.editions.push(Edition { preferred: first + edition.preferred, ..edition.clone() });
        }
    }
    for at in first..whole.copies.len() {
        if let Some(edition) = told_in(&whole.editions, whole.copies[at].labels.lang.value) {
            prefer(&mut whole, edition, at, said.at);
        }
    }
    let mut labels = younger.edited.labels.clone();
    labels.then(&older.edited.labels);
    whole.edited.labels = labels;
    if let (Some(until), Some(sooner)) = (whole.waits(), younger.waits()) {
        whole.edited.gone = Some(Gone::Waiting(until.min(sooner)));
    }
    whole.edited.withdrawn.extend(younger.edited.withdrawn.iter().cloned());
    whole.edited.apart.extend(&younger.edited.apart);
    whole.edited.apart.retain(|id| ![older.id, younger.id].contains(id));
    whole.edited.note(said.clone());
    relabel(&mut whole);
    left.edited.gone = Some(Gone::Joined(whole.id));
    left.edited.note(said);
    Ok((whole, left))
}

/// Makes one story of those that a telling is the same as, unless something speaks against it: the oldest, and those that are
/// told in it from now on.
pub fn one_of_all<'a>(mut story: Story, others: impl Iterator<Item = &'a Story>, now: Second) -> (Story, Vec<Story>) {
    let mut left = Vec::new();
    for other in others {
        let why = Some("another copy tells the same as both".to_owned());
        let said = Said { act: Act::Join, at: now, who: Some(BY_RULE.to_owned()), why };
        if may_be_one(&story, other)
            && let Ok((whole, gone)) = join(&story, other, &Why::Between, said)
        {
            story = whole;
            left.push(gone);
        }
    }
    (story, left)
}

/// Takes all copies of a source back; a story without another goes. Nothing, when it has none of that source.
pub fn withdraw(story: &Story, source: &SourceId, said: Said) -> Option<Story> {
    let is_theirs = |copy: &Copy| copy.item.source == *source;
    let is_withdrawn = matches!(story.edited.gone, Some(Gone::Withdrawn | Gone::Joined(_)));
    if is_withdrawn || story.is_at_rest() || !story.copies.iter().any(is_theirs) {
        return None;
    }
    let mut story = story.clone();
    if story.copies.iter().all(is_theirs) {
        story.edited.gone = Some(Gone::Withdrawn);
    } else {
        let (withdrawn, _) = take_out(&mut story, &is_theirs, said.at);
        story.edited.withdrawn.extend(withdrawn);
        relabel(&mut story);
    }
    story.edited.note(said);
    Some(story)
}

/// A story without some of its copies, for when those are told elsewhere; nothing when no copy or no edition would be left.
pub fn without(story: &Story, leaves: impl Fn(&Copy) -> bool, now: Second) -> Option<Story> {
    if story.copies.iter().all(&leaves) {
        return None;
    }
    let mut rest = story.clone();
    take_out(&mut rest, &leaves, now);
    relabel(&mut rest);
    (!rest.editions.is_empty()).then_some(rest)
}

/// A story that is in its feeds, or will be.
fn shown(story: &Story) -> Result<&Story, Unfit> {
    match story.edited.gone {
        None | Some(Gone::Waiting(_)) => Ok(story),
        Some(Gone::Joined(other)) => Err(Unfit::Joined(story.id, other)),
        Some(Gone::Pruned | Gone::Erased) => Err(Unfit::AtRest(story.id)),
        Some(Gone::Hidden | Gone::Withdrawn | Gone::Retracted) => Err(Unfit::Gone(story.id)),
    }
}

/// Takes some of its copies out of a story, and the editions that nobody else tells. An edition that loses its preferred copy
/// gets the best of the others. At least one copy has to stay.
pub(super) fn take_out(story: &mut Story, leaves: &impl Fn(&Copy) -> bool, now: Second) -> (Vec<Copy>, Vec<Edition>) {
    let stays: Vec<usize> = (0..story.copies.len()).filter(|at| !leaves(&story.copies[*at])).collect();
    let told_by = |edition: usize| {
        let told = |at: &&usize| told_in(&story.editions, story.copies[**at].labels.lang.value) == Some(edition);
        let merit = |at: &&usize| (story.copies[**at].rank, Reverse(fullness(&story.copies[**at].item)));
        let kept = stays.iter().find(|at| **at == story.editions[edition].preferred);
        kept.or_else(|| stays.iter().filter(told).min_by_key(merit)).copied()
    };
    let preferred: Vec<Option<usize>> = (0..story.editions.len()).map(told_by).collect();
    let (mut editions, mut left) = (Vec::new(), Vec::new());
    for (mut edition, preferred) in std::mem::take(&mut story.editions).into_iter().zip(preferred) {
        let Some(at) = preferred else {
            left.push(edition);
            continue;
        };
        if at != edition.preferred {
            edition.updated = now.max(edition.position);
        }
        edition.preferred = stays.iter().position(|stays| *stays == at).unwrap_or_default();
        editions.push(edition);
    }
    story.editions = editions;
    let (taken, copies) = std::mem::take(&mut story.copies).into_iter().partition(leaves);
    story.copies = copies;
    (taken, left)
}

//! What becomes of a story when the publisher of a copy takes it back, and what brings it back.
//!
//! A publisher takes back its own word and nobody else's: a story that others tell goes on in their words, and one that
//! nobody else tells is in no feed until it is told again. Deliberately absent: how many are believed at once (`apply`).

use super::{
    Decision, Teller,
    acts::take_out,
    decide::{join, relabel},
    revisions,
};
use crate::model::{Act, Copy, Gone, Item, Labels, Retracted, Retraction, Said, Second, SourceId, Story};

/// The story without a copy that its publisher takes back; nothing when that was done already, or somebody has had a later word.
pub fn retract(story: &Story, at: usize, retraction: &Retraction, now: Second) -> Option<Story> {
    let copy = story.copies.get(at)?;
    let is_told_later = retraction.when.is_some() && retraction.is_overtaken_by(&copy.item);
    let is_over = story.is_at_rest() || matches!(story.edited.gone, Some(Gone::Withdrawn | Gone::Joined(_)));
    if is_over || is_told_later || copy.retracted.is_some_and(|known| known.is_known(retraction)) {
        return None;
    }
    let (source, key) = (copy.item.source.clone(), copy.item.upstream.clone());
    let mut story = story.clone();
    story.copies[at].retracted = Some(Retracted { seen: now, when: retraction.when });
    if story.copies.len() > 1 {
        let is_it = |copy: &Copy| copy.item.source == source && copy.item.upstream == key;
        let (taken, _) = take_out(&mut story, &is_it, now);
        story.edited.withdrawn.extend(taken);
        relabel(&mut story);
    } else if story.edited.gone != Some(Gone::Hidden) {
        story.edited.gone = Some(Gone::Retracted);
    }
    story.edited.note(Said {
        act: Act::Withdraw,
        at: now,
        who: Some(source.to_string()),
        why: Some("withdrawn by its publisher".to_owned()),
    });
    Some(story)
}

/// What becomes of an item whose copy, the `nth` of those that were taken out of a story, its publisher took back: told anew it
/// joins that story again.
pub fn tell_anew(story: &Story, nth: usize, item: Item, labels: Labels, teller: Teller<'_>, id_is_used: bool, now: Second) -> Decision {
    let taken = &story.edited.withdrawn[nth];
    if !taken.retracted.is_some_and(|known| known.is_overtaken_by(&item)) {
        return Decision::Same;
    }
    let mut copy = Copy { labels, revised: Some(now), rank: teller.rank, retracted: None, ..taken.clone() };
    revisions::note(&mut copy, &item, now);
    copy.item = Item { upstream: copy.item.upstream, ..item };
    let mut story = story.clone();
    story.edited.withdrawn.remove(nth);
    note_return(&mut story, &copy.item.source, now);
    join(&story, copy, teller, id_is_used, now)
}

/// Notes that a story, or a copy of it, is told again.
pub(super) fn note_return(story: &mut Story, source: &SourceId, now: Second) {
    story.edited.note(Said {
        act: Act::Release,
        at: now,
        who: Some(source.to_string()),
        why: Some("told again by its publisher".to_owned()),
    });
}

/// Leaves a story that nobody told any more to the copy that tells it again, the last one.
pub(super) fn bring_back(story: &mut Story, now: Second) {
    let (taken, _) = take_out(story, &|copy: &Copy| copy.retracted.is_some(), now);
    story.edited.withdrawn.extend(taken);
    story.edited.gone = None;
}

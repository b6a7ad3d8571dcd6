//! What happened to a source, as news for operators: troubles as they began, and their ends.
//!
//! A trouble keeps its id and its date for as long as it lasts; what is said of it may change.
//! A single look that failed and is made good by the next one is no news, unless it needs a person.

use super::{Finding, Health, moment};
use crate::{
    model::{History, Source, Spell, Standing},
    publish::Notice,
};

/// The notices of one source, the oldest first.
pub fn notices(source: &Source, health: &Health, history: &History) -> Vec<Notice> {
    if matches!(health.leading.standing, Standing::Off | Standing::New) {
        return Vec::new();
    }
    let notice =
        |what: &str, at, text: String| Notice { source: source.id.clone(), title: source.title.clone(), what: what.to_owned(), at, text };
    let findings: Vec<&Finding> = [&health.leading].into_iter().chain(&health.also).collect();
    let mut notices = Vec::new();
    let mut is_told = false;
    for (n, spell) in history.spells().iter().enumerate() {
        let standing = spell.fault.standing();
        if is_news(spell) {
            let now = findings.iter().find(|finding| finding.standing == standing && spell.until.is_none());
            notices.push(notice(standing.as_str(), spell.since, now.map_or_else(|| past(spell), |finding| present(finding))));
            is_told = true;
        }
        // A trouble that became another one is not over.
        let goes_on = history.spells().get(n + 1).is_some_and(|next| Some(next.since) == spell.until);
        if let Some(until) = spell.until.filter(|_| !goes_on) {
            if is_told {
                notices.push(notice("recovered", until, format!("it answers again, since {}", moment(until))));
            }
            is_told = false;
        }
    }
    let lasting = findings.iter().filter(|finding| matches!(finding.standing, Standing::Silent | Standing::Moved));
    notices.extend(lasting.filter_map(|finding| Some(notice(finding.standing.as_str(), finding.since?, present(finding)))));
    notices.sort_by_key(|notice| notice.at);
    notices
}

fn is_news(spell: &Spell) -> bool {
    match spell.fault.standing() {
        Standing::Failing | Standing::Waiting => spell.looks > 1,
        _ => true,
    }
}

fn present(finding: &Finding) -> String {
    let remedy = finding.remedy.as_ref().map(|remedy| format!(". What to try: {remedy}")).unwrap_or_default();
    format!("{}{remedy}", finding.sentence)
}

fn past(spell: &Spell) -> String {
    let until = spell.until.map(|until| format!(", until {}", moment(until))).unwrap_or_default();
    format!(
        "{}, since {}{until}, at {} {}",
        spell.fault.words(),
        moment(spell.since),
        spell.looks,
        if spell.looks == 1 { "look" } else { "looks" }
    )
}

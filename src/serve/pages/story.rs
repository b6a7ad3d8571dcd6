//! Why a story is where it is: who told it, what it was filed under, what spoke for that, and what became of it.

use std::ops::Range;

use askama::Template;
use url::{Url, form_urlencoded};

use super::{
    Frame, Place, Ui, Words,
    editing::{Deeds, Editor},
    kept::{self, Kept},
    told::{self, Time, number, tenths},
    words::{self, fill},
};
use crate::{
    model::{Act, Copy, Evidence, Field, FourNames, Labels, Lang, Revision, Rule, Said, Second, SourceId, Story, Why},
    serve::Publishing,
};

/// A piece of a text; marked where it spoke for a label.
struct Piece<'a> {
    text: &'a str,
    is_marked: bool,
}

/// One language of the story.
struct Edition<'a> {
    lang: String,
    language: &'static str,
    title: &'a str,
    link: Option<&'a str>,
    time: Time,
}

/// One publisher's telling.
struct Telling<'a> {
    source: String,
    of_source: String,
    title: &'a str,
    link: Option<&'a str>,
    lang: String,
    language: &'static str,
    first_seen: Time,
    published: Option<Time>,
    is_shown: bool,
    why: String,
    /// What speaks for it, as it was written down.
    detail: Vec<Kept>,
}

/// A story that it looks like.
struct Refused {
    to: String,
    /// As it was written down.
    why: Kept,
}

/// A label and what spoke for it.
struct Filed<'a> {
    name: &'a str,
    to: String,
    role: Option<&'static str>,
    because: Vec<Because<'a>>,
    wrong: Option<String>,
}

/// One thing that spoke for a label.
struct Because<'a> {
    text: &'a str,
    place: &'static str,
    rule: String,
}

/// Something that happened to the story.
struct Event {
    at: Second,
    time: Time,
    what: String,
    /// What was said of it, by whom.
    said: Vec<String>,
}

#[derive(Template)]
#[template(path = "story.html")]
struct Page<'a> {
    frame: Frame<'a>,
    lang: String,
    language: &'static str,
    title: Vec<Piece<'a>>,
    summary: Vec<Piece<'a>>,
    has_marks: bool,
    source: String,
    link: Option<&'a str>,
    time: Time,
    editions: Vec<Edition<'a>>,
    tellings: Vec<Telling<'a>>,
    refused: Vec<Refused>,
    filed: Vec<Filed<'a>>,
    nearly: Vec<Filed<'a>>,
    history: Vec<Event>,
    permanent: String,
    wrong: Option<String>,
    /// What an editor can do to it.
    deeds: Option<Deeds<'a>>,
}

/// The page of a story, for readers or for an editor.
pub(in crate::serve) fn page(story: &Story, ui: Ui, publishing: &Publishing, editor: Option<Editor<'_>>) -> String {
    let (edition, shown) = (story.first_edition(), story.preferred(story.first_edition()));
    let own = format!("story/{}", story.id);
    let item = &shown.item;
    let frame = |title: &str| match editor {
        Some(editor) => editor.frame(title, &own),
        None => Frame::new(publishing, ui, Place::Elsewhere, title, &own),
    };
    let title = if item.title.is_empty() { Words::of(ui.lang).untitled } else { &item.title };
    let around = frame(title);
    let frame = frame(title);
    let lang = frame.lang();
    let teller = Teller { story, frame: &frame };
    let marks = |field: Field, text| marked(text, &all_evidence(&shown.labels), field);
    let (title, summary) = (marks(Field::Title, title), marks(Field::Summary, &item.summary));
    let page = Page {
        lang: told::tag(edition.lang),
        language: told::language(edition.lang),
        has_marks: title.iter().chain(&summary).any(|piece| piece.is_marked),
        title,
        summary,
        source: teller.named(&item.source),
        link: item.link.as_deref(),
        time: Time::minute(edition.position, lang),
        editions: story.editions.iter().skip(1).map(|edition| teller.edition(edition)).collect(),
        tellings: story.copies.iter().map(|copy| teller.telling(copy, std::ptr::eq(copy, shown))).collect(),
        refused: story
            .copies
            .iter()
            .flat_map(|copy| &copy.refused)
            .map(|refusal| Refused { to: frame.to(&format!("story/{}", refusal.story)), why: kept::told(&refusal.why, lang) })
            .collect(),
        filed: teller.filed(),
        nearly: shown
            .labels
            .near
            .iter()
            .map(|label| teller.label("topic", label.slug.as_str(), publishing.names.topics.get(&label.slug), &label.evidence, None))
            .collect(),
        history: teller.history(),
        permanent: frame.canonical(),
        wrong: teller.feedback(None),
        deeds: editor.map(|editor| editor.deeds(story, &frame)),
        frame: around,
    };
    page.render().unwrap_or_default()
}

/// A story as a page tells it.
struct Teller<'a> {
    story: &'a Story,
    frame: &'a Frame<'a>,
}

impl<'a> Teller<'a> {
    fn w(&self) -> &'static Words {
        self.frame.w
    }

    fn named(&self, id: &SourceId) -> String {
        self.frame.publishing.sources.get(id).map_or_else(|| id.to_string(), |card| card.title.clone())
    }

    fn edition(&self, edition: &crate::model::Edition) -> Edition<'a> {
        let item = &self.story.preferred(edition).item;
        Edition {
            lang: told::tag(edition.lang),
            language: told::language(edition.lang),
            title: &item.title,
            link: item.link.as_deref(),
            time: Time::minute(edition.position, self.frame.lang()),
        }
    }

    fn telling(&self, copy: &'a Copy, is_shown: bool) -> Telling<'a> {
        let lang = self.frame.lang();
        let (why, detail) = why(&copy.why, self.w(), lang);
        Telling {
            source: self.named(&copy.item.source),
            of_source: self.frame.to(&format!("feed/source/{}", copy.item.source)),
            title: &copy.item.title,
            link: copy.item.link.as_deref(),
            lang: told::tag(copy.labels.lang.value),
            language: told::language(copy.labels.lang.value),
            first_seen: Time::minute(copy.first_seen, lang),
            published: copy.item.published.map(|at| Time::day(at, lang)),
            is_shown,
            why,
            detail: detail.iter().map(|detail| kept::told(detail, lang)).collect(),
        }
    }

    /// All labels of the story, with the evidence of the copies that gave them.
    fn filed(&self) -> Vec<Filed<'a>> {
        let (story, names) = (self.story, &self.frame.publishing.names);
        let told: Vec<&Labels> = story.editions.iter().map(|edition| &story.preferred(edition).labels).collect();
        let topics = story.topics.iter().map(|slug| {
            let label = told.iter().flat_map(|labels| &labels.topics).find(|label| label.slug == *slug);
            self.label("topic", slug.as_str(), names.topics.get(slug), label.map_or(&[], |label| &label.evidence), None)
        });
        let countries = story.countries.iter().map(|code| {
            let label = told.iter().flat_map(|labels| &labels.countries).find(|label| label.code == *code);
            let role = label.and_then(|label| self.w().role(label.role));
            self.label("country", code.as_str(), names.countries.get(code), label.map_or(&[], |label| &label.evidence), role)
        });
        let regions = story.regions.iter().map(|slug| {
            let label = told.iter().flat_map(|labels| &labels.regions).find(|label| label.slug == *slug);
            self.label("region", slug.as_str(), names.regions.get(slug), label.map_or(&[], |label| &label.evidence), None)
        });
        topics.chain(countries).chain(regions).collect()
    }

    fn label(
        &self,
        key: &str,
        slug: &'a str,
        names: Option<&'a FourNames>,
        evidence: &'a [Evidence],
        role: Option<&'static str>,
    ) -> Filed<'a> {
        let lang = self.frame.lang();
        let because = evidence.iter().map(|evidence| Because {
            text: &evidence.text,
            place: self.w().field(evidence.field),
            rule: fill(self.w().rule, &[&evidence.rule, &tenths(f64::from(evidence.weight), lang)]),
        });
        Filed {
            name: names.map_or(slug, |names| names.in_lang(lang)),
            to: self.frame.to(&format!("feed/{key}/{}", slug.to_ascii_lowercase())),
            role,
            because: because.collect(),
            wrong: self.feedback(Some(&format!("{key}={}", slug.to_ascii_lowercase()))),
        }
    }

    /// What happened to it, the first first.
    fn history(&self) -> Vec<Event> {
        let (story, w) = (self.story, self.w());
        let event = |at: Second, what: String, said: Vec<String>| Event { at, time: Time::minute(at, self.frame.lang()), what, said };
        let mut history: Vec<Event> = Vec::new();
        for (n, copy) in story.copies.iter().enumerate() {
            let source = self.named(&copy.item.source);
            history.push(event(copy.first_seen, fill(if n == 0 { w.began } else { w.joined }, &[&source]), Vec::new()));
            let revisions = copy.revisions.iter();
            history.extend(revisions.map(|revision| event(revision.at, fill(w.revised, &[&source]), self.revised(revision))));
            // One that was seen before revisions were kept.
            let unknown = copy.revised.filter(|_| copy.revisions.is_empty());
            history.extend(unknown.map(|at| event(at, fill(w.revised, &[&source]), Vec::new())));
        }
        for copy in story.copies.iter().chain(&story.edited.withdrawn) {
            let retracted = copy.retracted.as_ref();
            history.extend(retracted.map(|gone| event(gone.seen, fill(w.retracted, &[&self.named(&copy.item.source)]), Vec::new())));
        }
        for edition in &story.editions {
            let source = self.named(&story.preferred(edition).item.source);
            history.extend(
                edition
                    .verdict
                    .map(|verdict| event(verdict.at, fill(w.archived, &[&rule(verdict.rule, w, self.frame.lang())]), Vec::new())),
            );
            history.extend(edition.switched.map(|at| event(at, fill(w.switched, &[&source]), Vec::new())));
        }
        for Said { act, at, who, why } in &story.edited.acts {
            let why = why.iter().map(|why| kept::told(why, self.frame.lang()).text);
            history.push(event(*at, act_words(*act, w).to_owned(), why.chain(who.clone()).collect()));
        }
        history.sort_by_key(|event| event.at);
        history
    }

    /// What was there before, and what came.
    fn revised(&self, revision: &Revision) -> Vec<String> {
        let (w, lang) = (self.w(), self.frame.lang());
        let title = revision.title.as_ref().map(|title| fill(w.was_title, &[title]));
        let link = revision.link.as_ref().map(|link| if link.is_empty() { w.was_no_link.to_owned() } else { fill(w.was_link, &[link]) });
        let text = revision.text.as_ref().into_iter().flat_map(|text| {
            let [before, after] = text.words.map(|words| number(u64::from(words), lang));
            let quoted = |form: &str, words: &str| (!words.is_empty()).then(|| fill(form, &[words]));
            let length = fill(w.text_length, &[&before, &after]);
            [Some(length), quoted(w.words_gone, &text.gone), quoted(w.words_new, &text.new)].into_iter().flatten()
        });
        title.into_iter().chain(link).chain(text).collect()
    }

    /// Where to tell that something is wrong with the story, or with one of its labels.
    fn feedback(&self, label: Option<&str>) -> Option<String> {
        let publishing = self.frame.publishing;
        let address = publishing.site.address(&format!("story/{}", self.story.id));
        feedback(publishing.feedback.as_deref()?, &self.story.preferred(self.story.first_edition()).item.title, &address, label, self.w())
    }
}

/// A mail, or a form of the operator's, with what it is about filled in.
fn feedback(to: &str, title: &str, address: &str, label: Option<&str>, w: &Words) -> Option<String> {
    if to.contains("://") {
        let mut form = Url::parse(to).ok()?;
        form.query_pairs_mut().append_pair("story", address).extend_pairs(label.map(|label| ("label", label)));
        return Some(form.into());
    }
    let body = [Some(address), label].into_iter().flatten().collect::<Vec<_>>().join("\n");
    // In a mail address a space is never a plus (RFC 6068 §5).
    let escaped = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    Some(format!("mailto:{to}?subject={}&body={}", escaped(&fill(w.wrong_subject, &[title])), escaped(&body)))
}

fn all_evidence(labels: &Labels) -> Vec<&Evidence> {
    let topics = labels.topics.iter().flat_map(|label| &label.evidence);
    let countries = labels.countries.iter().flat_map(|label| &label.evidence);
    topics.chain(countries).chain(labels.regions.iter().flat_map(|label| &label.evidence)).collect()
}

/// A text in pieces, with the words marked that stand where the evidence says; evidence that does not fit the text marks nothing.
fn marked<'a>(text: &'a str, evidence: &[&Evidence], field: Field) -> Vec<Piece<'a>> {
    let place = |evidence: &&&Evidence| -> Option<Range<usize>> {
        let place = evidence.at as usize..evidence.at as usize + evidence.text.len();
        (evidence.field == field && text.get(place.clone()) == Some(&evidence.text)).then_some(place)
    };
    let mut places: Vec<Range<usize>> = evidence.iter().filter_map(|evidence| place(&evidence)).collect();
    places.sort_by_key(|place| (place.start, std::cmp::Reverse(place.end)));
    let (mut pieces, mut at) = (Vec::new(), 0);
    let mut push = |range: Range<usize>, is_marked| {
        if let Some(text) = text.get(range).filter(|text| !text.is_empty()) {
            pieces.push(Piece { text, is_marked });
        }
    };
    for place in places {
        // What stands within another mark, or goes on from it, is marked with it.
        let start = place.start.max(at);
        if place.end > at {
            push(at..start, false);
            push(start..place.end, true);
            at = place.end;
        }
    }
    push(at..text.len(), false);
    pieces
}

/// Why a copy belongs to its story, and what speaks for that.
fn why(why: &Why, w: &Words, lang: Lang) -> (String, Vec<String>) {
    let told = match why {
        Why::First => w.why_first.to_owned(),
        Why::SameLink { link } => fill(w.why_link, &[link]),
        Why::SameText => w.why_text.to_owned(),
        Why::SameTitle => w.why_title.to_owned(),
        Why::NearText { held, common } => fill(w.why_near, &[&held.to_string(), &common.to_string()]),
        Why::SameFigures { figures } => {
            let figures: Vec<String> = figures.iter().map(|figure| number(*figure, lang)).collect();
            fill(w.why_figures, &[&figures.join(" · ")])
        }
        Why::Translation { by } => return (w.why_translation.to_owned(), by.clone()),
        Why::Between => w.why_between.to_owned(),
        Why::Editor { why } => return (w.why_editor.to_owned(), why.iter().cloned().collect()),
        other => return (String::new(), vec![other.to_string()]),
    };
    (told, Vec::new())
}

/// Why something was filed in the archive.
fn rule(rule: Rule, w: &Words, lang: Lang) -> String {
    match rule {
        Rule::FirstLook => w.rule_first.to_owned(),
        Rule::Old => w.rule_old.to_owned(),
        Rule::TooMany { most } => fill(w.rule_many, &[&number(u64::from(most), lang)]),
    }
}

fn act_words(act: Act, w: &Words) -> &'static str {
    match act {
        Act::Hide => w.act_hide,
        Act::Release => w.act_release,
        Act::Relabel => w.act_relabel,
        Act::Split => w.act_split,
        Act::Join => w.act_join,
        Act::Withdraw => w.act_withdraw,
        Act::Erase => w.act_erase,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(text: &str, at: u32, field: Field) -> Evidence {
        Evidence { field, text: text.into(), at, rule: "".into(), weight: 1.0 }
    }

    #[test]
    fn words_are_marked_where_they_stand_and_nowhere_else() {
        let text = "Tráfico de migrantes en Guatemala";
        let at = |word: &str| u32::try_from(text.find(word).unwrap_or(999)).unwrap_or(0);
        let all = [
            evidence("Guatemala", at("Guatemala"), Field::Title),
            evidence("Tráfico de migrantes", 0, Field::Title),
            evidence("migrantes", at("migrantes"), Field::Title),
            evidence("en", 2, Field::Title),
            evidence("de", at("de"), Field::Summary),
            evidence("Guatemala", 10_000, Field::Title),
        ];
        let told: String = marked(text, &all.iter().collect::<Vec<_>>(), Field::Title)
            .iter()
            .map(|piece| if piece.is_marked { format!("[{}]", piece.text) } else { piece.text.to_owned() })
            .collect();
        assert_eq!(told, "[Tráfico de migrantes] en [Guatemala]");
        assert!(marked("", &[], Field::Title).is_empty());
    }

    #[test]
    fn a_report_names_story_and_label() {
        let w = Words::of(Lang::EN);
        let told = |to: &str| feedback(to, "A & B", "https://n.example/story/1", Some("topic=youth"), w);
        assert_eq!(
            told("desk@example.org").as_deref(),
            Some("mailto:desk@example.org?subject=Wrong%20here%3A%20A%20%26%20B&body=https%3A%2F%2Fn.example%2Fstory%2F1%0Atopic%3Dyouth")
        );
        assert_eq!(
            told("https://forms.example/wrong?team=1").as_deref(),
            Some("https://forms.example/wrong?team=1&story=https%3A%2F%2Fn.example%2Fstory%2F1&label=topic%3Dyouth")
        );
    }
}

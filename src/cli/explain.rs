//! Why an item is filed where it is, for people: each label with the words that spoke for it.

use std::io::{self, Write};

use crate::model::{Evidence, Field, Labels, LangFrom, Rejected, Role};

/// A page for people, in colour or not.
pub struct Page<W> {
    pub out: W,
    pub paints: bool,
}

impl<W: Write> Page<W> {
    /// A title, in bold where there is colour.
    pub fn title(&mut self, title: &str) -> io::Result<()> {
        let title = if title.trim().is_empty() { "(no title)" } else { title };
        let title = self.painted("1", title);
        writeln!(self.out, "{title}")
    }

    /// All labels of an item, and what was rejected.
    pub fn labels(&mut self, labels: &Labels) -> io::Result<()> {
        writeln!(self.out, "  language {} ({})", labels.lang.value, step(labels.lang.from))?;
        for label in &labels.topics {
            self.given(&format!("topic:{}", label.slug), Some(label.score), None, &label.evidence)?;
        }
        for label in &labels.countries {
            self.given(&format!("country:{}", label.code), Some(label.score), Some(label.role), &label.evidence)?;
        }
        for label in &labels.regions {
            self.given(&format!("region:{}", label.slug), None, None, &label.evidence)?;
        }
        labels.rejected.iter().try_for_each(|rejected| self.rejected(rejected))?;
        writeln!(self.out)
    }

    /// A label that an item has.
    pub fn given(&mut self, label: &str, score: Option<f32>, role: Option<Role>, evidence: &[Evidence]) -> io::Result<()> {
        let mark = self.painted("32", "+");
        self.label(&mark, label, score, role, "", evidence)
    }

    /// A label that an item has no more.
    pub fn lost(&mut self, label: &str, score: Option<f32>, role: Option<Role>, evidence: &[Evidence]) -> io::Result<()> {
        let mark = self.painted("31", "-");
        self.label(&mark, label, score, role, "", evidence)
    }

    /// A label that was weighed and not given.
    pub fn rejected(&mut self, rejected: &Rejected) -> io::Result<()> {
        let mark = self.painted("33", "x");
        self.label(&mark, &rejected.label, Some(rejected.score), rejected.role, &rejected.rule, &rejected.evidence)
    }

    /// What spoke for a label: what it weighed, where it stands, the words, and the rule that knows them.
    pub fn evidence(&mut self, evidence: &[Evidence]) -> io::Result<()> {
        for one in evidence {
            let place = match one.field {
                Field::Category | Field::Source => field(one.field).to_owned(),
                other => format!("{} {}-{}", field(other), one.at, one.at as usize + one.text.len()),
            };
            writeln!(self.out, "      {:+} {place} “{}”: {}", one.weight, one.text, one.rule)?;
        }
        Ok(())
    }

    fn label(
        &mut self,
        mark: &str,
        label: &str,
        score: Option<f32>,
        role: Option<Role>,
        why: &str,
        evidence: &[Evidence],
    ) -> io::Result<()> {
        write!(self.out, "  {mark} {label}")?;
        if let Some(score) = score {
            write!(self.out, " {score}")?;
        }
        if let Some(role) = role {
            write!(self.out, " {}", role.as_str())?;
        }
        if !why.is_empty() {
            write!(self.out, " ({why})")?;
        }
        writeln!(self.out)?;
        self.evidence(evidence)
    }

    fn painted(&self, colour: &str, text: &str) -> String {
        if self.paints { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

fn field(field: Field) -> &'static str {
    match field {
        Field::Title => "title",
        Field::Summary => "summary",
        Field::Content => "content",
        Field::Category => "category",
        Field::Source => "source",
    }
}

fn step(from: LangFrom) -> &'static str {
    match from {
        LangFrom::Item => "declared on the item",
        LangFrom::Address => "a part of its address",
        LangFrom::Text => "told by its words",
        LangFrom::Feed => "declared on the feed",
        LangFrom::Title => "told by the words of its title",
        LangFrom::Source => "configured for the source",
        LangFrom::None => "nothing tells it",
    }
}

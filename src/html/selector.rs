//! CSS selectors that are checked once, where they enter.

use std::{fmt, str::FromStr};

use scraper::error::SelectorErrorKind;

/// Which elements of a page are meant (Selectors Level 4, without pseudo-elements and states such as `:hover`).
#[derive(Clone)]
pub struct Selector {
    text: Box<str>,
    pub(super) compiled: scraper::Selector,
}

/// A text that is no CSS selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a CSS selector: {why}")]
pub struct BadSelector {
    /// What was given.
    pub text: String,
    /// What is wrong with it, and what to try.
    pub why: String,
}

impl Selector {
    /// The selector as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Selector {
    type Err = BadSelector;

    fn from_str(text: &str) -> Result<Self, BadSelector> {
        let text = text.trim();
        match scraper::Selector::parse(text) {
            Ok(compiled) => Ok(Self { text: text.into(), compiled }),
            Err(error) => Err(BadSelector { text: text.to_owned(), why: why(&error) }),
        }
    }
}

/// The reader of selectors tells its own kinds of error by number or by name only.
fn why(error: &SelectorErrorKind) -> String {
    let told = match error {
        SelectorErrorKind::EndOfLine => "it ends too soon".to_owned(),
        SelectorErrorKind::UnexpectedSelectorParseError(kind) => {
            let kind = format!("{kind:?}");
            let told = match kind.as_str() {
                "EmptySelector" => "nothing stands where an element is to be named",
                "DanglingCombinator" => "no element follows the last `>`, `+`, `~` or space",
                "ClassNeedsIdent" => "no class name follows the `.`",
                "UnsupportedPseudoClassOrElement" => {
                    "a `:name` in it is not known; text is what is read anyway, `@name` reads an attribute"
                }
                "BadValueInAttr"
                | "UnexpectedTokenInAttributeSelector"
                | "NoQualifiedNameInAttributeSelector"
                | "InvalidQualNameInAttr" => "what stands in `[…]` can not be read; write `[name]` or `[name=\"value\"]`",
                other => return format!("it can not be read ({other})"),
            };
            told.to_owned()
        }
        _ => "a sign in it stands where none can stand".to_owned(),
    };
    format!("{told}; `article.news > h3 a` is one")
}

impl PartialEq for Selector {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Selector {}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Selector({:?})", self.text)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_is_no_selector_is_told_with_what_to_try() {
        let told = |text: &str| text.parse::<Selector>().unwrap_err().to_string();
        for (text, why) in [
            ("", "nothing stands"),
            ("h3 >", "no element follows"),
            ("div[", "ends too soon"),
            ("div[3]", "`[name=\"value\"]`"),
            ("div[a=>]", "`[name]`"),
            ("div. news", "class name"),
            ("a::text", "`@name` reads an attribute"),
            ("a:hover", "not known"),
            ("h3, ", "nothing stands"),
            ("<p>", "nothing stands"),
            ("h3 { }", "no element follows"),
        ] {
            assert!(told(text).contains(why), "{text}: {}", told(text));
        }
        assert_eq!(" .a > h3:first-child a[href*='@'] ".parse::<Selector>().unwrap().to_string(), ".a > h3:first-child a[href*='@']");
    }
}

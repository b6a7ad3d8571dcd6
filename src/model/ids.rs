//! Names that are checked once, where they enter, and are right ever after.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use smol_str::SmolStr;

/// A text that can not be the name it was given as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}")]
pub struct BadName {
    /// What was given.
    pub text: String,
    /// What it should have been, with its rule.
    pub what: &'static str,
}

/// Whether `text` is lower-case letters, digits and single inner hyphens, 1 to 64 bytes long.
fn is_slug(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
}

macro_rules! slug {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(SmolStr);

        impl $name {
            /// The name as it stands in addresses and files.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            fn checked(text: SmolStr) -> Result<Self, BadName> {
                if is_slug(&text) { Ok(Self(text)) } else { Err(BadName { text: text.into(), what: $what }) }
            }
        }

        impl FromStr for $name {
            type Err = BadName;
            fn from_str(text: &str) -> Result<Self, BadName> {
                Self::checked(text.into())
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str { &self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.serialize_str(&self.0) }
        }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                Self::checked(SmolStr::deserialize(d)?).map_err(de::Error::custom)
            }
        }
    };
}

slug! {
    /// The name of a source in `sources.toml`: `iom-global`.
    SourceId, "a source id: lower-case letters, digits and hyphens, at most 64"
}
slug! {
    /// The name of a topic in `topics.toml`: `migrant-smuggling`.
    TopicSlug, "a topic slug: lower-case letters, digits and hyphens, at most 64"
}
slug! {
    /// The name of a region or of a group of countries: `central-america`. A label of its own, never its members.
    RegionSlug, "a region slug: lower-case letters, digits and hyphens, at most 64"
}
slug! {
    /// The name of a saved feed in `feeds.toml`: `north-america-labour`.
    FeedSlug, "a feed slug: lower-case letters, digits and hyphens, at most 64"
}

/// An assigned ISO 3166-1 alpha-2 code in capitals, or the user-assigned `XK` (Kosovo).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CountryCode([u8; 2]);

impl CountryCode {
    /// The code in capitals: `GT`.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("??")
    }

    /// Every code there is, in alphabetical order.
    pub fn all() -> impl Iterator<Item = Self> {
        super::countries::CODES.iter().filter_map(|(two, _)| two.parse().ok())
    }

    /// The code for an ISO 3166-1 alpha-3 code, in any case: `GTM` is `GT`.
    pub fn from_alpha3(text: &str) -> Option<Self> {
        super::countries::CODES.iter().find(|(_, three)| three.eq_ignore_ascii_case(text)).and_then(|(two, _)| two.parse().ok())
    }
}

impl FromStr for CountryCode {
    type Err = BadName;

    /// Reads a code in any case.
    fn from_str(text: &str) -> Result<Self, BadName> {
        let upper = <[u8; 2]>::try_from(text.as_bytes()).map(|code| code.map(|letter| letter.to_ascii_uppercase()));
        let known = upper.ok().filter(|code| super::countries::CODES.binary_search_by_key(&&code[..], |(two, _)| two.as_bytes()).is_ok());
        known.map(Self).ok_or_else(|| BadName { text: text.to_owned(), what: "a two-letter ISO 3166-1 country code" })
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl fmt::Debug for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl Serialize for CountryCode {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}
impl<'de> Deserialize<'de> for CountryCode {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        SmolStr::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

/// A language by its primary subtag (BCP 47, ISO 639): `es`. Region and script are dropped, so `es-419` is `es`.
///
/// [`Lang::UNKNOWN`] (`und`) is a value of ours, not a failure: a text too short or too mixed to tell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lang([u8; 3]);

impl Lang {
    /// English.
    pub const EN: Self = Self(*b"en\0");
    /// Spanish.
    pub const ES: Self = Self(*b"es\0");
    /// French.
    pub const FR: Self = Self(*b"fr\0");
    /// Portuguese.
    pub const PT: Self = Self(*b"pt\0");
    /// Not known (ISO 639-2 `und`).
    pub const UNKNOWN: Self = Self(*b"und");
    /// Several languages in one text (ISO 639-2 `mul`).
    pub const MULTI: Self = Self(*b"mul");
    /// The four languages that we name things in.
    pub const SPOKEN: [Self; 4] = [Self::EN, Self::ES, Self::FR, Self::PT];

    /// The subtag: `es`, `und`.
    pub fn as_str(&self) -> &str {
        let length = if self.0[2] == 0 { 2 } else { 3 };
        std::str::from_utf8(&self.0[..length]).unwrap_or("und")
    }

    /// Whether the language of a text is known and one.
    pub fn is_known(self) -> bool {
        self != Self::UNKNOWN && self != Self::MULTI
    }
}

impl FromStr for Lang {
    type Err = BadName;

    /// Reads a BCP 47 tag in any case and keeps its primary subtag: `pt_BR` is `pt`.
    fn from_str(text: &str) -> Result<Self, BadName> {
        let primary = text.trim().split(['-', '_']).next().unwrap_or_default().as_bytes();
        let mut letters = [0; 3];
        match letters.get_mut(..primary.len()).filter(|_| primary.len() >= 2 && primary.iter().all(u8::is_ascii_alphabetic)) {
            Some(own) => own.copy_from_slice(primary),
            None => return Err(BadName { text: text.to_owned(), what: "a language tag such as en, es, fr or pt" }),
        }
        letters.make_ascii_lowercase();
        Ok(Self(letters))
    }
}

impl fmt::Display for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl fmt::Debug for Lang {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
impl Serialize for Lang {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.as_str())
    }
}
impl<'de> Deserialize<'de> for Lang {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        SmolStr::deserialize(d)?.parse().map_err(de::Error::custom)
    }
}

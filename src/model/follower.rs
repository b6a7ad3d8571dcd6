//! Who wants to be told when a feed of ours changes, and who promised to tell us (W3C Recommendation WebSub, 23 January 2018).
//!
//! Deliberately absent: secrets. They stand in a file of their own and never in the journal, which is kept for ever.

use serde::{Deserialize, Serialize};

use super::{Second, SourceId};

/// One that wants to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follower {
    /// Of which feed: its canonical address below the base, such as `feed/topic/youth.atom?lang=es`.
    pub topic: String,
    /// Where it is told.
    pub callback: String,
    /// Until when, if it does not ask again.
    pub until: Second,
    /// Whether what it is told is signed, with a secret that it gave.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub signed: bool,
}

impl Follower {
    /// Its name: of each feed one callback is told once (§5.1).
    pub fn id(&self) -> String {
        Self::id_of(&self.topic, &self.callback)
    }

    /// The name of whoever is told of a feed at a callback.
    pub fn id_of(topic: &str, callback: &str) -> String {
        // No address has a line break in it.
        blake3::hash(format!("{topic}\n{callback}").as_bytes()).to_hex()[..32].to_owned()
    }
}

/// Who tells of the changes of a publisher's feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedHub {
    /// The hub's address.
    pub hub: String,
    /// The feed's address, as the hub knows it.
    pub topic: String,
}

/// A hub's promise to tell us when a publisher's feed changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Whose feed.
    pub source: SourceId,
    /// Who promised it.
    pub named: NamedHub,
    /// A hash of the address at which we are told: whoever knows that address could say something there.
    pub callback: String,
    /// Since when.
    pub from: Second,
    /// Until when, if we do not ask again.
    pub until: Second,
}

impl Lease {
    /// When the hub is asked again: while a quarter of the time is left.
    pub fn renewal(&self) -> Second {
        self.from.plus(self.until.since(self.from) * 3 / 4)
    }
}

/// What became of those who want to be told, and of those who promised to tell us.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Followed {
    /// Those who began, or asked again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub begun: Vec<Follower>,
    /// Those who are told no more, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<String>,
    /// Hubs that promised to tell us, or did so again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leased: Vec<Lease>,
    /// Sources whose hub tells us no more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unleased: Vec<SourceId>,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn it_is_written_in_one_form_for_ever_and_what_is_not_known_is_left_alone() {
        let written = r#"{"begun":[{"topic":"feed.atom","callback":"https://reader.example/","until":"2026-01-31T12:00:00Z","signed":true},{"topic":"feed.rss","callback":"https://reader.example/","until":"2026-01-31T12:00:00Z"}],"ended":["0123"]}"#;
        let read: Followed = serde_json::from_str(&written.replace("\"ended\"", "\"x\":1,\"ended\"")).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), written);
        let [one, other] = [&read.begun[0], &read.begun[1]];
        assert_eq!((one.id(), one.id() == other.id()), (Follower::id_of("feed.atom", "https://reader.example/"), false));
    }

    #[test]
    fn a_promise_is_written_in_one_form_for_ever_and_asked_for_again_before_its_end() {
        let written = r#"{"leased":[{"source":"wire","named":{"hub":"https://hub.example/","topic":"https://wire.example/feed"},"callback":"ab","from":"2026-01-30T12:00:00Z","until":"2026-01-31T12:00:00Z"}],"unleased":["paper"]}"#;
        let read: Followed = serde_json::from_str(written).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), written);
        assert_eq!(read.leased[0].renewal().to_string(), "2026-01-31T06:00:00Z");
    }
}

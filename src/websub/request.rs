//! What a subscriber asks of the hub (WebSub §5.1): a form, read and judged by itself.
//!
//! A parameter that is not known is left alone, as the standard wants. Deliberately absent: whether the feed is ours (`serve`),
//! and whether the subscriber meant it (`intent`).

use std::time::Duration;

use url::{Url, form_urlencoded};

/// A subscription without a wish of its own lasts ten days.
pub(super) const USUAL_LEASE: Duration = Duration::from_hours(10 * 24);
/// None lasts longer than thirty days: whoever is gone is not told for ever ...
pub(super) const LONGEST_LEASE: Duration = Duration::from_hours(30 * 24);
/// ... and none less than five minutes, because each is a record that is kept.
pub(super) const SHORTEST_LEASE: Duration = Duration::from_secs(5 * 60);
/// A secret is shorter than 200 bytes (§5.1).
const LONGEST_SECRET: usize = 199;
/// The longest address, in bytes: what every proxy lets through.
const LONGEST_ADDRESS: usize = 2_048;

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// To be told, for so long.
    Subscribe {
        /// How long.
        lease: Duration,
    },
    /// To be told no more.
    Unsubscribe,
}

impl Mode {
    /// Its one word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Subscribe { .. } => "subscribe",
            Self::Unsubscribe => "unsubscribe",
        }
    }
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) mode: Mode,
    /// The feed, as it was named.
    pub(super) topic: String,
    /// Where to tell.
    pub(super) callback: Url,
    /// What to sign with.
    pub(super) secret: Option<String>,
}

impl Request {
    /// Reads a form; what is wrong is said in a sentence.
    pub(super) fn read(form: &[u8]) -> Result<Self, String> {
        let [mut mode, mut topic, mut callback, mut lease, mut secret] = [const { None }; 5];
        for (key, value) in form_urlencoded::parse(form) {
            let place = match &*key {
                "hub.mode" => &mut mode,
                "hub.topic" => &mut topic,
                "hub.callback" => &mut callback,
                "hub.lease_seconds" => &mut lease,
                "hub.secret" => &mut secret,
                _ => continue,
            };
            if place.replace(value.into_owned()).is_some() {
                return Err(format!("`{key}` is given twice"));
            }
        }
        let mode = match mode.as_deref() {
            Some("subscribe") => Mode::Subscribe { lease: self::lease(lease.as_deref().filter(|lease| !lease.is_empty()))? },
            Some("unsubscribe") => Mode::Unsubscribe,
            _ => return Err("`hub.mode` is neither subscribe nor unsubscribe".to_owned()),
        };
        let secret = secret.filter(|secret| !secret.is_empty());
        if let Some(length) = secret.as_ref().map(String::len).filter(|length| *length > LONGEST_SECRET) {
            return Err(format!("`hub.secret` is {length} bytes long; {LONGEST_SECRET} are the most"));
        }
        let topic = topic.filter(|topic| !topic.is_empty()).ok_or("`hub.topic` is missing: the address of a feed")?;
        let callback = callback.filter(|callback| !callback.is_empty()).ok_or("`hub.callback` is missing: the address where to tell")?;
        for (key, address) in [("hub.topic", &topic), ("hub.callback", &callback)] {
            if address.len() > LONGEST_ADDRESS {
                return Err(format!("`{key}` is {} bytes long; {LONGEST_ADDRESS} are the most", address.len()));
            }
        }
        let callback = Url::parse(&callback).map_err(|error| format!("`hub.callback` is no address: {error}"))?;
        if callback.fragment().is_some() || !callback.username().is_empty() || callback.password().is_some() {
            return Err("`hub.callback` can have neither a fragment nor a name and password".to_owned());
        }
        Ok(Self { mode, topic, callback, secret })
    }
}

/// How long it lasts. The subscriber is told when we verify that it meant it.
fn lease(asked: Option<&str>) -> Result<Duration, String> {
    let Some(asked) = asked else { return Ok(USUAL_LEASE) };
    let seconds: u64 = asked.parse().map_err(|_| "`hub.lease_seconds` is no number of seconds".to_owned())?;
    Ok(Duration::from_secs(seconds).clamp(SHORTEST_LEASE, LONGEST_LEASE))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const WHOLE: &str =
        "hub.mode=subscribe&hub.topic=https%3A%2F%2Fnews.example%2Ffeed.atom&hub.callback=https%3A%2F%2Freader.example%2Ft%3Fid%3D1";

    #[test]
    fn a_request_is_read_whole() {
        let read = Request::read(format!("{WHOLE}&hub.lease_seconds=86400&hub.secret=s%20%26&x=y").as_bytes());
        let expected = Request {
            mode: Mode::Subscribe { lease: Duration::from_hours(24) },
            topic: "https://news.example/feed.atom".into(),
            callback: "https://reader.example/t?id=1".parse().unwrap(),
            secret: Some("s &".into()),
        };
        assert_eq!(read, Ok(expected));
    }

    #[test]
    fn a_lease_is_bounded() {
        let lease = |asked: &str| Request::read(format!("{WHOLE}&hub.lease_seconds={asked}").as_bytes()).unwrap().mode;
        let days = |days: u64| Mode::Subscribe { lease: Duration::from_hours(24 * days) };
        assert_eq!([lease(""), lease("86400"), lease("99999999999")], [days(10), days(1), days(30)]);
        assert_eq!(lease("0"), Mode::Subscribe { lease: Duration::from_secs(300) });
    }

    #[test]
    fn mistakes_are_told_in_words() {
        let wrong = |form: &str| Request::read(form.as_bytes()).unwrap_err();
        let secret = "x".repeat(200);
        assert_eq!(
            [
                wrong(""),
                wrong("hub.mode=publish"),
                wrong("hub.mode=subscribe"),
                wrong("hub.mode=unsubscribe&hub.topic=a"),
                wrong("hub.mode=unsubscribe&hub.topic=a&hub.callback=b"),
                wrong(&format!("{WHOLE}&hub.mode=subscribe")),
                wrong(&format!("{WHOLE}&hub.lease_seconds=-1")),
                wrong(&format!("{WHOLE}&hub.secret={secret}")),
                wrong(&format!("{WHOLE}%23x")),
                wrong(&format!("{WHOLE}{}", "x".repeat(2_048))),
            ],
            [
                "`hub.mode` is neither subscribe nor unsubscribe",
                "`hub.mode` is neither subscribe nor unsubscribe",
                "`hub.topic` is missing: the address of a feed",
                "`hub.callback` is missing: the address where to tell",
                "`hub.callback` is no address: relative URL without a base",
                "`hub.mode` is given twice",
                "`hub.lease_seconds` is no number of seconds",
                "`hub.secret` is 200 bytes long; 199 are the most",
                "`hub.callback` can have neither a fragment nor a name and password",
                "`hub.callback` is 2077 bytes long; 2048 are the most",
            ]
        );
    }
}

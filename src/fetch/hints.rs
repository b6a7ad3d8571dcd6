//! How long an answer says it is good for.

use std::time::Duration;

use chrono::DateTime;
use reqwest::header::{self, HeaderMap};

use super::{error::LONGEST_WAIT, text};
use crate::model::{Hints, Second};

/// `max-age` and `Expires` hold us off for this long at most; publishers set them for whole sites.
const LONGEST_QUIET: Duration = Duration::from_hours(24);

/// `Cache-Control: max-age` less `Age`, else `Expires` (RFC 9111 §4.2.1).
pub(super) fn hints(headers: &HeaderMap, now: Second) -> Hints {
    let control = text(headers, &header::CACHE_CONTROL).unwrap_or_default().to_ascii_lowercase();
    let max_age = control.split(',').find_map(|part| part.trim().strip_prefix("max-age=")?.trim_matches('"').parse::<u64>().ok());
    let age = text(headers, &header::AGE).and_then(|age| age.trim().parse::<u64>().ok()).unwrap_or(0);
    let quiet = match max_age {
        Some(seconds) => Some(Duration::from_secs(seconds.saturating_sub(age))),
        None => text(headers, &header::EXPIRES).and_then(|date| http_date(&date)).map(|at| at.since(now)),
    };
    Hints { quiet_for: quiet.filter(|quiet| !quiet.is_zero()).map(|quiet| quiet.min(LONGEST_QUIET)), ..Hints::default() }
}

/// `Retry-After` as seconds or as a date (RFC 9110 §10.2.3).
pub(super) fn retry_after(headers: &HeaderMap, now: Second) -> Option<Duration> {
    let value = text(headers, &header::RETRY_AFTER)?;
    let wait = match value.trim().parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => http_date(&value)?.since(now),
    };
    Some(wait.min(LONGEST_WAIT))
}

fn http_date(value: &str) -> Option<Second> {
    DateTime::parse_from_rfc2822(value.trim()).ok().map(|date| Second::of(date.to_utc()))
}

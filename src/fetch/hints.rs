//! How long an answer says it is good for, and how long to stay away.

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime};
use reqwest::header::{self, HeaderMap};

use super::{
    error::LONGEST_WAIT,
    headers::{list, text},
};
use crate::model::{Hints, Second};

/// `max-age` and `Expires` hold us off for this long at most; publishers set them for whole sites.
const LONGEST_QUIET: Duration = Duration::from_hours(24);

/// `Cache-Control: max-age` less `Age`, else `Expires` less `Date` (RFC 9111 §4.2.1).
///
/// `s-maxage` is for caches that others share, and an answer that may not be reused (`no-cache`,
/// `no-store`) says nothing about when to ask again. A date that can not be read, such as `0`, is past (§5.3).
pub(super) fn hints(headers: &HeaderMap, now: Second) -> Hints {
    let control = list(headers, &header::CACHE_CONTROL);
    let says = |directive: &str| control.iter().any(|said| said == directive || said.starts_with(&format!("{directive}=")));
    let max_age = control.iter().find_map(|said| said.strip_prefix("max-age="));
    let quiet = match max_age {
        _ if says("no-cache") || says("no-store") => None,
        Some(seconds) => {
            let age = text(headers, &header::AGE).and_then(|age| age.trim().parse().ok()).unwrap_or(0);
            seconds.trim_matches('"').parse::<u64>().ok().map(|seconds| Duration::from_secs(seconds.saturating_sub(age)))
        }
        None => {
            // By the publisher's clock, when it tells it: ours may differ.
            let date = text(headers, &header::DATE).and_then(|date| http_date(&date)).unwrap_or(now);
            text(headers, &header::EXPIRES).and_then(|expires| http_date(&expires)).map(|at| at.since(date))
        }
    };
    Hints { quiet_for: quiet.filter(|quiet| !quiet.is_zero()).map(|quiet| quiet.min(LONGEST_QUIET)), ..Hints::default() }
}

/// `Retry-After` as seconds or as a date (RFC 9110 §10.2.3). What is past or zero asks for nothing.
pub(super) fn retry_after(headers: &HeaderMap, now: Second) -> Option<Duration> {
    let value = text(headers, &header::RETRY_AFTER)?;
    let value = value.trim();
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        // More digits than a number holds is still a number.
        Err(_) if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => LONGEST_WAIT,
        Err(_) => http_date(value)?.since(now),
    };
    (!wait.is_zero()).then_some(wait.min(LONGEST_WAIT))
}

/// A date in one of the three forms of RFC 9110 §5.6.7: of IMF, of RFC 850, of asctime. A wrong day of the week does no harm.
fn http_date(value: &str) -> Option<Second> {
    let value = value.trim();
    if let Ok(date) = DateTime::parse_from_rfc2822(value) {
        return Some(Second::of(date.to_utc()));
    }
    let without_day = value.split_once(' ').map_or(value, |(_, rest)| rest).trim_start();
    let of = |text: &str, form: &str| NaiveDateTime::parse_from_str(text, form).ok();
    let date = of(without_day, "%d %b %Y %H:%M:%S GMT")
        .or_else(|| of(without_day, "%d-%b-%y %H:%M:%S GMT"))
        .or_else(|| of(without_day, "%b %e %H:%M:%S %Y"))?;
    Some(Second::of(date.and_utc()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn now() -> Second {
        "2026-05-01T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn what_an_answer_says_of_its_age_can_only_slow_us_down() {
        let quiet = |lines: &[(&str, &str)]| hints(&headers(lines), now()).quiet_for.map(|quiet| quiet.as_secs());
        assert_eq!(quiet(&[("cache-control", "public, Max-Age=600")]), Some(600));
        assert_eq!(quiet(&[("cache-control", "public"), ("cache-control", "max-age=\"600\"")]), Some(600));
        assert_eq!(quiet(&[("cache-control", "max-age=600"), ("age", "500")]), Some(100));
        assert_eq!(quiet(&[("cache-control", "max-age=600"), ("age", "601")]), None);
        assert_eq!(quiet(&[("cache-control", "max-age=31536000")]), Some(86_400));
        assert_eq!(quiet(&[("cache-control", "s-maxage=600")]), None);
        assert_eq!(quiet(&[("cache-control", "no-cache, max-age=600")]), None);
        assert_eq!(quiet(&[("cache-control", "max-age=600, no-store")]), None);
        assert_eq!(quiet(&[("cache-control", "max-age=-5"), ("expires", "Fri, 01 May 2026 12:10:00 GMT")]), None);
        assert_eq!(quiet(&[("expires", "Fri, 01 May 2026 12:10:00 GMT")]), Some(600));
        assert_eq!(quiet(&[("expires", "Fri, 01 May 2026 12:10:00 GMT"), ("date", "Fri, 01 May 2026 12:09:00 GMT")]), Some(60));
        assert_eq!(quiet(&[("expires", "Fri, 01 May 2026 11:00:00 GMT")]), None);
        for nothing in ["0", "-1", "", "never", "no-cache"] {
            assert_eq!(quiet(&[("expires", nothing)]), None, "{nothing}");
        }
    }

    #[test]
    fn retry_after_is_read_in_every_form_that_the_standard_knows() {
        let wait = |value: &str| retry_after(&headers(&[("retry-after", value)]), now()).map(|wait| wait.as_secs());
        assert_eq!(wait("120"), Some(120));
        for date in
            ["Fri, 01 May 2026 13:00:00 GMT", "Friday, 01-May-26 13:00:00 GMT", "Fri May  1 13:00:00 2026", "Mon, 01 May 2026 13:00:00 GMT"]
        {
            assert_eq!(wait(date), Some(3600), "{date}");
        }
        assert_eq!(wait("Thu, 30 Apr 2026 13:00:00 GMT"), None);
        assert_eq!((wait("0"), wait("-5"), wait("soon"), wait("")), (None, None, None, None));
        assert_eq!((wait("99999999999"), wait("99999999999999999999999")), (Some(30 * 86_400), Some(30 * 86_400)));
    }
}

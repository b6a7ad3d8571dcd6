//! In which language a page speaks to whom.

use axum::http::{HeaderMap, header};

use crate::{
    model::Lang,
    serve::{Publishing, coding},
};

/// The language of a page, and whether the address asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::serve) struct Ui {
    /// One of [`Lang::SPOKEN`].
    pub(in crate::serve) lang: Lang,
    /// Then it stays in every link.
    pub(super) is_chosen: bool,
}

impl Ui {
    /// What the address chose, else what the browser likes best of what we speak (RFC 9110 §12.5.4), else the site's.
    pub(in crate::serve) fn of(chosen: Option<&str>, headers: &HeaderMap, publishing: &Publishing) -> Self {
        let spoken = |lang: &Lang| Lang::SPOKEN.contains(lang);
        match chosen.and_then(|chosen| chosen.parse().ok()).filter(spoken) {
            Some(lang) => Self { lang, is_chosen: true },
            None => Self { lang: liked(headers).unwrap_or(publishing.site.lang), is_chosen: false },
        }
    }
}

/// The language that a browser likes best of those that we speak.
fn liked(headers: &HeaderMap) -> Option<Lang> {
    let lists = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
    let mut best = None;
    for part in lists.flat_map(|list| list.split(',')) {
        let (tag, q) = coding::weighed(part);
        let Some(lang) = tag.parse::<Lang>().ok().filter(|lang| Lang::SPOKEN.contains(lang)) else { continue };
        // Of two that are liked equally the first.
        if q > best.map_or(0.0, |(_, best)| best) {
            best = Some((lang, q));
        }
    }
    best.map(|(lang, _)| lang)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_browsers_first_language_that_we_speak_is_taken() {
        let liked = |wish: &str| {
            let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, wish.parse().unwrap())]);
            liked(&headers).map(|lang| lang.to_string())
        };
        assert_eq!(liked("es-GT,es;q=0.9,en;q=0.8").as_deref(), Some("es"));
        assert_eq!(liked("de, pt-BR;q=0.4, fr;q=0.6").as_deref(), Some("fr"));
        assert_eq!(liked("en;q=0, pt;q=0.1").as_deref(), Some("pt"));
        assert_eq!(liked("de, *;q=0.5"), None);
        assert_eq!(liked("fr, es").as_deref(), Some("fr"));
    }
}

//! Pictures that stand for the site, in readers, browsers and the head of feeds: ours, or an operator's.
//!
//! `/icon.svg`, `/icon.png`, `/logo.png` and `/favicon.ico` are always there, because browsers and readers ask for them by name; where an
//! operator's picture is of another kind, or elsewhere, they lead to it. Ours are drawn by `scripts/icon.py`.

use axum::{http::HeaderMap, response::Response};
use url::Url;

use super::{
    answer::{self, Wish},
    cache::Finished,
};
use crate::model::{Picture, PictureKind, Second};

/// Ours: what each is of, its kind, and its bytes.
const OURS: [(Of, PictureKind, &[u8]); 4] = [
    (Of::Icon, PictureKind::Png, include_bytes!("art/icon.png")),
    (Of::Icon, PictureKind::Svg, include_bytes!("art/icon.svg")),
    (Of::Favicon, PictureKind::Ico, include_bytes!("art/favicon.ico")),
    (Of::Logo, PictureKind::Png, include_bytes!("art/logo.png")),
];

/// What a picture is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    Icon,
    Favicon,
    Logo,
}

impl Of {
    fn name(self) -> &'static str {
        match self {
            Self::Icon => "icon",
            Self::Favicon => "favicon",
            Self::Logo => "logo",
        }
    }
}

/// The pictures of a site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Art {
    /// An operator's square one.
    pub icon: Option<Picture>,
    /// An operator's wide one.
    pub logo: Option<Picture>,
}

impl Art {
    /// Where the square picture is, seen from the site's address.
    pub fn icon_address(&self, base: &Url) -> String {
        self.address(Of::Icon, base)
    }

    /// Where the wide one is.
    pub fn logo_address(&self, base: &Url) -> String {
        self.address(Of::Logo, base)
    }

    /// Which of an operator's pictures is shown, and what its address begins with. Where there is an icon and no logo, nobody wants ours.
    fn own(&self, of: Of) -> Option<(Of, &Picture)> {
        let icon = self.icon.as_ref().map(|icon| (Of::Icon, icon));
        let logo = self.logo.as_ref().map(|logo| (Of::Logo, logo));
        if of == Of::Logo { logo.or(icon) } else { icon }
    }

    fn address(&self, of: Of, base: &Url) -> String {
        match self.own(of) {
            Some((_, Picture::At(address))) => address.to_string(),
            Some((of, Picture::Held(kind, _))) => format!("{base}{}.{}", of.name(), kind.extension()),
            None => {
                let ours = OURS.iter().find(|(ours, ..)| *ours == of).map_or("", |(_, kind, _)| kind.extension());
                format!("{base}{}.{ours}", of.name())
            }
        }
    }

    /// The picture of a name below the base, or the way to it; nothing for a name that no picture has.
    pub(super) fn answer(&self, name: &str, base: &Url, asked: &HeaderMap) -> Option<Response> {
        let (stem, extension) = name.split_once('.')?;
        let of = [Of::Icon, Of::Favicon, Of::Logo].into_iter().find(|of| of.name() == stem)?;
        let kind = PictureKind::ALL.into_iter().find(|kind| kind.extension() == extension)?;
        let bytes = match self.own(of) {
            Some((own, Picture::Held(held, bytes))) if (own, *held) == (of, kind) => bytes,
            Some(_) => return Some(answer::found_at(&self.address(of, base))),
            None => OURS.iter().find(|(ours, held, _)| (*ours, *held) == (of, kind))?.2,
        };
        let finished = Finished::new(bytes.to_vec(), Second::EPOCH);
        let wish = Wish::of(&finished, asked, None);
        Some(answer::picture(&finished, &wish, kind.media_type()))
    }
}

//! A picture that stands for the site, as an operator gives it.

use std::sync::Arc;

use url::Url;

/// What kind of file a picture is: those that browsers show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PictureKind {
    /// Scalable Vector Graphics.
    Svg,
    /// PNG.
    Png,
    /// JPEG.
    Jpeg,
    /// GIF.
    Gif,
    /// WebP.
    Webp,
    /// An icon file.
    Ico,
}

impl PictureKind {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Svg, Self::Png, Self::Jpeg, Self::Gif, Self::Webp, Self::Ico];

    /// What a file is, whatever it is called.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let begins = |with: &[u8]| bytes.starts_with(with);
        let is_svg = || std::str::from_utf8(bytes).is_ok_and(|text| text.trim_start().starts_with('<') && text.contains("<svg"));
        match () {
            () if begins(b"\x89PNG\r\n\x1a\n") => Some(Self::Png),
            () if begins(b"\xFF\xD8\xFF") => Some(Self::Jpeg),
            () if begins(b"GIF8") => Some(Self::Gif),
            () if begins(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") => Some(Self::Webp),
            () if begins(b"\0\0\x01\0") => Some(Self::Ico),
            () if is_svg() => Some(Self::Svg),
            () => None,
        }
    }

    /// How its address ends.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Ico => "ico",
        }
    }

    /// What it is served as.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Svg => "image/svg+xml",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Ico => "image/vnd.microsoft.icon",
        }
    }
}

/// An operator's picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Picture {
    /// It is elsewhere.
    At(Url),
    /// We have it.
    Held(PictureKind, Arc<[u8]>),
}

//! Codings that finished answers come in, and which one an asker likes best (RFC 9110 §8.4.1, §12.5.3).

use std::io::Write;

use axum::http::{HeaderMap, header};

/// How the bytes of an answer are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Identity,
    Brotli,
    Gzip,
    Zstd,
}

impl Coding {
    /// Those that make an answer shorter: of two that are liked equally the first, which makes it shortest of what all readers know.
    pub(super) const SHORTER: [Self; 3] = [Self::Brotli, Self::Gzip, Self::Zstd];

    /// What `Content-Encoding` calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// Sets its tag apart: each coding is a representation of its own (§8.8.3.3).
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Identity => "",
            Self::Brotli => "-br",
            Self::Gzip => "-gz",
            Self::Zstd => "-zst",
        }
    }

    /// The bytes in this coding, made once for all who will ask: so rather short than soon. Empty when they can not be coded.
    pub(super) fn code(self, bytes: &[u8]) -> Vec<u8> {
        let mut coded = Vec::new();
        let done = match self {
            Self::Identity => coded.write_all(bytes),
            Self::Brotli => {
                let parameters = brotli::enc::BrotliEncoderParams {
                    quality: 5,
                    size_hint: bytes.len(),
                    lgwin: window(bytes.len()),
                    ..Default::default()
                };
                brotli::BrotliCompress(&mut &*bytes, &mut coded, &parameters).map(|_| ())
            }
            Self::Gzip => {
                let mut gzip = flate2::write::GzEncoder::new(&mut coded, flate2::Compression::new(6));
                gzip.write_all(bytes).and_then(|()| gzip.finish()).map(|_| ())
            }
            Self::Zstd => zstd::bulk::compress(bytes, 9).map(|bytes| coded = bytes),
        };
        // Coding into memory does not fail.
        done.map_or_else(|_| Vec::new(), |()| coded)
    }

    /// The coding that the asker likes best.
    pub(super) fn liked(asked: &HeaderMap) -> Self {
        let accepted = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        let accepted: Vec<String> = accepted.map(str::to_ascii_lowercase).collect();
        // Plain bytes that are not mentioned are taken when nothing else is liked; of equals the shorter one.
        let plain = liking(&accepted, Self::Identity).unwrap_or(0.0);
        let mut best = (Self::Identity, 0.0);
        for coding in Self::SHORTER {
            let q = liking(&accepted, coding).unwrap_or(0.0);
            if q > best.1 && q >= plain {
                best = (coding, q);
            }
        }
        best.0
    }
}

/// The window in which brotli looks back, as a power of two: no wider than what there is to look at, since it takes that much memory,
/// several times (RFC 7932 §9.1: 10 to 24 bits).
fn window(length: usize) -> i32 {
    let bits = usize::BITS - length.leading_zeros();
    i32::try_from(bits.clamp(16, 22)).unwrap_or(22)
}

/// The name of a member of a list, and how much it is liked.
pub(super) fn weighed(part: &str) -> (&str, f32) {
    let mut words = part.split(';').map(str::trim);
    let name = words.next().unwrap_or_default();
    (name, words.find_map(|word| word.strip_prefix("q=")).map_or(1.0, |q| q.parse::<f32>().unwrap_or(0.0)))
}

/// How much a coding is liked, if anything is said of it.
fn liking(accepted: &[String], coding: Coding) -> Option<f32> {
    let mut any = None;
    for part in accepted.iter().flat_map(|value| value.split(',')) {
        let (name, q) = weighed(part);
        if name == coding.name() {
            return Some(q);
        }
        if name == "*" {
            any = Some(q);
        }
    }
    any.filter(|_| coding != Coding::Identity)
}

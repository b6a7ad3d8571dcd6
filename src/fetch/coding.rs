//! What content codings hide, within a limit.
//!
//! A body is decoded as it comes in, into a vessel that never grows beyond the limit: neither a
//! bomb nor the window that a zstd frame asks for (RFC 9659: at most 8 MiB) takes more memory than
//! an honest feed may. Deliberately absent: more than one coding, which only bombs need.

use std::io::{self, Write};

use reqwest::header::{self, HeaderMap};

use super::headers::list;

/// The codings that are read, as they are asked for.
pub(super) const ACCEPT: &str = "gzip, br, zstd, deflate";
/// The largest window of a zstd frame, as a power of two: 8 MiB (RFC 9659 §3).
const ZSTD_WINDOW: u32 = 23;
/// How much brotli decodes at a time, in bytes.
const BROTLI_BUFFER: usize = 16 << 10;

/// What is set aside for a body at first, in bytes: a length is told easily.
const MOST_AT_FIRST: usize = 256 << 10;

/// A content coding (RFC 9110 §8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Identity,
    Gzip,
    /// zlib (RFC 1950), or what many send instead: deflate without it (RFC 1951).
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    /// The one coding of an answer; the error says why it is not read.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, String> {
        let codings = list(headers, &header::CONTENT_ENCODING);
        match codings.as_slice() {
            [] => Ok(Self::Identity),
            [one] => match one.as_str() {
                "identity" => Ok(Self::Identity),
                "gzip" | "x-gzip" => Ok(Self::Gzip),
                "deflate" => Ok(Self::Deflate),
                "br" => Ok(Self::Brotli),
                "zstd" => Ok(Self::Zstd),
                unknown => Err(format!("it is coded as `{}`, which is not among {ACCEPT}", crate::text::shorten(unknown, 40))),
            },
            several => Err(format!("it is coded {} times over; one coding is read at most", several.len())),
        }
    }
}

/// Why a body could not be decoded.
#[derive(Debug)]
pub(super) enum Spoilt {
    /// It is longer than the limit.
    TooLong,
    /// It is not what its coding says, or ends too soon.
    Damaged(io::Error),
}

/// Decodes a body that comes in pieces.
pub(super) struct Decoder {
    coding: Coding,
    /// Begun with the first byte, which tells one kind of deflate from the other.
    stream: Stream,
}

enum Stream {
    /// Of nothing yet; of no coding for ever.
    Plain(Vessel),
    Gzip(flate2::write::MultiGzDecoder<Vessel>),
    Zlib(flate2::write::ZlibDecoder<Vessel>),
    Deflate(flate2::write::DeflateDecoder<Vessel>),
    Brotli(Box<brotli::DecompressorWriter<Vessel>>),
    Zstd(zstd::stream::write::Decoder<'static, Vessel>),
}

impl Decoder {
    /// Decodes at most `limit` bytes; about `expected` of them are coming in.
    pub(super) fn new(coding: Coding, limit: usize, expected: usize) -> Self {
        let body = Vec::with_capacity(expected.min(MOST_AT_FIRST).min(limit));
        Self { coding, stream: Stream::Plain(Vessel { body, limit, is_over: false }) }
    }

    /// Takes the next piece.
    pub(super) fn feed(&mut self, mut piece: &[u8]) -> Result<(), Spoilt> {
        if let (Stream::Plain(vessel), Some(first), true) = (&mut self.stream, piece.first(), self.coding != Coding::Identity) {
            let vessel = std::mem::replace(vessel, Vessel::none());
            self.stream = begin(self.coding, *first, vessel).map_err(Spoilt::Damaged)?;
            self.coding = Coding::Identity;
        }
        while !piece.is_empty() {
            match self.writer().write(piece) {
                // What follows the end means nothing.
                Ok(0) => break,
                Ok(taken) => piece = piece.get(taken..).unwrap_or_default(),
                Err(error) => return Err(self.vessel().spoilt(error)),
            }
        }
        Ok(())
    }

    /// How long the body is by now, in bytes.
    pub(super) fn len(&self) -> usize {
        self.vessel().body.len()
    }

    /// What can be decoded of what has come.
    pub(super) fn so_far(&mut self) -> &[u8] {
        // What can not be flushed is not there.
        let _ = self.writer().flush();
        &self.vessel().body
    }

    /// The whole body, when it is whole.
    pub(super) fn finish(mut self) -> Result<Vec<u8>, Spoilt> {
        let ended = match &mut self.stream {
            Stream::Plain(_) => Ok(()),
            Stream::Gzip(stream) => stream.try_finish(),
            Stream::Zlib(stream) => stream.try_finish(),
            Stream::Deflate(stream) => stream.try_finish(),
            Stream::Brotli(stream) => stream.close(),
            Stream::Zstd(stream) => stream.do_finish(),
        };
        ended.map_err(|error| self.vessel().spoilt(error))?;
        Ok(std::mem::take(&mut self.vessel_mut().body))
    }

    fn writer(&mut self) -> &mut dyn Write {
        match &mut self.stream {
            Stream::Plain(vessel) => vessel,
            Stream::Gzip(stream) => stream,
            Stream::Zlib(stream) => stream,
            Stream::Deflate(stream) => stream,
            Stream::Brotli(stream) => stream,
            Stream::Zstd(stream) => stream,
        }
    }

    fn vessel(&self) -> &Vessel {
        match &self.stream {
            Stream::Plain(vessel) => vessel,
            Stream::Gzip(stream) => stream.get_ref(),
            Stream::Zlib(stream) => stream.get_ref(),
            Stream::Deflate(stream) => stream.get_ref(),
            Stream::Brotli(stream) => stream.get_ref(),
            Stream::Zstd(stream) => stream.get_ref(),
        }
    }

    fn vessel_mut(&mut self) -> &mut Vessel {
        match &mut self.stream {
            Stream::Plain(vessel) => vessel,
            Stream::Gzip(stream) => stream.get_mut(),
            Stream::Zlib(stream) => stream.get_mut(),
            Stream::Deflate(stream) => stream.get_mut(),
            Stream::Brotli(stream) => stream.get_mut(),
            Stream::Zstd(stream) => stream.get_mut(),
        }
    }
}

fn begin(coding: Coding, first: u8, vessel: Vessel) -> io::Result<Stream> {
    Ok(match coding {
        Coding::Identity => Stream::Plain(vessel),
        Coding::Gzip => Stream::Gzip(flate2::write::MultiGzDecoder::new(vessel)),
        // The method is 8 and the window at most 32 KiB (RFC 1950 §2.2).
        Coding::Deflate if first & 0x8f == 8 => Stream::Zlib(flate2::write::ZlibDecoder::new(vessel)),
        Coding::Deflate => Stream::Deflate(flate2::write::DeflateDecoder::new(vessel)),
        Coding::Brotli => Stream::Brotli(Box::new(brotli::DecompressorWriter::new(vessel, BROTLI_BUFFER))),
        Coding::Zstd => {
            let mut stream = zstd::stream::write::Decoder::new(vessel)?;
            stream.window_log_max(ZSTD_WINDOW)?;
            Stream::Zstd(stream)
        }
    })
}

/// Holds at most `limit` bytes.
struct Vessel {
    body: Vec<u8>,
    limit: usize,
    is_over: bool,
}

impl Vessel {
    fn none() -> Self {
        Self { body: Vec::new(), limit: 0, is_over: false }
    }

    fn spoilt(&self, error: io::Error) -> Spoilt {
        if self.is_over { Spoilt::TooLong } else { Spoilt::Damaged(error) }
    }
}

impl Write for Vessel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.limit - self.body.len();
        let fits = bytes.get(..room).unwrap_or(bytes);
        let needed = self.body.len() + fits.len();
        if needed > self.body.capacity() {
            // Growth by doubling stops at the limit.
            let wanted = needed.max(self.body.capacity().saturating_mul(2)).min(self.limit);
            self.body.reserve_exact(wanted - self.body.len());
        }
        self.body.extend_from_slice(fits);
        if fits.len() < bytes.len() {
            self.is_over = true;
            return Err(io::Error::other("the limit is reached"));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    const ALL: [&str; 5] = ["gzip", "deflate", "raw deflate", "br", "zstd"];

    fn encoded(coding: &str, body: &[u8]) -> (Coding, Vec<u8>) {
        let level = flate2::Compression::best();
        let mut bytes = Vec::new();
        let coding = match coding {
            "gzip" => {
                flate2::write::GzEncoder::new(&mut bytes, level).write_all(body).unwrap();
                Coding::Gzip
            }
            "deflate" => {
                flate2::write::ZlibEncoder::new(&mut bytes, level).write_all(body).unwrap();
                Coding::Deflate
            }
            "raw deflate" => {
                flate2::write::DeflateEncoder::new(&mut bytes, level).write_all(body).unwrap();
                Coding::Deflate
            }
            "br" => {
                brotli::CompressorWriter::new(&mut bytes, 4096, 5, 22).write_all(body).unwrap();
                Coding::Brotli
            }
            _ => {
                bytes = zstd::encode_all(body, 3).unwrap();
                Coding::Zstd
            }
        };
        (coding, bytes)
    }

    fn decoded(coding: Coding, bytes: &[u8], limit: usize, piece: usize) -> Result<Vec<u8>, Spoilt> {
        let mut decoder = Decoder::new(coding, limit, bytes.len());
        for piece in bytes.chunks(piece) {
            let fed = decoder.feed(piece);
            assert!(decoder.vessel().body.capacity() <= limit);
            fed?;
        }
        decoder.finish()
    }

    #[test]
    fn each_coding_is_read_in_pieces_of_any_size() {
        let body: Vec<u8> = (0..40_000u32).flat_map(|n| (n * n % 251).to_string().into_bytes()).collect();
        for name in ALL {
            let (coding, bytes) = encoded(name, &body);
            for piece in [1, 7, 1000, bytes.len()] {
                assert!(decoded(coding, &bytes, 1 << 20, piece).unwrap() == body, "{name} by {piece}");
            }
            assert_eq!(decoded(coding, &[], 10, 1).unwrap(), b"", "{name} of nothing");
        }
        assert!(decoded(Coding::Identity, &body, 1 << 20, 999).unwrap() == body);
    }

    #[test]
    fn a_bomb_of_any_coding_is_stopped_at_the_limit() {
        let bomb = vec![0; 8 << 20];
        for name in ALL {
            let (coding, bytes) = encoded(name, &bomb);
            assert!(bytes.len() < 64 << 10, "{name} is a bomb");
            for piece in [100, bytes.len()] {
                assert!(matches!(decoded(coding, &bytes, 100_000, piece), Err(Spoilt::TooLong)), "{name} by {piece}");
            }
        }
        // A body that is just as long as it may be is read.
        let (coding, bytes) = encoded("gzip", &[7; 1000]);
        assert_eq!(decoded(coding, &bytes, 1000, 10).unwrap().len(), 1000);
    }

    #[test]
    fn what_is_cut_off_or_is_something_else_is_damaged() {
        for name in ALL {
            let (coding, bytes) = encoded(name, &[b"some feed".as_slice(); 100].concat());
            let cut = &bytes[..bytes.len() - 5];
            assert!(matches!(decoded(coding, cut, 1 << 20, 16), Err(Spoilt::Damaged(_))), "{name}");
            assert!(matches!(decoded(coding, b"<rss version=\"2.0\">", 1 << 20, 16), Err(Spoilt::Damaged(_))), "{name}");
        }
    }

    #[test]
    fn a_window_larger_than_the_standard_allows_is_not_given() {
        let mut bytes = Vec::new();
        let mut encoder = zstd::stream::write::Encoder::new(&mut bytes, 1).unwrap();
        encoder.window_log(27).unwrap();
        encoder.write_all(&vec![1; 1 << 20]).unwrap();
        encoder.finish().unwrap();
        assert!(matches!(decoded(Coding::Zstd, &bytes, 8 << 20, 4096), Err(Spoilt::Damaged(_))));
    }

    #[test]
    fn one_coding_that_we_know_is_read_and_no_other() {
        let of = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::CONTENT_ENCODING, line.parse().unwrap());
            }
            Coding::of(&headers)
        };
        assert_eq!(of(&[]), Ok(Coding::Identity));
        assert_eq!(of(&["GZip"]), Ok(Coding::Gzip));
        assert_eq!(of(&["zstd, "]), Ok(Coding::Zstd));
        assert_eq!(of(&["gzip, gzip"]), Err("it is coded 2 times over; one coding is read at most".into()));
        assert_eq!(of(&["gzip", "br"]), Err("it is coded 2 times over; one coding is read at most".into()));
        assert_eq!(of(&["compress"]), Err("it is coded as `compress`, which is not among gzip, br, zstd, deflate".into()));
    }
}

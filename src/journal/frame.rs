//! One line, one zstd frame (RFC 8878 §3.1.1) with its size and checksum.

use std::{fmt, path::Path};

use serde::Serialize;
use zstd::{bulk::Compressor, bulk::Decompressor, zstd_safe};

use super::JournalError;

/// The longest line that is believed, in bytes: a record has at most half a mebibyte compressed.
const LONGEST_LINE: u64 = 64 << 20;
/// A tenth longer than at zstd's own level, in half the time.
const LEVEL: i32 = 1;
/// The first four bytes of a frame.
pub(super) const MAGIC: [u8; 4] = [0x28, 0xB5, 0x2F, 0xFD];

/// Writes frames. One context for all of them.
pub(super) struct Press {
    press: Compressor<'static>,
    /// The line that is written, so that its memory serves for the next one.
    line: Vec<u8>,
    /// The same, compressed.
    packed: Vec<u8>,
}

impl fmt::Debug for Press {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Press")
    }
}

impl Press {
    pub(super) fn new() -> Result<Self, JournalError> {
        let press = Compressor::new(LEVEL).and_then(|mut press| {
            press.include_checksum(true)?;
            Ok(Self { press, line: Vec::new(), packed: Vec::new() })
        });
        press.map_err(|cause| JournalError::Io { path: "zstd".into(), cause })
    }

    /// Adds a value as one line in one frame; gives the hash of the line.
    pub(super) fn line(&mut self, value: &impl Serialize, bytes: &mut Vec<u8>) -> Result<String, JournalError> {
        let failed = |cause| JournalError::Io { path: "journal line".into(), cause };
        let Self { press, line, packed } = self;
        line.clear();
        serde_json::to_writer(&mut *line, value).map_err(|cause| failed(cause.into()))?;
        let hash = hash(line);
        line.push(b'\n');
        packed.resize(packed.len().max(zstd_safe::compress_bound(line.len())), 0);
        let length = press.compress_to_buffer(&line[..], &mut packed[..]).map_err(failed)?;
        bytes.extend_from_slice(&packed[..length]);
        Ok(hash)
    }
}

/// BLAKE3 of a line without its line break, in hexadecimal.
pub(super) fn hash(line: &[u8]) -> String {
    blake3::hash(line).to_hex().to_string()
}

/// Why a frame, or the line in it, is not what it should be.
#[derive(Debug)]
pub(super) enum Bad {
    /// It can not be decoded.
    Frame(&'static str),
    /// It can be decoded, but is not what should stand here.
    Line(String),
    /// It is a record that a newer version wrote.
    UnknownKind { seq: u64, kind: String },
}

impl Bad {
    /// Whether the frame itself was whole: then it is no torn write.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self, Self::Line(_))
    }

    /// Whatever a newer version wrote is refused rather than called damage.
    pub(super) fn refuse(&self, file: &Path) -> Result<(), JournalError> {
        match self {
            Self::UnknownKind { seq, kind } => Err(JournalError::UnknownKind { file: file.to_owned(), seq: *seq, kind: kind.clone() }),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(why) => f.write_str(why),
            Self::Line(why) => f.write_str(why),
            Self::UnknownKind { kind, .. } => write!(f, "unknown kind `{kind}`"),
        }
    }
}

/// The lines of a segment, one after the other, without their line breaks.
pub(super) struct Frames<B> {
    bytes: B,
    offset: usize,
    line: Vec<u8>,
    decompressor: Option<Decompressor<'static>>,
}

impl<B: AsRef<[u8]>> Frames<B> {
    pub(super) fn new(bytes: B) -> Self {
        Self { bytes, offset: 0, line: Vec::new(), decompressor: Decompressor::new().ok() }
    }

    /// Where the next frame begins.
    pub(super) fn offset(&self) -> usize {
        self.offset
    }

    /// The next line; after a bad frame there is no next.
    pub(super) fn next(&mut self) -> Option<Result<&[u8], Bad>> {
        if self.offset >= self.bytes.as_ref().len() {
            return None;
        }
        match self.decode() {
            Ok(length) => {
                self.offset += length;
                Some(Ok(self.line.strip_suffix(b"\n").unwrap_or(&self.line)))
            }
            Err(bad) => Some(Err(bad)),
        }
    }

    fn decode(&mut self) -> Result<usize, Bad> {
        let rest = &self.bytes.as_ref()[self.offset..];
        if !rest.starts_with(&MAGIC) {
            return Err(Bad::Frame("no frame begins there"));
        }
        let length = zstd_safe::find_frame_compressed_size(rest).map_err(|_| Bad::Frame("the frame is cut off or broken"))?;
        let size = zstd_safe::get_frame_content_size(rest).ok().flatten().unwrap_or(LONGEST_LINE + 1);
        if size > LONGEST_LINE {
            return Err(Bad::Frame("the frame says it holds more than any line"));
        }
        let decompressor = self.decompressor.as_mut().ok_or(Bad::Frame("zstd gave no context"))?;
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        self.line = decompressor.decompress(&rest[..length], size).map_err(|_| Bad::Frame("the frame does not match its checksum"))?;
        Ok(length)
    }
}

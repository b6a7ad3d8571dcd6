//! The files of a journal. A segment appears whole or not at all: it is written aside, fsynced, renamed.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{
    Damage, FORMAT, Header, JournalError, Notice,
    frame::{Frames, Press},
    scan,
};
use crate::model::Record;

/// What a segment's name ends with.
const ENDING: &str = ".ndjson.zst";

/// One file of the journal.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub(super) number: u64,
    pub(super) path: PathBuf,
    pub(super) header: Header,
    /// Bytes written, when it was begun here.
    pub(super) length: u64,
    /// Hash of its last line, when it was begun here.
    pub(super) hash: String,
}

pub(super) fn io_error(path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |cause| JournalError::Io { path, cause }
}

/// Whether a file of that name is a segment.
pub(super) fn is_segment(name: &str) -> bool {
    number_of(name).is_some()
}

/// The number of a segment of that name.
fn number_of(name: &str) -> Option<u64> {
    name.strip_suffix(ENDING)?.parse().ok()
}

/// A new name in a folder is kept only once the folder is (fsync of the directory).
pub(super) fn sync_dir(dir: &Path) -> Result<(), JournalError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(io_error(dir))
}

/// Makes a folder, and those above it that are not there; each is kept, also when the power is cut.
pub fn make_dir(dir: &Path) -> io::Result<()> {
    let missing: Vec<&Path> = dir.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.exists()).collect();
    fs::create_dir_all(dir)?;
    let above = missing.into_iter().filter_map(Path::parent);
    above.map(|above| if above.as_os_str().is_empty() { Path::new(".") } else { above }).try_for_each(|dir| File::open(dir)?.sync_all())
}

/// Whether so many bytes can be written; they are taken away again.
pub(super) fn try_room(dir: &Path, bytes: usize) -> Result<(), JournalError> {
    let path = dir.join("room.partial");
    let failed = |cause| JournalError::NotWritten { path: dir.to_owned(), cause };
    let written = File::create(&path).and_then(|mut file| {
        file.write_all(&vec![0; bytes])?;
        file.sync_data()
    });
    let removed = fs::remove_file(&path);
    written.and(removed).map_err(failed)
}

/// The segments of a folder in order. What was written aside and never finished is removed; a last
/// segment without a readable header is no segment yet, and is kept aside.
pub(super) fn list(dir: &Path) -> Result<(Vec<Segment>, Vec<Notice>), JournalError> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir).map_err(io_error(dir))? {
        let name = entry.map_err(io_error(dir))?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".partial") {
            let path = dir.join(name);
            fs::remove_file(&path).map_err(io_error(&path))?;
        } else if let Some(number) = number_of(&name) {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    let mut segments = Vec::new();
    let mut notices = Vec::new();
    for (at, number) in numbers.iter().enumerate() {
        let path = path(dir, *number);
        match header(&path)? {
            Some(header) => segments.push(Segment { number: *number, path, header, length: 0, hash: String::new() }),
            None if at + 1 == numbers.len() && at > 0 && is_without_lines(&path)? => {
                let kept = dir.join(format!("{number:06}{ENDING}.torn-0"));
                let bytes = fs::metadata(&path).map_err(io_error(&path))?.len();
                fs::rename(&path, &kept).map_err(io_error(&path))?;
                notices.push(Notice::TornTail { file: path, at: 0, bytes, kept });
            }
            None => return Err(JournalError::Damaged(Damage { file: path, at: 0, after: 0, why: "no header".into() })),
        }
    }
    Ok((segments, notices))
}

fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:06}{ENDING}"))
}

fn is_without_lines(path: &Path) -> Result<bool, JournalError> {
    Ok(!scan::holds_a_line(&fs::read(path).map_err(io_error(path))?))
}

/// The header of a segment; `None` when it can not be read.
fn header(path: &Path) -> Result<Option<Header>, JournalError> {
    #[derive(serde::Deserialize)]
    struct Outline {
        format: u32,
        #[serde(default)]
        version: Option<String>,
    }
    let mut head = Vec::new();
    // A header is a few hundred bytes; the rest of the segment is not read for it.
    io::Read::read_to_end(&mut io::Read::take(File::open(path).map_err(io_error(path))?, 64 << 10), &mut head).map_err(io_error(path))?;
    let mut frames = Frames::new(&head);
    let Some(Ok(line)) = frames.next() else { return Ok(None) };
    match serde_json::from_slice::<Outline>(line) {
        Ok(Outline { format, version }) if format > FORMAT => {
            let version = version.unwrap_or_else(|| "of a later version".to_owned());
            Err(JournalError::NewerFormat { file: path.to_owned(), format, version })
        }
        _ => Ok(serde_json::from_slice(line).ok()),
    }
}

/// A segment that is missing between two others, or that does not follow the one before.
pub(super) fn gap(segments: &[Segment]) -> Option<Damage> {
    let broken = segments.windows(2).find(|pair| pair[0].number + 1 != pair[1].number || pair[1].header.first < pair[0].header.first)?;
    let after = broken[1].header.first.saturating_sub(1);
    let why = format!("segment {:06} is missing or out of order", broken[0].number + 1);
    Some(Damage { file: broken[1].path.clone(), at: 0, after, why })
}

/// The highest sequence number that any readable line of these segments has.
pub(super) fn last_number_used(segments: &[Segment]) -> Result<u64, JournalError> {
    let mut last = 0;
    for segment in segments {
        last = last.max(scan::last_number_used(&fs::read(&segment.path).map_err(io_error(&segment.path))?));
    }
    Ok(last)
}

/// Takes an unfinished frame off the end of a segment; the bytes are kept beside it.
pub(super) fn cut(path: &Path, bytes: &[u8], good: usize) -> Result<Notice, JournalError> {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".torn-{good}"));
    let kept = PathBuf::from(name);
    fs::write(&kept, &bytes[good..]).map_err(io_error(&kept))?;
    let file = OpenOptions::new().write(true).open(path).map_err(io_error(path))?;
    file.set_len(good as u64).and_then(|()| file.sync_all()).map_err(io_error(path))?;
    Ok(Notice::TornTail { file: path.to_owned(), at: good as u64, bytes: (bytes.len() - good) as u64, kept })
}

/// Begins a segment that holds only its header.
pub(super) fn create(dir: &Path, number: u64, header: Header, press: &mut Press) -> Result<Segment, JournalError> {
    Aside::begin(dir, number, header, press)?.finish()
}

/// A segment that is being written aside.
pub(super) struct Aside {
    dir: PathBuf,
    partial: PathBuf,
    file: File,
    number: u64,
    header: Header,
    length: u64,
    pub(super) hash: String,
}

impl Aside {
    pub(super) fn begin(dir: &Path, number: u64, header: Header, press: &mut Press) -> Result<Self, JournalError> {
        let partial = dir.join(format!("{number:06}{ENDING}.partial"));
        let mut bytes = Vec::new();
        let hash = press.line(&header, &mut bytes)?;
        let mut file = File::create(&partial).map_err(io_error(&partial))?;
        file.write_all(&bytes).map_err(io_error(&partial))?;
        Ok(Self { dir: dir.to_owned(), partial, file, number, header, length: bytes.len() as u64, hash })
    }

    /// Adds a record; gives the hash of its line, which also goes into `all`.
    pub(super) fn line(&mut self, record: &Record, press: &mut Press, all: &mut blake3::Hasher) -> Result<String, JournalError> {
        let mut bytes = Vec::new();
        self.hash = press.line(record, &mut bytes)?;
        all.update(self.hash.as_bytes());
        self.file.write_all(&bytes).map_err(io_error(&self.partial))?;
        self.length += bytes.len() as u64;
        Ok(self.hash.clone())
    }

    /// Gives it up, and the room that it took.
    pub(super) fn abandon(self) {
        // What stays behind is removed when the journal is opened.
        let _ = fs::remove_file(&self.partial);
    }

    /// Makes it a segment.
    pub(super) fn finish(self) -> Result<Segment, JournalError> {
        let path = path(&self.dir, self.number);
        self.file.sync_all().map_err(io_error(&self.partial))?;
        fs::rename(&self.partial, &path).map_err(io_error(&path))?;
        sync_dir(&self.dir)?;
        Ok(Segment { number: self.number, path, header: self.header, length: self.length, hash: self.hash })
    }
}

/// Removes the segments before a number, which a snapshot made needless; says how many there were, and their bytes.
pub(super) fn remove_before(dir: &Path, number: u64) -> Result<(u64, u64), JournalError> {
    let mut removed = (0, 0);
    for entry in fs::read_dir(dir).map_err(io_error(dir))? {
        let entry = entry.map_err(io_error(dir))?;
        if number_of(&entry.file_name().to_string_lossy()).is_some_and(|own| own < number) {
            let bytes = entry.metadata().map_or(0, |file| file.len());
            fs::remove_file(entry.path()).map_err(io_error(&entry.path()))?;
            removed = (removed.0 + 1, removed.1 + bytes);
        }
    }
    sync_dir(dir)?;
    Ok(removed)
}

/// Puts other bytes in the place of a segment's: written aside, fsynced, renamed.
pub(super) fn replace(dir: &Path, path: &Path, bytes: &[u8]) -> Result<(), JournalError> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let written = File::create(&partial).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&partial, path)).map_err(io_error(path))?;
    sync_dir(dir)
}

/// Moves segments that are not needed any more out of the way; they are kept.
pub(super) fn set_aside(dir: &Path, segments: &[Segment], first: u64) -> Result<PathBuf, JournalError> {
    let aside = dir.join(format!("set-aside-{first}"));
    make_dir(&aside).map_err(io_error(&aside))?;
    for segment in segments {
        let Some(name) = segment.path.file_name() else { continue };
        fs::rename(&segment.path, aside.join(name)).map_err(io_error(&segment.path))?;
    }
    sync_dir(&aside)?;
    sync_dir(dir)?;
    Ok(aside)
}

//! The journal keeps what it was given, through cuts, flips and restarts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use common::{at, checked, pull, story};
use tributary::{
    journal::{Journal, JournalError, Notice},
    model::{Draft, Genesis, Record, Snapshot},
};
use uuid::Uuid;

fn genesis() -> Genesis {
    Genesis { id: Uuid::from_u128(1), instance: Uuid::from_u128(2), created: at(0) }
}

fn open(dir: &Path) -> (Journal, Vec<Notice>) {
    Journal::open(dir, genesis).unwrap()
}

fn drafts(count: i64) -> Vec<Draft> {
    (1..=count)
        .map(|n| match n % 3 {
            0 => checked("wire", n),
            _ => pull("wire", vec![story("wire", &format!("n{n}"), &format!("Título {n} de la red"), at(n))], n),
        })
        .collect()
}

fn records(journal: &Journal) -> Vec<Record> {
    journal.read_from(1).map(Result::unwrap).collect()
}

fn segment(dir: &Path, number: u32) -> PathBuf {
    dir.join(format!("{number:06}.ndjson.zst"))
}

/// Where each frame of a segment begins, and where the last one ends.
fn frames(bytes: &[u8]) -> Vec<usize> {
    let mut ends = vec![0];
    while *ends.last().unwrap() < bytes.len() {
        let at = *ends.last().unwrap();
        ends.push(at + zstd::zstd_safe::find_frame_compressed_size(&bytes[at..]).unwrap());
    }
    ends
}

#[test]
fn what_is_appended_is_read_back_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, notices) = open(dir.path());
    assert_eq!(notices, []);
    let mut written = journal.append(&drafts(4)).unwrap();
    written.extend(journal.append(&drafts(3)).unwrap());
    assert_eq!(written.iter().map(|r| r.seq).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
    drop(journal);
    let (journal, notices) = open(dir.path());
    assert_eq!((records(&journal), notices), (written.clone(), vec![]));
    assert_eq!(journal.read_from(6).map(Result::unwrap).collect::<Vec<_>>(), written[5..]);
    // Time never goes back, whatever the drafts say.
    assert_eq!(journal.bounds().last_at, at(4));
}

#[test]
fn zstdcat_reads_it_line_by_line() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open_with(dir.path(), genesis, 2_000).unwrap();
    for draft in drafts(12) {
        journal.append(&[draft]).unwrap();
    }
    let names: Vec<PathBuf> = (1..=3).map(|n| segment(dir.path(), n)).collect();
    let bytes: Vec<u8> = names.iter().flat_map(|name| fs::read(name).unwrap()).collect();
    let mut text = String::new();
    zstd::Decoder::new(&bytes[..]).unwrap().read_to_string(&mut text).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut before = "0".repeat(64);
    for (line, value) in text.lines().zip(&lines) {
        let said = value.get("prev").or(value.get("before")).unwrap();
        assert_eq!(said, &before);
        before = blake3::hash(line.as_bytes()).to_hex().to_string();
    }
    assert!(lines.iter().filter(|line| line["tributary"] == "journal").count() >= 2, "the segment was to be closed and a next one begun");
}

#[test]
fn a_cut_at_any_byte_of_the_last_two_frames_leaves_what_was_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    let written = journal.append(&drafts(4)).unwrap();
    drop(journal);
    let whole = fs::read(segment(dir.path(), 1)).unwrap();
    let ends = frames(&whole);
    for cut in ends[ends.len() - 3]..=whole.len() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(segment(dir.path(), 1), &whole[..cut]).unwrap();
        let (mut journal, notices) = open(dir.path());
        let kept = ends.iter().filter(|end| **end <= cut).count() - 2;
        assert_eq!(records(&journal), written[..kept], "cut at {cut}");
        assert_eq!(notices.is_empty(), ends.contains(&cut), "cut at {cut}");
        assert!(journal.damage().is_none());
        // What was cut off is kept beside the segment, and the journal goes on.
        let again = journal.append(&drafts(1)).unwrap();
        assert_eq!(again[0].seq, kept as u64 + 1);
        drop(journal);
        assert_eq!(records(&open(dir.path()).0).len(), kept + 1, "cut at {cut}");
    }
}

#[test]
fn a_flipped_bit_in_any_frame_is_seen() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    journal.append(&drafts(4)).unwrap();
    drop(journal);
    let whole = fs::read(segment(dir.path(), 1)).unwrap();
    let ends = frames(&whole);
    for (frame, pair) in ends.windows(2).enumerate() {
        for at in [pair[0] + 1, pair[0] + 7, (pair[0] + pair[1]) / 2, pair[1] - 1] {
            let dir = tempfile::tempdir().unwrap();
            let mut bytes = whole.clone();
            bytes[at] ^= 0x10;
            fs::write(segment(dir.path(), 1), &bytes).unwrap();
            match Journal::open(dir.path(), genesis) {
                Err(JournalError::Damaged(damage)) if frame == 0 => assert_eq!(damage.file, segment(dir.path(), 1)),
                Ok((mut journal, notices)) if frame > 0 && frame < 4 => {
                    let damage = journal.damage().expect("a bad frame in the middle is damage").clone();
                    assert_eq!((damage.file, damage.at, damage.after), (segment(dir.path(), 1), pair[0] as u64, frame as u64 - 1));
                    assert!(matches!(journal.append(&drafts(1)), Err(JournalError::Damaged(_))));
                    assert_eq!(notices, []);
                }
                Ok((journal, notices)) if frame == 4 => {
                    let [Notice::TornTail { kept, .. }] = &notices[..] else { panic!("byte {at}: {notices:?}") };
                    assert_eq!(fs::read(kept).unwrap(), bytes[pair[0]..]);
                    assert_eq!(journal.bounds().last, 3);
                }
                other => panic!("frame {frame}, byte {at}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_new_segment_that_was_cut_off_is_begun_again() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    journal.append(&drafts(2)).unwrap();
    drop(journal);
    fs::write(segment(dir.path(), 2), [0x28, 0xB5]).unwrap();
    fs::write(dir.path().join("000003.ndjson.zst.partial"), "half a snapshot").unwrap();
    let (mut journal, notices) = open(dir.path());
    assert_eq!(notices.len(), 1);
    assert_eq!(journal.append(&drafts(1)).unwrap()[0].seq, 3);
    assert!(!dir.path().join("000003.ndjson.zst.partial").exists());
}

#[test]
fn a_missing_segment_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open_with(dir.path(), genesis, 1).unwrap();
    for draft in drafts(4) {
        journal.append(&[draft]).unwrap();
    }
    drop(journal);
    fs::remove_file(segment(dir.path(), 2)).unwrap();
    assert!(open(dir.path()).0.damage().is_some());
}

#[test]
fn a_snapshot_takes_the_place_of_all_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = open(dir.path());
    journal.append(&drafts(4)).unwrap();
    let stories: Vec<_> = (0..70).map(|n| story("wire", &format!("n{n}"), "Title", at(n))).collect();
    // The view had applied two records more than the journal still has.
    let aside = journal
        .write_snapshot(
            stories.clone().into_iter(),
            Snapshot { states: vec![common::state("wire", at(5))], ..Snapshot::default() },
            6,
            at(9),
        )
        .unwrap();
    assert!(aside.join("000001.ndjson.zst").exists());
    assert_eq!((journal.bounds().first, journal.bounds().last), (7, 9));
    let next = journal.append(&drafts(1)).unwrap();
    assert_eq!((next[0].seq, next[0].at), (10, at(9)));
    drop(journal);
    let (journal, notices) = open(dir.path());
    assert_eq!(notices, []);
    let kept = records(&journal);
    assert_eq!(kept.iter().map(|r| r.seq).collect::<Vec<_>>(), [7, 8, 9, 10]);
    assert_eq!(journal.verify().problems, []);
    // A crash between the rename and the moving away leaves older segments lying about.
    fs::copy(aside.join("000001.ndjson.zst"), segment(dir.path(), 1)).unwrap();
    drop(journal);
    assert_eq!(records(&open(dir.path()).0), kept);
}

#[test]
fn an_unknown_field_is_ignored_and_an_unknown_kind_is_refused() {
    // A segment of format 1 with a record of every kind and with fields that no version has had.
    let golden = Path::new("tests/golden/journal/format-1.ndjson");
    let lines = fs::read_to_string(golden).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let write = |lines: &str| {
        let frames: Vec<u8> = lines.lines().flat_map(|line| zstd::bulk::compress(format!("{line}\n").as_bytes(), 3).unwrap()).collect();
        fs::write(segment(dir.path(), 1), frames).unwrap();
    };
    write(&lines);
    let (journal, _) = open(dir.path());
    assert!(journal.damage().is_none(), "{:?}", journal.damage());
    let kept = records(&journal);
    let kinds: Vec<String> = kept.iter().map(|r| serde_json::to_value(r).unwrap()["kind"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["pull", "checked", "snapshot", "snapshot_end", "refiled", "acted"]);
    let told = serde_json::to_string_pretty(&kept).unwrap();
    if std::env::var_os("WRITE_GOLDEN").is_some() {
        fs::write("tests/golden/journal/format-1.read.json", format!("{told}\n")).unwrap();
    }
    assert_eq!(told.trim(), fs::read_to_string("tests/golden/journal/format-1.read.json").unwrap().trim());

    let last = lines.lines().last().unwrap();
    let hash = blake3::hash(last.as_bytes()).to_hex();
    write(&format!("{lines}{{\"seq\":7,\"at\":\"2020-09-13T12:26:46Z\",\"prev\":\"{hash}\",\"key\":\"x\",\"kind\":\"prophecy\"}}\n"));
    let error = Journal::open(dir.path(), genesis).unwrap_err();
    assert!(matches!(&error, JournalError::UnknownKind { seq: 7, kind, .. } if kind == "prophecy"), "{error}");
    write(&lines.replacen("\"format\":1", "\"format\":9,\"version\":\"9.1.0\"", 1));
    let refused = Journal::open(dir.path(), genesis).unwrap_err();
    assert!(matches!(&refused, JournalError::NewerFormat { format: 9, version, .. } if version == "9.1.0"), "{refused}");
    assert!(refused.to_string().contains("start 9.1.0 or a later version again"), "{refused}");
}

//! A disk that fails when it is told to, and that forgets what it was not asked to keep.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Command,
    time::UNIX_EPOCH,
};

/// Bytes that a disk writes together.
const PAGE: usize = 4 << 10;

/// The disk under the files of a data folder, for programs that are started by way of it.
pub struct Disk {
    dir: tempfile::TempDir,
    /// What the paths of its files have in them.
    of: String,
}

impl Disk {
    /// One under all paths that have these words; nothing where no C compiler makes it.
    pub fn under(of: &str) -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/common/disk.c");
        let made =
            Command::new("cc").args(["-O1", "-shared", "-fPIC", "-o"]).arg(dir.path().join("disk.so")).arg(source).arg("-ldl").output();
        match made {
            Ok(made) if made.status.success() => Some(Self { dir, of: of.to_owned() }),
            made => {
                eprintln!("skipped: the C compiler `cc` makes no disk that fails: {made:?}");
                None
            }
        }
    }

    /// What a program has to be started by.
    pub fn by(&self) -> [String; 4] {
        let dir = self.dir.path().display();
        let preload = format!("LD_PRELOAD={dir}/disk.so");
        ["env".to_owned(), preload, format!("DISK_FOLDER={dir}"), format!("DISK_OF={}", self.of)]
    }

    /// Nothing can be written (`write`), synced (`sync`), or either and opened for it (`any`) from now on.
    pub fn fail(&self, what: &str) {
        fs::write(self.dir.path().join(format!("fail-{what}")), "").unwrap();
    }

    /// It can again.
    pub fn heal(&self, what: &str) {
        fs::remove_file(self.dir.path().join(format!("fail-{what}"))).unwrap();
    }

    /// The power is cut: a folder whose programs are gone has what was synced, and nothing else.
    pub fn forget(&self, folder: &Path) {
        let aside = folder.with_extension("forgotten");
        fs::rename(folder, &aside).unwrap();
        fs::create_dir(folder).unwrap();
        self.restore(&name_of(&aside), folder);
        fs::remove_dir_all(aside).unwrap();
        self.settle(folder);
    }

    /// All that is in a folder is synced.
    pub fn settle(&self, folder: &Path) {
        let mut lines = String::new();
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, name) = (entry.path(), name_of(&entry.path()));
            let kind = if path.is_dir() { "folder" } else { "file" };
            lines.push_str(&format!("{kind} {name} {}\n", entry.file_name().to_str().unwrap()));
            match kind {
                "folder" => self.settle(&path),
                _ => drop(fs::copy(&path, self.kept(&name)).unwrap()),
            }
        }
        fs::write(self.kept(&name_of(folder)), lines).unwrap();
    }

    /// What is kept of the file or folder of a name.
    fn kept(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn restore(&self, name: &str, folder: &Path) {
        // Of a folder that was never synced nothing is left, of a file its name.
        let lines = fs::read_to_string(self.kept(name)).unwrap_or_default();
        for line in lines.lines() {
            let [kind, name, path] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let path = folder.join(path);
            match kind {
                "folder" => {
                    fs::create_dir(&path).unwrap();
                    self.restore(name, &path);
                }
                _ => fs::write(&path, fs::read(self.kept(name)).unwrap_or_default()).unwrap(),
            }
        }
    }
}

/// A file as the disk knows it: `inode-birth`.
fn name_of(path: &Path) -> String {
    let known = fs::metadata(path).unwrap();
    let birth = known.created().unwrap().duration_since(UNIX_EPOCH).unwrap();
    format!("{}-{}.{:09}", known.ino(), birth.as_secs(), birth.subsec_nanos())
}

/// Of the files in a folder only some pages reached the disk, as it is drawn; the others are zeros.
pub fn tear(folder: &Path, draw: &mut dyn FnMut(u64) -> u64) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            tear(&path, draw);
            continue;
        }
        let mut bytes = fs::read(&path).unwrap();
        for page in bytes.chunks_mut(PAGE).filter(|_| draw(4) == 0) {
            page.fill(0);
        }
        fs::write(path, bytes).unwrap();
    }
}

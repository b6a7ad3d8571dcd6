//! What subscribers gave us to sign with: one file that nobody else may read.
//!
//! They are kept apart from the journal, which is kept for ever and may be copied, shown and handed on. The file is replaced as
//! a whole: after a crash there is the old one or the new one. A secret is there before the subscription that needs it is written.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

/// The file of secrets, and what it holds.
pub(super) struct Secrets {
    path: PathBuf,
    held: Mutex<BTreeMap<String, String>>,
}

impl Secrets {
    /// Reads a file; one that is not there holds nothing. Only secrets of these names are kept.
    pub(super) fn open(path: PathBuf, names: &BTreeSet<String>) -> io::Result<Self> {
        let mut held: BTreeMap<String, String> = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error),
        };
        let before = held.len();
        held.retain(|name, _| names.contains(name));
        let has_changed = held.len() != before;
        let secrets = Self { path, held: Mutex::new(held) };
        if has_changed {
            secrets.change(|_| {})?;
        }
        Ok(secrets)
    }

    fn held(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The secret of a name.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        self.held().get(name).cloned()
    }

    /// Keeps another secret under a name, or none, and gives the one that was there. It is on the disk when this returns.
    pub(super) fn set(&self, name: &str, secret: Option<&str>) -> io::Result<Option<String>> {
        let before = self.get(name);
        if before.as_deref() != secret {
            self.change(|held| match secret {
                Some(secret) => drop(held.insert(name.to_owned(), secret.to_owned())),
                None => drop(held.remove(name)),
            })?;
        }
        Ok(before)
    }

    /// Changes what is held, when the disk has taken it.
    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, String>)) -> io::Result<()> {
        let mut held = self.held();
        let mut changed = held.clone();
        change(&mut changed);
        let aside = self.path.with_extension("new");
        // What a crash left of another attempt may have been readable for others.
        if let Err(error) = fs::remove_file(&aside)
            && error.kind() != io::ErrorKind::NotFound
        {
            return Err(error);
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
        file.write_all(&serde_json::to_vec(&changed)?)?;
        file.sync_all()?;
        fs::rename(&aside, &self.path)?;
        self.path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())?;
        *held = changed;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn secrets_are_for_nobody_else_and_are_there_again() {
        let dir = tempfile::tempdir().unwrap();
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        let path = dir.path().join("websub.secrets");
        let open = |kept: &[&str]| Secrets::open(path.clone(), &names(kept));
        let secrets = open(&[]).unwrap();
        let set = |name, secret| secrets.set(name, secret).unwrap();
        let before = [set("a", Some("one")), set("b", Some("two")), set("a", Some("three")), set("b", None)];
        assert_eq!(before, [None, None, Some("one".into()), Some("two".into())]);
        assert_eq!(set("c", Some("four")), None);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
        let again = open(&["a"]).unwrap();
        assert_eq!([again.get("a"), again.get("b"), again.get("c")], [Some("three".into()), None, None]);
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"a\":\"three\"}", "what nobody needs is forgotten");
        fs::write(&path, "{").unwrap();
        assert!(open(&["a"]).is_err());
    }
}

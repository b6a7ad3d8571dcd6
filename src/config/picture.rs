//! Pictures that settings name: an address, or a file that is read at once, so that a mistake is told before anything starts.

use std::{fs, path::Path, sync::Arc};

use url::Url;

use crate::model::{Picture, PictureKind};

/// The longest file, in bytes: readers ask for it, and it stays in memory.
const LONGEST: u64 = 512 << 10;

/// What a setting names: an address, or a file below the folder of the configuration; nothing when it is empty.
pub(super) fn picture(dir: Option<&Path>, text: &str) -> Result<Option<Picture>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    if text.starts_with("http://") || text.starts_with("https://") {
        let address = Url::parse(text).map_err(|error| format!("`{text}` is no address: {error}"))?;
        return Ok(Some(Picture::At(address)));
    }
    let path = dir.map_or_else(|| text.into(), |dir| dir.join(text));
    let unread = |error| format!("{} can not be read: {error}; give a file in the folder of this one, or an address", path.display());
    let length = fs::metadata(&path).map_err(unread)?.len();
    if length > LONGEST {
        return Err(format!("{} has {} KiB; at most {} KiB are served as a picture", path.display(), length >> 10, LONGEST >> 10));
    }
    let bytes: Arc<[u8]> = fs::read(&path).map_err(unread)?.into();
    let kind = PictureKind::of(&bytes);
    let kind = kind.ok_or_else(|| format!("{} is no picture that browsers show: SVG, PNG, JPEG, GIF, WebP or an icon", path.display()))?;
    Ok(Some(Picture::Held(kind, bytes)))
}

//! The style sheet and the script of the pages, each under a name with a hash of its bytes in it.
//!
//! So they can be kept for ever by whoever asked once, and a new version is asked for by a new name. There is nothing
//! else: no fonts, no pictures, nothing from elsewhere.

use std::sync::LazyLock;

use crate::{model::Second, serve::cache::Finished};

/// One of the two.
pub(in crate::serve) struct Asset {
    /// Its name below the base: `page.0123456789ab.css`.
    pub(super) name: String,
    extension: &'static str,
    /// Its `Content-Type`.
    pub(in crate::serve) media_type: &'static str,
    /// Its bytes, coded once for all who will ask.
    pub(in crate::serve) finished: Finished,
}

impl Asset {
    fn new(bytes: &'static [u8], extension: &'static str, media_type: &'static str) -> Self {
        let finished = Finished::new(bytes.to_vec(), Second::EPOCH);
        Self { name: format!("page.{}{extension}", &finished.tag[..12]), extension, media_type, finished }
    }
}

/// How everything looks.
pub(super) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new(include_bytes!("../../../templates/page.css"), ".css", "text/css; charset=utf-8"));
/// What is more convenient with a script, and works without.
pub(super) static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new(include_bytes!("../../../templates/page.js"), ".js", "text/javascript; charset=utf-8"));

/// The one of that name. A page that was kept while the version changed asks for the former one, and gets what there is now.
pub(in crate::serve) fn find(below: &str) -> Option<&'static Asset> {
    let middle = below.strip_prefix("page.")?;
    let is_one = |asset: &&Asset| middle.strip_suffix(asset.extension).is_some_and(|hash| !hash.contains(['.', '/']));
    [&*STYLE, &*SCRIPT].into_iter().find(is_one)
}

impl Asset {
    /// Whether it goes by just that name.
    pub(in crate::serve) fn is_named(&self, below: &str) -> bool {
        self.name == below
    }
}

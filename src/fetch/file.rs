//! Files of this machine: only an operator can name one, no redirect ever leads there.

use std::io::Read;

use url::Url;

use super::{Answer, FetchError, error::plain};
use crate::model::{Document, Hints};

/// Reads a file of at most so many bytes.
pub(super) async fn read(url: &Url, limit: usize) -> Result<Answer, FetchError> {
    let path = url.to_file_path().map_err(|()| FetchError::Forbidden { url: plain(url), why: "it is no path of this machine" })?;
    let read = tokio::task::spawn_blocking(move || {
        let mut body = Vec::new();
        std::fs::File::open(path)?.take(limit as u64 + 1).read_to_end(&mut body)?;
        Ok::<_, std::io::Error>(body)
    });
    let failed = |cause| FetchError::File { url: url.to_string(), cause };
    let body = read.await.map_err(|cause| failed(std::io::Error::other(cause)))?.map_err(failed)?;
    if body.len() > limit {
        return Err(FetchError::TooLarge { url: url.to_string(), limit });
    }
    let document =
        Document { url: url.clone(), body: body.into(), content_type: None, etag: None, last_modified: None, hub: None, own: None };
    Ok(Answer::Document { document, hints: Hints::default(), moved: None, is_delta: false, room: super::Room::default() })
}

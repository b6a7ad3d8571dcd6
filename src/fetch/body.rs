//! The body of an answer: decoded as it comes in, within the limits of size, room and silence.

use std::time::Duration;

use reqwest::{Response, header};
use tokio::time::timeout;
use url::Url;

use super::{
    FetchError, Policy, Wait,
    coding::{Coding, Decoder, Spoilt},
    error::plain,
    fault, headers, host_of,
    room::{Room, Rooms},
};
use crate::model::Proxy;

/// How much is decoded at a time, in bytes: a bomb has not grown far before it needs room.
const BITE: usize = 1 << 10;

/// The whole body, decoded, and the room it takes.
pub(super) async fn whole(
    url: &Url,
    response: &mut Response,
    policy: &Policy,
    proxy: Option<&Proxy>,
    rooms: &Rooms,
) -> Result<(Vec<u8>, Room), FetchError> {
    let limit = policy.longest_body;
    let too_large = || FetchError::TooLarge { url: plain(url), limit };
    let spoilt = |spoilt| match spoilt {
        Spoilt::TooLong => too_large(),
        Spoilt::Damaged(cause) => FetchError::BadCoding { url: plain(url), why: format!("its body is damaged or cut off ({cause})") },
    };
    let coding = Coding::of(response.headers()).map_err(|why| FetchError::BadCoding { url: plain(url), why })?;
    // What is told beforehand need not be waited for.
    let told = headers::text(response.headers(), &header::CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
    if told.is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    let (mut decoder, mut taken) = (Decoder::new(coding, limit, usize::try_from(told.unwrap_or(0)).unwrap_or(limit)), 0);
    let mut room = Room::default();
    loop {
        let piece = match timeout(policy.silence, response.chunk()).await {
            Ok(piece) => piece.map_err(|error| fault::told(url, policy, proxy, error))?,
            Err(_) => return Err(FetchError::TooSlow { host: host_of(url), wait: Wait::Piece, limit: policy.silence }),
        };
        let Some(piece) = piece else { break };
        // A body that decodes to nothing for ever is endless all the same.
        taken += piece.len();
        if taken > limit {
            return Err(too_large());
        }
        for bite in piece.chunks(BITE) {
            decoder.feed(bite).map_err(spoilt)?;
            rooms.make(decoder.len(), &mut room).await;
        }
    }
    Ok((decoder.finish().map_err(spoilt)?, room))
}

/// As much of a body as comes easily, to see what it is: of an answer that is an error already, nothing else matters.
pub(super) async fn beginning(response: &mut Response, most: usize, silence: Duration) -> Vec<u8> {
    let Ok(coding) = Coding::of(response.headers()) else { return Vec::new() };
    let (mut decoder, mut taken) = (Decoder::new(coding, most, 0), 0);
    while let Ok(Ok(Some(piece))) = timeout(silence, response.chunk()).await {
        taken += piece.len();
        if decoder.feed(&piece).is_err() || taken > most {
            break;
        }
    }
    decoder.so_far().to_vec()
}

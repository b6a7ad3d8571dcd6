//! Whether a subscriber meant what was asked in its name (WebSub §5.3): it is asked, and has to say a word back that nobody else knows.

use std::time::Duration;

use url::Url;
use uuid::Uuid;

use super::request::Mode;
use crate::{
    fetch::{Call, Client},
    model::Private,
};

/// A subscriber answers within this.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// A little more than a challenge is long, in bytes: what is longer is none.
const MOST: usize = 256;

/// Asks whether it was meant; says why it was not, if not.
pub(super) async fn is_meant(client: &Client, allow_private: &Private, callback: &Url, topic: &str, mode: Mode) -> Result<(), String> {
    let challenge = Uuid::new_v4().simple().to_string();
    let mut asked = callback.clone();
    asked.query_pairs_mut().append_pair("hub.mode", mode.word()).append_pair("hub.topic", topic).append_pair("hub.challenge", &challenge);
    if let Mode::Subscribe { lease } = mode {
        asked.query_pairs_mut().append_pair("hub.lease_seconds", &lease.as_secs().to_string());
    }
    let answered = ask(client, allow_private, &asked).await?;
    match answered {
        (200..=299, body) if body == challenge.as_bytes() => Ok(()),
        (200..=299, _) => Err("it did not say the challenge back".to_owned()),
        (status, _) => Err(format!("it answered {status}")),
    }
}

/// Tells a subscriber that it is told no more, and why (§5.2). Whether it hears it changes nothing.
pub(super) async fn deny(client: &Client, allow_private: &Private, callback: &Url, topic: &str, why: &str) {
    let mut told = callback.clone();
    told.query_pairs_mut().append_pair("hub.mode", "denied").append_pair("hub.topic", topic).append_pair("hub.reason", why);
    if let Err(error) = ask(client, allow_private, &told).await {
        tracing::debug!("a subscriber was not told that its subscription ended: {error}");
    }
}

async fn ask(client: &Client, allow_private: &Private, url: &Url) -> Result<(u16, Vec<u8>), String> {
    let call = Call { url, body: None, headers: &[], timeout: PATIENCE, allow_private, most: MOST };
    client.call(&call).await.map(|answered| (answered.status, answered.body)).map_err(|error| error.to_string())
}

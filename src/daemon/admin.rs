//! The deeds that may be asked for over HTTP: those of the control socket that change something and can be undone.
//!
//! Deliberately absent: erasing, pruning and compacting, which whoever may write the data folder does there.

use std::{env, fs, net::SocketAddr, sync::Arc};

use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    task::JoinHandle,
};

use super::{DaemonError, answer::Answers, control::Ask, listen_for};
use crate::{
    config::Config,
    serve::{self, Deeds, Limits, Outcome, Token, Undone},
};

/// The variable that holds the token, when no file does.
const VARIABLE: &str = "TRIBUTARY_ADMIN_TOKEN";
/// Those that may be asked for.
const NAMES: [&str; 6] = ["pull", "reload", "story", "act", "withdraw", "release_flood"];

/// Where deeds are asked for, and what has to be shown.
pub struct Admin {
    listener: TcpListener,
    token: Token,
}

impl Admin {
    /// The listener of a configuration; none when no token is configured.
    pub async fn of(config: &Config) -> Result<Option<Self>, DaemonError> {
        let admin = &config.settings.admin;
        let text = match &admin.token_file {
            Some(path) => {
                let read = fs::read_to_string(path);
                read.map_err(|error| DaemonError::Token(format!("[admin] token_file {} can not be read: {error}", path.display())))?
            }
            None => match env::var(VARIABLE) {
                Ok(text) => text,
                Err(_) => return Ok(None),
            },
        };
        let token = Token::new(&text).map_err(DaemonError::Token)?;
        Ok(Some(Self { listener: listen_for("listen under [admin]", admin.listen).await?, token }))
    }

    /// Where it listens.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    pub(super) fn serve(self, answers: Answers, limits: Limits, stop: watch::Receiver<bool>) -> JoinHandle<()> {
        let address = self.address().map(|address| address.to_string()).unwrap_or_default();
        let Self { listener, token } = self;
        tracing::info!(admin.address = address, "editors are at http://{address}/, with the token");
        tokio::spawn(async move { serve::listen_admin(listener, token, answers.app.clone(), deeds(answers), &limits, stop).await })
    }
}

fn deeds(answers: Answers) -> Deeds {
    Arc::new(move |name: String, question: Value, rows: mpsc::Sender<Value>| -> Outcome {
        let answers = answers.clone();
        Box::pin(async move {
            let ask = understood(&name, question)?;
            answers.answer(ask, rows).await.map_err(Undone::Failed)
        })
    })
}

fn understood(name: &str, mut question: Value) -> Result<Ask, Undone> {
    if !NAMES.contains(&name) {
        return Err(Undone::Unknown);
    }
    question["ask"] = name.into();
    serde_json::from_value(question).map_err(|error| Undone::Unclear(format!("`{name}` is not understood: {error}")))
}

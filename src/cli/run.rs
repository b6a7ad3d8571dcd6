//! `tributary run`.

use std::net::SocketAddr;

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use super::{Common, Failure, log, runtime};
use crate::{
    config::Mistakes,
    daemon::{self, Configured, Edits, data::DataFolder},
    text,
};

/// Pulls on schedule and serves until SIGTERM or SIGINT; goes by the configuration as it is edited.
pub fn run(common: &Common, listen: Option<String>, read_only: bool) -> Result<(), Failure> {
    let flags = [("serve.listen", listen)];
    let config = common.load(&flags)?;
    log::start(common.log, &config.settings.daemon.log);
    for notice in &config.notices {
        tracing::warn!("{notice}");
    }
    if !read_only {
        daemon::need_contact(&config)?;
    }
    let folder = DataFolder::hold(&config.settings.daemon.data)?;
    runtime()?.block_on(async {
        let address: SocketAddr = config.settings.serve.listen;
        let listener = daemon::listen(address).await?;
        let metrics = daemon::listen_for_metrics(config.settings.serve.metrics).await?;
        let admin = daemon::Admin::of(&config).await?;
        let stop = stop_signal()?;
        let again = common.clone();
        let edits =
            Edits::of(&common.folder(), move || again.load(&flags).map_err(told)).map_err(Failure::io("no signals can be heard"))?;
        let config = Configured { config, edits: Some(edits), metrics, admin };
        daemon::run(config, folder, listener, daemon::wall_clock(), !read_only, |_| {}, stop).await?;
        Ok(())
    })
}

/// What is wrong with a configuration, one sentence each.
fn told(failure: Failure) -> Vec<String> {
    match failure {
        Failure::Mistakes(Mistakes(mistakes)) => mistakes.iter().map(ToString::to_string).collect(),
        other => vec![text::chain(&other)],
    }
}

/// Becomes true at the first SIGTERM or SIGINT; the second one ends the process at once.
pub fn stop_signal() -> Result<watch::Receiver<bool>, Failure> {
    let (say, stop) = watch::channel(false);
    let mut term = signal(SignalKind::terminate()).map_err(Failure::io("no signals can be heard"))?;
    let mut int = signal(SignalKind::interrupt()).map_err(Failure::io("no signals can be heard"))?;
    tokio::spawn(async move {
        for again in [false, true] {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
            }
            if again {
                std::process::exit(130);
            }
            tracing::info!("stopping");
            // Receivers may be gone already.
            let _ = say.send(true);
        }
    });
    Ok(stop)
}

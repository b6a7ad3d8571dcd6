//! Logs: one line an event, on stderr.

use std::io::{self, IsTerminal};

use tracing_subscriber::{EnvFilter, fmt};

use super::LogForm;

/// Starts the log at a level: `info`, or a filter such as `tributary=debug`.
pub fn start(form: LogForm, level: &str) {
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
    let on_terminal = io::stderr().is_terminal();
    let log = fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false);
    // A second log in one process is a test's; the first one stays.
    let _ = match form {
        LogForm::Json => log.json().flatten_event(true).try_init(),
        LogForm::Auto if !on_terminal => log.json().flatten_event(true).try_init(),
        LogForm::Auto | LogForm::Text => log.compact().with_ansi(on_terminal).try_init(),
    };
}

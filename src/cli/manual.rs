//! What the program says of itself to other programs: to shells, to `man`, and to editors of its configuration.
//!
//! The first two are made from what reads the command line, so that they can not tell of a flag that there is not.
//! Deliberately absent: anything that is installed; whoever packs the program puts it where it belongs.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Failure, Line};
use crate::config;

/// Prints the JSON Schema of a file of the configuration.
pub(super) fn schema(file: config::schema::File) -> Result<(), Failure> {
    print(format!("{:#}\n", config::schema::schema(file)).as_bytes())
}

/// Prints the script by which a shell completes the command line.
pub(super) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Line::command(), "tributary", &mut script);
    print(&script)
}

/// Prints the manual page, or writes it, and one for each command, into a folder.
pub(super) fn man(folder: Option<&Path>) -> Result<(), Failure> {
    let Some(folder) = folder else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Line::command()).render(&mut page).map_err(Failure::io("the manual page could not be written"))?;
        return print(&page);
    };
    let failed = || Failure::io(format!("{} could not be written", folder.display()));
    fs::create_dir_all(folder).map_err(failed())?;
    clap_mangen::generate_to(Line::command(), folder).map_err(failed())
}

fn print(bytes: &[u8]) -> Result<(), Failure> {
    io::stdout().write_all(bytes).map_err(Failure::io("standard output could not be written"))
}

//! What the program says of itself to shells and to `man` is all that it can do.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::process::{Command, Output};

fn tributary(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tributary")).args(arguments).output().unwrap()
}

fn told(arguments: &[&str]) -> String {
    let output = tributary(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The commands, as the help lists them.
fn commands() -> Vec<String> {
    let help = told(&["--help"]);
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect()
}

#[test]
fn each_shell_learns_of_every_command() {
    let commands = commands();
    assert!(commands.len() > 20, "{commands:?}");
    for shell in ["bash", "zsh", "fish"] {
        let script = told(&["completions", shell]);
        for command in &commands {
            assert!(script.contains(command.as_str()), "{shell} does not know `{command}`");
        }
        assert_eq!(script, told(&["completions", shell]), "the same each time");
    }
    assert_eq!(tributary(&["completions", "cmd"]).status.code(), Some(2));
}

#[test]
fn a_shell_takes_what_it_is_given() {
    let script = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(script.path(), told(&["completions", "bash"])).unwrap();
    // What `tributary cl<TAB>` comes to.
    let asked = format!(
        "source {} && COMP_WORDS=(tributary cl) COMP_CWORD=1 && _tributary tributary cl tributary && echo \"${{COMPREPLY[*]}}\"",
        script.path().display()
    );
    let Ok(output) = Command::new("bash").args(["-c", &asked]).output() else { return eprintln!("skipped: there is no bash") };
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), "classify", "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_manual_has_a_page_for_every_command() {
    let page = told(&["man"]);
    assert!(page.contains(".TH tributary 1") && page.contains("Gather feeds, sort them by topic and country"), "{page}");
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    assert_eq!(told(&["man", "--out", pages.to_str().unwrap()]), "");
    for command in commands().iter().filter(|command| *command != "help") {
        assert!(page.contains(&format!("tributary\\-{command}(1)")), "`{command}` is not in the page");
        assert!(pages.join(format!("tributary-{command}.1")).exists(), "`{command}` has no page");
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    let refused = tributary(&["man", "--out", file.path().to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("could not be written"), "{refused:?}");
}

//! The schema of each file of the configuration knows what the reader of that file knows, no more and no less.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::collections::BTreeSet;

use serde_json::Value;
use tributary::config::{
    self,
    schema::{File, schema},
};

const FILES: [(&str, File); 4] =
    [("tributary.toml", File::Tributary), ("sources.toml", File::Sources), ("topics.toml", File::Topics), ("feeds.toml", File::Feeds)];

/// What is told of a file that says this.
fn told(name: &str, text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(name), text).unwrap();
    config::load(Some(folder.path()), std::iter::empty(), &[]).err().map(|mistakes| mistakes.to_string()).unwrap_or_default()
}

/// A table of a file: what stands above its keys, and its schema.
struct Place {
    above: String,
    schema: Value,
}

/// All tables, from the outermost on.
fn places(above: &str, path: &str, schema: &Value) -> Vec<Place> {
    let mut all = vec![Place { above: above.to_owned(), schema: schema.clone() }];
    for (key, holds) in schema["properties"].as_object().unwrap() {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let holds = if holds["anyOf"].is_array() { &holds["anyOf"][0] } else { holds };
        if holds["properties"].is_object() {
            all.extend(places(&format!("{above}\n[{path}]\n"), &path, holds));
        } else if holds["items"]["properties"].is_object() {
            let name = ["id", "slug", "code"].into_iter().find(|name| holds["items"]["properties"][name].is_object());
            let name = name.map(|name| format!("{name} = \"gt\"\n")).unwrap_or_default();
            all.extend(places(&format!("{above}\n[[{path}]]\n{name}"), &path, &holds["items"]));
        }
    }
    all
}

fn keys(schema: &Value) -> BTreeSet<String> {
    schema["properties"].as_object().unwrap().keys().cloned().collect()
}

#[test]
fn each_key_that_is_read_is_in_the_schema() {
    for (name, file) in FILES {
        for place in places("", "", &schema(file)) {
            let told = told(name, &format!("{}\nzz9zz9zz9 = 1\n", place.above));
            let known = told.split("unknown key `zz9zz9zz9`; known are ").nth(1).unwrap_or_else(|| panic!("{name}{}: {told}", place.above));
            let known: BTreeSet<String> = known.lines().next().unwrap().split(", ").map(str::to_owned).collect();
            let missing: Vec<_> = known.difference(&keys(&place.schema)).cloned().collect();
            assert!(missing.is_empty(), "{name}{} is read with {missing:?}, which the schema does not know", place.above);
        }
    }
}

#[test]
fn each_key_of_the_schema_is_read() {
    for (name, file) in FILES {
        for place in places("", "", &schema(file)) {
            for key in keys(&place.schema) {
                let holds = &place.schema["properties"][&key];
                let is_table = holds["properties"].is_object() || holds["items"]["properties"].is_object();
                // Those that are tables are places of their own.
                if is_table || place.above.contains(&format!("\n{key} = ")) {
                    continue;
                }
                let value = match holds["type"].as_str() {
                    Some("integer" | "number") => holds["minimum"].to_string(),
                    Some("boolean") => "true".to_owned(),
                    Some("array") => "[]".to_owned(),
                    Some("object") => "{}".to_owned(),
                    Some("string") => holds["enum"][0].as_str().map_or("\"1h\"".to_owned(), |word| format!("\"{word}\"")),
                    _ => "false".to_owned(),
                };
                let told = told(name, &format!("{}\n{key} = {value}\n", place.above));
                assert!(!told.contains(&format!("unknown key `{key}`")), "{name}{}{key}: {told}", place.above);
                // A value of its kind and within its bounds is not refused for what it is.
                for wrong in [format!("`{key}` should be"), format!("`{key}` {value} is not in the range")] {
                    assert!(!told.contains(&wrong) || holds["format"] == "date", "{name}{}{key}: {told}", place.above);
                }
            }
        }
    }
}

/// What is wrong with a value, as far as our schemas go.
fn wrong(at: &str, value: &toml::Value, schema: &Value, found: &mut Vec<String>) {
    if let Some(any) = schema["anyOf"].as_array() {
        let fits = |schema: &Value| {
            let mut found = Vec::new();
            wrong(at, value, schema, &mut found);
            found.is_empty()
        };
        if !any.iter().any(fits) {
            found.push(format!("{at}: {value}"));
        }
        return;
    }
    let fits = match (schema["type"].as_str(), value) {
        (Some("object"), toml::Value::Table(table)) => {
            for (key, value) in table {
                let at = format!("{at}.{key}");
                match (&schema["properties"][key], &schema["additionalProperties"]) {
                    (Value::Null, Value::Object(of)) => wrong(&at, value, &Value::Object(of.clone()), found),
                    (Value::Null, _) => found.push(format!("{at} is not known")),
                    (of, _) => wrong(&at, value, of, found),
                }
            }
            true
        }
        (Some("array"), toml::Value::Array(list)) => {
            list.iter().enumerate().for_each(|(n, value)| wrong(&format!("{at}[{n}]"), value, &schema["items"], found));
            true
        }
        (Some("string"), toml::Value::String(text)) => schema["enum"].as_array().is_none_or(|words| words.iter().any(|word| word == text)),
        (Some("string"), toml::Value::Datetime(_)) => schema["format"] == "date",
        (Some("boolean"), toml::Value::Boolean(_)) => true,
        (Some("integer" | "number"), toml::Value::Integer(n)) => {
            let bound = |name: &str| schema[name].as_f64().unwrap();
            (bound("minimum")..=bound("maximum")).contains(&(*n as f64))
        }
        (Some("number"), toml::Value::Float(n)) => {
            let bound = |name: &str| schema[name].as_f64().unwrap();
            (bound("minimum")..=bound("maximum")).contains(n)
        }
        (None, _) => true,
        _ => false,
    };
    if !fits {
        found.push(format!("{at}: {value}"));
    }
}

#[test]
fn the_files_that_come_with_the_program_are_right_by_their_schemas() {
    for (name, file) in FILES {
        let text = std::fs::read_to_string(format!("config/{name}")).unwrap();
        let mut found = Vec::new();
        wrong(name, &toml::Value::Table(toml::from_str(&text).unwrap()), &schema(file), &mut found);
        assert_eq!(found, [] as [String; 0], "{name}");
    }
    let mut found = Vec::new();
    let text = "[serve]\nlimit = 201\nlisen = \"x\"\nlang = \"de\"\n";
    wrong("", &toml::Value::Table(toml::from_str(text).unwrap()), &schema(File::Tributary), &mut found);
    assert_eq!(found.len(), 3, "what is wrong is found: {found:?}");
}

#[test]
fn the_command_prints_each() {
    for (name, file) in FILES {
        let word = name.trim_end_matches(".toml");
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_tributary")).args(["config", "schema", word]).output().unwrap();
        assert!(output.status.success());
        let printed: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(printed, schema(file));
        assert_eq!(printed["$schema"], "https://json-schema.org/draft/2020-12/schema");
    }
}

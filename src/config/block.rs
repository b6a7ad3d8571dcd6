//! A source as the `[[source]]` block that it would be read from.

use std::fmt::Write;

use toml::Value;

use crate::model::Source;

/// The block of a source: what it says beside the defaults.
pub fn source_block(source: &Source) -> String {
    let mut block = "[[source]]\n".to_owned();
    let text = |text: &str| Value::from(text).to_string();
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            // Memory takes whatever is written to it.
            let _ = writeln!(block, "{key} = {value}");
        }
    };
    put("id", Some(text(source.id.as_str())));
    put("title", Some(text(&source.title)));
    put("url", Some(text(source.url.as_str())));
    put("home", source.home.as_ref().map(|home| text(home.as_str())));
    put("organization", source.organization.as_deref().map(text));
    put("lang", source.lang.map(|lang| text(lang.as_str())));
    put("allow_private", source.allow_private.then(|| "true".to_owned()));
    put("probed", source.probed.map(|day| day.to_string()));
    put("note", source.note.as_deref().map(text));
    block
}

//! What can be asked for, as programs read it: OpenAPI 3.1.
//!
//! It is written by hand, with the tables by which addresses are read, so that a key that is spoken is told here.
//! Deliberately absent: pages for people beyond their addresses, `/metrics`, which is not for everybody, and `/hub`, which WebSub describes.

use serde_json::{Map, Value, json};

use super::{
    Format, Publishing, answer,
    archive::PART,
    reading::{IN_PATH, IN_QUERY, MOST_PARTS},
};

/// The whole description.
pub(super) fn openapi(publishing: &Publishing) -> Value {
    let base = publishing.site.base.as_str();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": publishing.site.title,
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Feeds of stories by topic, country, region, source and language, each story once. Path and query are one filter language: \
                keys are AND-ed, a comma is OR, a repeated key is AND, `-` leaves out. Every feed has ETag and Last-Modified; please ask with them.",
        },
        "servers": [{ "url": base.trim_end_matches('/') }],
        "paths": paths(),
        "components": {
            "parameters": parameters(),
            "schemas": {
                "Problem": object(&["title", "status", "detail"], &json!({
                    "title": text(), "status": { "type": "integer" }, "detail": text(),
                    "nearest": { "type": "array", "items": text(), "description": "Names that exist and are near to what was asked." },
                })),
                "Label": object(&["slug", "names", "stories", "feed"], &json!({
                    "slug": text(), "names": { "$ref": "#/components/schemas/Names" }, "stories": { "type": "integer" }, "feed": address(),
                })),
                "Names": object(&["en", "es", "fr", "pt"], &json!({ "en": text(), "es": text(), "fr": text(), "pt": text() })),
                "Source": object(&["id", "title", "stories", "preferred", "feed"], &json!({
                    "id": text(), "title": text(), "home": { "type": ["string", "null"] }, "lang": { "type": ["string", "null"] },
                    "stories": { "type": "integer" }, "preferred": { "type": "integer" }, "feed": address(),
                })),
            },
        },
    })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn address() -> Value {
    json!({ "type": "string", "format": "uri" })
}

fn object(required: &[&str], properties: &Value) -> Value {
    json!({ "type": "object", "required": required, "properties": properties })
}

/// What a key of the filter language asks for, and a value that it can have.
fn key(name: &str) -> (&'static str, &'static str) {
    match name {
        "topic" => ("Topics by slug, see /topics.json; `none` is what nobody filed.", "migrant-smuggling"),
        "country" => ("Countries by ISO 3166-1 alpha-2 code, see /countries.json; `none` is what is about no country.", "gt"),
        "region" => ("Regions by slug.", "central-america"),
        "source" => ("Sources by id, see /sources.json: every story that the source told.", "reliefweb"),
        "lang" => ("Editions in these languages, and those whose language is not known.", "es"),
        "prefer" => ("Leaves out nothing; shows each story in the first of these languages that it has.", "es,en"),
        "q" => ("Words, \"phrases\" and -exclusions that stories say. Answered 503 while the index of words is being made.", "camp"),
        "view" => ("`daily`: one entry for each of the last days that are over, with its stories; `limit` counts days then.", "daily"),
        "tz" => ("The time zone of days, with `view=daily`.", "America/Guatemala"),
        "since" => ("Stories from then on: a day, a time, or so long back, such as P30D.", "P30D"),
        "until" => ("Stories up to then, in the same way.", "2026-01-31"),
        "limit" => ("How many entries.", "20"),
        "per_source" => ("How many entries of one source.", "5"),
        "content" => ("The most that is shown of each: title, summary or full.", "summary"),
        _ => ("", ""),
    }
}

/// What stands in paths.
const IN_ADDRESSES: [(&str, &str, &str); 6] = [
    ("value", "Of the key before it. Further keys may follow in the same way.", "migrant-smuggling"),
    ("saved", "A feed that an editor saved, by its slug.", "smuggling-guatemala"),
    ("month", "When stories were first kept.", "2020-09"),
    ("part", "Which page of the month.", "1"),
    ("first", "How many of the page's stories, where it is not all that it will have.", "1"),
    ("story", "The id of a story.", "99e79ebf-c03e-5a0a-87bc-a206de29ba69"),
];

fn parameters() -> Value {
    let in_query = IN_PATH.into_iter().chain(IN_QUERY).map(|name| {
        let (description, example) = key(name);
        let many = json!({ "type": "array", "items": text() });
        // A key said again is another wish, and its value may hold several names.
        let schema = if IN_PATH.contains(&name) && name != "lang" { many } else { text() };
        let parameter = json!({ "name": name, "in": "query", "description": description, "schema": schema, "example": example });
        (name.to_owned(), parameter)
    });
    let in_path = IN_ADDRESSES.into_iter().map(|(name, description, example)| {
        let schema = match name {
            "part" => json!({ "type": "integer", "minimum": 1, "maximum": MOST_PARTS }),
            "first" => json!({ "type": "integer", "minimum": 1, "maximum": PART }),
            _ => text(),
        };
        (format!("path-{name}"), in_path(name, description, schema, example))
    });
    let keys = in_path_of_names("key", "Which kind of label.", &IN_PATH);
    let extensions = Format::FEEDS.map(|format| format.extension().trim_start_matches('.'));
    let formats = in_path_of_names("format", "Atom 1.0, RSS 2.0 or JSON Feed 1.1.", &extensions);
    in_query.chain(in_path).chain([("path-key".to_owned(), keys), ("path-format".to_owned(), formats)]).collect::<Map<_, _>>().into()
}

fn in_path(name: &str, description: &str, schema: Value, example: &str) -> Value {
    json!({ "name": name, "in": "path", "required": true, "description": description, "schema": schema, "example": example })
}

fn in_path_of_names(name: &str, description: &str, names: &[&str]) -> Value {
    in_path(name, description, json!({ "type": "string", "enum": names }), names.first().copied().unwrap_or_default())
}

fn paths() -> Value {
    let archive = "An archived page of a feed (RFC 5005): stories that were first kept in a month. Only of feeds that a path alone names; walk there by prev-archive.";
    let mut paths = Map::new();
    for format in Format::FEEDS {
        let asked = feed(&format!("Everything, as {}", format.name()), &[format], &keys());
        paths.insert(format!("/feed{}", format.extension()), asked);
    }
    for (before, what) in
        [("/feed/{key}/{value}", "A feed by label, source or language"), ("/feed/saved/{saved}", "A feed that an editor saved")]
    {
        paths.insert(format!("{before}.{{format}}"), feed(what, &Format::FEEDS, &keys()));
    }
    for before in ["/feed", "/feed/{key}/{value}", "/feed/saved/{saved}"] {
        for page in ["/archive/{month}", "/archive/{month}/part/{part}", "/archive/{month}/part/{part}/first/{first}"] {
            paths.insert(format!("{before}{page}.{{format}}"), feed(archive, &Format::FEEDS, &[]));
        }
    }
    // Work is told story by story.
    let story_by_story: Vec<Value> = keys().into_iter().filter(|key| !["view", "tz"].map(reference).contains(key)).collect();
    paths.insert("/editor.atom".to_owned(), feed("What nobody filed, as work for editors", &[Format::Atom], &story_by_story));
    let labels = json!({ "type": "array", "items": { "$ref": "#/components/schemas/Label" } });
    let sources = json!({ "type": "array", "items": { "$ref": "#/components/schemas/Source" } });
    for (path, what, media_type, schema) in [
        ("/topics.json", "All topics, with names in four languages and live counts", answer::JSON, labels.clone()),
        ("/countries.json", "All countries, in the same way", answer::JSON, labels),
        ("/sources.json", "All sources: how many stories each told, and how many of them are shown in its words", answer::JSON, sources),
        ("/status.json", "How the sources are", answer::JSON, json!({ "type": "object" })),
        ("/status.atom", "Troubles of sources and recoveries, to subscribe to", answer::ATOM, text()),
        ("/status", "How the sources are, for people", answer::HTML, text()),
        ("/", "The latest stories, for people", answer::HTML, text()),
        ("/build", "A feed is built by choosing, for people", answer::HTML, text()),
        ("/map", "Stories by country, for people", answer::HTML, text()),
        ("/trends", "Topics and sources by week, for people", answer::HTML, text()),
        ("/openapi.json", "This description", answer::JSON, json!({ "type": "object" })),
        ("/livez", "Whether the program runs", answer::PLAIN, text()),
        ("/readyz", "Whether feeds can be asked for; 503 until they can", answer::JSON, json!({ "type": "object" })),
        ("/icon.svg", "A picture that stands for the site, or the way to it (302)", "image/svg+xml", text()),
        ("/icon.png", "The same as PNG", "image/png", text()),
        ("/logo.png", "A wide one", "image/png", text()),
        ("/favicon.ico", "A small one", "image/vnd.microsoft.icon", text()),
    ] {
        // What has to be made may be refused for a while.
        let is_made = ["/status.json", "/status.atom", "/status", "/", "/build", "/map", "/trends"].contains(&path);
        let others: &[&str] = if is_made { &["429", "503"] } else { &[] };
        paths.insert(path.to_owned(), get(what, &[], &[(media_type, schema)], others));
    }
    for (path, what) in [
        ("/map.csv", "How many stories there are by country: of the last 30 days, or since whenever is said"),
        ("/trends.csv", "How many stories there are by topic and by source in each of the last 26 weeks, named by their Mondays"),
    ] {
        paths.insert(path.to_owned(), get(what, &keys(), &[(answer::CSV, text())], &["400", "404", "429", "503"]));
    }
    paths.insert(
        "/opml".to_owned(),
        get(
            "A list of subscriptions: the feed, and one for each topic that has stories in it",
            &keys(),
            &[(answer::OPML, text())],
            &["400", "404", "429", "503"],
        ),
    );
    let page = get(
        "Why a story is where it is, for people; 410 when an editor took it back",
        &[reference("path-story")],
        &[(answer::HTML, text())],
        &["404", "410"],
    );
    paths.insert("/story/{story}".to_owned(), page);
    for (path, asked) in &mut paths {
        let names = IN_ADDRESSES.iter().map(|(name, ..)| *name).chain(["key", "format"]);
        let own: Vec<Value> = names
            .filter(|name| *name != "story" && path.contains(&format!("{{{name}}}")))
            .map(|name| reference(&format!("path-{name}")))
            .collect();
        if !own.is_empty() {
            asked["parameters"] = own.into();
        }
    }
    paths.into()
}

fn reference(parameter: &str) -> Value {
    json!({ "$ref": format!("#/components/parameters/{parameter}") })
}

/// All keys that may stand in a query.
fn keys() -> Vec<Value> {
    IN_PATH.into_iter().chain(IN_QUERY).map(reference).collect()
}

/// A feed; an archived page takes no keys.
fn feed(what: &str, formats: &[Format], keys: &[Value]) -> Value {
    let contents: Vec<(&str, Value)> = formats.iter().map(|format| (format.content_type(), text())).collect();
    get(what, keys, &contents, &["304", "400", "404", "410", "429", "503"])
}

fn get(summary: &str, parameters: &[Value], contents: &[(&str, Value)], others: &[&str]) -> Value {
    let content = |contents: &[(&str, Value)]| -> Value {
        contents.iter().map(|(media_type, schema)| ((*media_type).to_owned(), json!({ "schema": schema }))).collect::<Map<_, _>>().into()
    };
    let mut responses = Map::new();
    responses.insert("200".to_owned(), json!({ "description": "It", "content": content(contents) }));
    for status in others {
        let described = match *status {
            "304" => json!({ "description": "What the asker has is up to date" }),
            _ => {
                let description = match *status {
                    "400" => "What was asked can not be understood",
                    "404" => "There is no such name; those that are near are told",
                    "429" => {
                        "It would have to be made, and this client has asked for too much of that; `Retry-After` says when to ask again"
                    }
                    "503" => "It would have to be made, and too much is asked for at once; `Retry-After` says when to ask again",
                    _ => "It is gone for good",
                };
                json!({ "description": description, "content": content(&[("application/problem+json", json!({ "$ref": "#/components/schemas/Problem" }))]) })
            }
        };
        responses.insert((*status).to_owned(), described);
    }
    json!({ "get": { "summary": summary, "parameters": parameters, "responses": responses } })
}

//! Lists of subscriptions, in and out, through the real program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common {
    pub mod daemon;
}

use std::{
    fs,
    io::Write,
    process::{Output, Stdio},
};

use common::daemon::Place;
use proptest::prelude::*;
use tributary::{
    model::{Lang, Subscription},
    parse, publish,
};

/// A source that is there, one that is switched off, and a line that only a person would write.
const THERE: &str = r#"
[[source]]
id = "wire"   # our own, do not touch
title = "The wire"
url = "http://www.wire.example/feed/"

[[source]]
id = "old-wire"
title = "The old wire"
url = "https://old.example/rss"
enabled = false"#;

const LIST: &str = r#"<?xml version="1.0" encoding="ISO-8859-1"?>
<opml version="1.1">
  <head><title>What I read</title></head>
  <body>
    <outline text="Migration">
      <outline text="Regional">
        <outline type="rss" text="ignored" title="OIM Am&#xE9;rica Central &amp; M&#233;xico" xmlUrl="https://oim.example/es/feed?format=rss&amp;lang=es" htmlUrl="https://oim.example/es" language="es-419" category="/News/Migration,returns"/>
      </outline>
      <outline type="rss" text="The wire, once more" xmlUrl="https://wire.example/feed?utm_source=reader"/>
      <outline type="rss" text="The old wire" xmlUrl="https://old.example/rss"/>
    </outline>
    <outline type="rss" text="" xmlUrl="https://www.plain.example/rss.xml"/>
    <outline type="rss" text="Say &quot;no&quot; to &apos;''' \ &#10; breaks" xmlUrl="https://quotes.example/?a='''&amp;b=c"/>
    <outline type="rss" text="Plain again" xmlUrl="http://plain.example/rss.xml#top"/>
    <outline type="rss" text="Run" xmlUrl="exec:/usr/bin/id"/>
    <outline type="rss" text="Filter" xmlUrl="filter:grep:https://a.example/"/>
    <outline type="rss" text="File" xmlUrl="file:///etc/passwd"/>
    <outline type="rss" text="Pipe" xmlUrl="|/bin/sh -c id"/>
    <outline type="rss" text="Secret" xmlUrl="https://me:pw@secret.example/feed"/>
    <outline type="link" text="Another list" url="https://lists.example/more.opml"/>
    <outline type="rss" text="OIM América Central &amp; México" xmlUrl="https://oim.example/en/feed"/>
  </body>
</opml>"#;

const BLOCKS: &str = r#"[[source]]
id = "oim-america-central-mexico"
title = "OIM América Central & México"
url = "https://oim.example/es/feed?format=rss&lang=es"
home = "https://oim.example/es"
lang = "es"
note = "From an OPML list: folder Migration / Regional; categories /News/Migration, returns."

[[source]]
id = "plain-example"
title = "plain.example"
url = "https://www.plain.example/rss.xml"

[[source]]
id = "say-no-to-breaks"
title = "Say \"no\" to '''' \\ breaks"
url = "https://quotes.example/?a=%27%27%27&b=c"

[[source]]
id = "oim-america-central-mexico-2"
title = "OIM América Central & México"
url = "https://oim.example/en/feed"
"#;

const TOLD: &str = r#"         title                         address
new      OIM América Central & México  https://oim.example/es/feed?format=rss&lang=es  as `oim-america-central-mexico`
skipped  The wire, once more           https://wire.example/feed?utm_source=reader     it is already there as `wire`
skipped  The old wire                  https://old.example/rss                         it is already there as `old-wire`, which is switched off
new                                    https://www.plain.example/rss.xml               as `plain-example`
new      Say "no" to '''' \ breaks     https://quotes.example/?a='''&b=c               as `say-no-to-breaks`
skipped  Plain again                   http://plain.example/rss.xml#top                it stands further up as `plain-example`
skipped  Run                           exec:/usr/bin/id                                only http and https are spoken, not exec:
skipped  Filter                        filter:grep:https://a.example/                  only http and https are spoken, not filter:
skipped  File                          file:///etc/passwd                              only http and https are spoken, not file:
skipped  Pipe                          |/bin/sh -c id                                  its xmlUrl is no address
skipped  Secret                        https://secret.example/feed                     its address holds a name or password, and would be published
skipped  Another list                                                                  it has no xmlUrl
new      OIM América Central & México  https://oim.example/en/feed                     as `oim-america-central-mexico-2`
4 new, 9 skipped; nothing was written: with --write they are added to sources.toml
"#;

fn feed(place: &Place, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = place.command(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that refuses early reads no more.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Latin-1, as the list says it is.
fn latin(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

#[test]
fn a_list_becomes_blocks_and_each_feed_that_does_not_says_why() {
    let place = Place::new(THERE);
    let before = fs::read(place.path("config/sources.toml")).unwrap();
    let output = feed(&place, &["opml", "import", "-"], &latin(LIST));
    assert!(output.status.success(), "{}", words(&output.stderr));
    assert_eq!(words(&output.stdout), BLOCKS);
    assert_eq!(words(&output.stderr), TOLD);
    assert_eq!(fs::read(place.path("config/sources.toml")).unwrap(), before);
}

#[test]
fn written_blocks_stand_behind_what_is_there_and_a_second_time_there_is_nothing_to_add() {
    let place = Place::new(THERE);
    fs::write(place.path("list.opml"), latin(LIST)).unwrap();
    let (file, list) = (place.path("config/sources.toml"), place.path("list.opml").display().to_string());
    let before = fs::read_to_string(&file).unwrap();
    let first = place.run(&["opml", "import", "--write", &list]);
    assert!(first.status.success(), "{}", words(&first.stderr));
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{before}\n\n{BLOCKS}"));
    let last = words(&first.stderr).lines().last().unwrap().to_owned();
    assert_eq!(last, format!("4 new, 9 skipped; added to {}", fs::canonicalize(&file).unwrap().display()));
    assert_eq!(place.succeed(&["check"]).lines().next().unwrap(), "6 sources, 5 of them switched on; 29 topics; 2 saved feeds");
    let names: Vec<_> = fs::read_dir(place.path("config")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["sources.toml"], "nothing is left beside it");

    let second = place.run(&["opml", "import", "--write", &list]);
    assert!(second.status.success());
    assert_eq!(words(&second.stdout), "");
    assert_eq!(words(&second.stderr).lines().last().unwrap(), "0 new, 13 skipped; there is nothing to add");
    assert_eq!(fs::read_to_string(&file).unwrap(), format!("{before}\n\n{BLOCKS}"));
}

#[test]
fn a_file_that_is_made_is_made_where_there_was_none_and_one_that_can_not_be_replaced_stays() {
    let place = Place::new("");
    fs::remove_file(place.path("config/sources.toml")).unwrap();
    fs::write(place.path("list.opml"), "<opml><body><outline text='A' xmlUrl='https://a.example/feed'/></body></opml>").unwrap();
    let list = place.path("list.opml").display().to_string();
    place.succeed(&["opml", "import", "--write", &list]);
    let written = "[[source]]\nid = \"a\"\ntitle = \"A\"\nurl = \"https://a.example/feed\"\n";
    assert_eq!(fs::read_to_string(place.path("config/sources.toml")).unwrap(), written);

    // A list that would be added to is right by itself, and wrong with more blocks behind it.
    let odd = "builtin = false\nsource = []\n";
    fs::write(place.path("config/sources.toml"), odd).unwrap();
    let output = place.run(&["opml", "import", "--write", &list]);
    assert_eq!(output.status.code(), Some(1));
    let told = words(&output.stderr);
    assert!(
        told.contains("sources.toml is as it was: with these sources added it could not be read: the configuration has mistakes"),
        "{told}"
    );
    assert_eq!(fs::read_to_string(place.path("config/sources.toml")).unwrap(), odd);
}

#[test]
fn lists_that_would_do_harm_are_refused_with_the_reason() {
    let place = Place::new("");
    let refused = |list: &str| {
        let output = feed(&place, &["opml", "import", "--write", "-"], list.as_bytes());
        assert_eq!((output.status.code(), words(&output.stdout).as_str()), (Some(1), ""));
        words(&output.stderr)
    };
    let outline = "<outline text='A' xmlUrl='https://a.example/feed'/>";
    let long = format!("<opml version='2.0'><body>{}</body></opml>", outline.repeat(100_000));
    assert_eq!(refused(&long), "tributary: -: the list holds more than 10000 outlines; split it\n");
    let deep = format!("<opml version='2.0'><body>{}", "<outline text='x'>".repeat(100_000));
    assert_eq!(refused(&deep), "tributary: -: the outlines are nested more than 16 deep; flatten the list\n");
    let laughs = r#"<!DOCTYPE opml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><opml><body><outline text="&b;" xmlUrl="https://a.example/"/></body></opml>"#;
    let declares =
        "tributary: -: the list declares entities of its own (<!DOCTYPE … [ … ]>), which are never expanded; take the declaration out\n";
    assert_eq!(refused(laughs), declares);
    assert_eq!(refused(&laughs.replace("\"ha\"", "SYSTEM 'file:///etc/passwd'")), declares);
    assert_eq!(refused(&" ".repeat(9 << 20)), "tributary: -: the list is longer than 8 MiB; split it\n");
    assert_eq!(refused("<html><title>Sign in</title></html>"), "tributary: -: this is an HTML page titled “Sign in”, and no OPML list\n");
    assert_eq!(refused(""), "tributary: -: this is an empty body, and no OPML list\n");
    assert_eq!(fs::read_to_string(place.path("config/sources.toml")).unwrap(), "builtin = false\n");
}

#[test]
fn what_is_exported_is_imported_as_it_was() {
    let sources = r#"
[[source]]
id = "b"
title = "B & <b>"
url = "https://b.example/feed?x=1&y=2"
home = "https://b.example/"
organization = "The \"B\" group"
lang = "fr"
[[source]]
id = "a"
title = "A"
url = "https://a.example/feed"
[[source]]
id = "off"
title = "Off"
url = "https://off.example/feed"
organization = "The \"B\" group"
enabled = false
[[source]]
id = "b2"
title = "B2"
url = "https://b.example/feed?x=2"
organization = "The \"B\" group"
[[source]]
id = "alone"
title = "Alone"
url = "https://alone.example/feed"
organization = "Alone"
[[source]]
id = "disk"
title = "Disk"
url = "file:///tmp/feed.xml"
"#;
    let place = Place::new(sources);
    let output = place.run(&["opml", "export", "--all"]);
    let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<opml version="2.0">
  <head>
    <title>Tributary</title>
  </head>
  <body>
    <outline type="rss" text="A" title="A" xmlUrl="https://a.example/feed"/>
    <outline type="rss" text="Alone" title="Alone" xmlUrl="https://alone.example/feed"/>
    <outline text="The &quot;B&quot; group">
      <outline type="rss" text="B &amp; &lt;b&gt;" title="B &amp; &lt;b&gt;" xmlUrl="https://b.example/feed?x=1&amp;y=2" htmlUrl="https://b.example/" language="fr"/>
      <outline type="rss" text="Off" title="Off" xmlUrl="https://off.example/feed"/>
      <outline type="rss" text="B2" title="B2" xmlUrl="https://b.example/feed?x=2"/>
    </outline>
  </body>
</opml>
"#;
    assert_eq!(words(&output.stdout), expected);
    assert_eq!(words(&output.stderr), "`disk` is left out: file: is no address for others\n");
    let enabled = place.succeed(&["opml", "export"]);
    assert!(!enabled.contains("off.example"));

    // Into a place of its own, and out again: the organization has become a remark.
    let other = Place::new("");
    let output = feed(&other, &["opml", "import", "--write", "-"], enabled.as_bytes());
    assert!(output.status.success(), "{}", words(&output.stderr));
    let again = parse::opml(other.succeed(&["opml", "export"]).as_bytes()).unwrap().subscriptions;
    let flat = |list: Vec<Subscription>| list.into_iter().map(|feed| Subscription { folder: vec![], ..feed }).collect::<Vec<_>>();
    assert_eq!(flat(again), flat(parse::opml(enabled.as_bytes()).unwrap().subscriptions));
    assert!(fs::read_to_string(other.path("config/sources.toml")).unwrap().contains("From an OPML list: folder The "));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_list_that_was_written_is_read_as_it_was(rows in prop::collection::vec(("[ -~áñ]{1,12}", "\\PC{0,12}", any::<bool>(), prop::collection::vec("[a-c&<\"' ]{1,3}", 0..3)), 0..12)) {
        let line = tributary::text::one_line;
        let list: Vec<Subscription> = rows.into_iter().filter(|(feed, ..)| !feed.trim().is_empty()).map(|(feed, title, is_spanish, folder)| Subscription {
            feed: line(&feed),
            home: is_spanish.then(|| line(&feed)),
            title: line(&title),
            lang: is_spanish.then_some(Lang::ES),
            categories: if is_spanish { vec!["returns".into(), "R & D".into()] } else { vec![] },
            folder: folder.iter().map(|name| line(name)).filter(|name| !name.is_empty()).collect(),
        }).collect();
        let written = publish::opml("A title", &list);
        let read = parse::opml(written.as_bytes()).unwrap();
        prop_assert_eq!(read.subscriptions, list);
    }
}

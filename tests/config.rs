//! Mistakes are told with place and remedy, all of them; what is built in can be changed by id.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{fs, path::Path};

use tributary::{
    config::{Config, Mistakes, Settings, load, source_block},
    model::{ContentPolicy, Private},
};

fn written(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

fn read(dir: &Path, env: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Config, Mistakes> {
    let own = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<Vec<_>>();
    load(Some(dir), own(env).into_iter(), &own(flags))
}

#[test]
fn the_program_runs_without_any_file_and_the_shipped_files_change_nothing() {
    let bare = load(None, std::iter::empty(), &[]).unwrap();
    assert_eq!((bare.settings.clone(), bare.notices.len(), bare.overridden.len()), (Settings::default(), 0, 0));
    assert_eq!(load(Some(Path::new("config")), std::iter::empty(), &[]).unwrap(), bare);
    assert!(bare.topics.topics.len() >= 28 && bare.sources.len() >= 25);
    for source in bare.sources.iter().filter(|source| !source.enabled) {
        assert!(source.note.is_some(), "{} is switched off and does not say why", source.id);
    }
}

#[test]
fn every_mistake_is_told_at_once() {
    let dir = written(&[
        ("tributary.toml", "[serve]\nlimits = 20\nmax_limit = 500\nlisten = \"here\"\n[demon]\n"),
        (
            "sources.toml",
            "[[source]]\nid = \"el-faro\"\ntitle = \"El Faro\"\nurl = \"elfaro.net\"\ncountries = [\"SV\", \"COL\"]\ntopics = [\"yuoth\"]\nrank = \"first\"\n\n\
             [[source]]\nid = \"El Diario\"\n\n[[source]]\nid = \"wire\"\ntitle = \"W\"\nurl = \"https://w.example/\"\nevery = \"5s\"\ncron = \"* * *\"\nenabeld = true\n\n\
             [[source]]\nid = \"wire\"\ntitle = \"W\"\nurl = \"https://w.example/\"\ncron = \"0 0 31 2 *\"\n",
        ),
        ("topics.toml", "[[topic]]\nslug = \"youth\"\nthreshold = 0\n[topic.en]\nstrong = [\"*\", \"a ~x b\"]\n"),
        ("feeds.toml", "[[feed]]\nslug = \"x\"\ntitle = \"X\"\ntopics = [\"diaspra\"]\n\n[[feed\n"),
    ]);
    let mistakes =
        read(dir.path(), &[("TRIBUTARY__SERVE__LIMT", "3"), ("TRIBUTARY__FETCH__AT_ONCE", "many")], &[("serve.public", "example.org")])
            .unwrap_err();
    let told = mistakes.to_string().replace(&format!("{}/", dir.path().display()), "config/");
    let expected = fs::read_to_string("tests/golden/mistakes.txt").unwrap_or_default();
    if std::env::var_os("WRITE_GOLDEN").is_some() {
        fs::write("tests/golden/mistakes.txt", format!("{told}\n")).unwrap();
    }
    assert_eq!(told.trim(), expected.trim());
}

#[test]
fn files_then_variables_then_flags() {
    let dir = written(&[("tributary.toml", "[serve]\ntitle = \"File\"\nlimit = 10\n[daemon]\ncontact = \"file@example.org\"\n")]);
    let config = read(
        dir.path(),
        &[("TRIBUTARY__SERVE__TITLE", "Variable"), ("TRIBUTARY__SERVE__LIMIT", "20"), ("PATH", "/bin")],
        &[("serve.limit", "30")],
    )
    .unwrap();
    let settings = config.settings;
    assert_eq!(
        (settings.serve.title.as_str(), settings.serve.limit, settings.daemon.contact.as_str()),
        ("Variable", 30, "file@example.org")
    );
}

#[test]
fn what_is_built_in_is_changed_switched_off_or_added_to_by_id() {
    let dir = written(&[
        (
            "sources.toml",
            "[[source]]\nid = \"reliefweb\"\nrank = 9\n[[source]]\nid = \"mpi\"\nenabled = false\n[[source]]\nid = \"own\"\ntitle = \"Own\"\nurl = \"https://own.example/feed\"\n",
        ),
        ("topics.toml", "[[topic]]\nslug = \"diaspora\"\nthreshold = 9\n[[topic]]\nslug = \"remittances\"\nenabled = false\n"),
    ]);
    let (config, bare) = (read(dir.path(), &[], &[]).unwrap(), load(None, std::iter::empty(), &[]).unwrap());
    let of = |config: &Config, id: &str| config.sources.iter().find(|source| source.id.as_str() == id).unwrap().clone();
    let relief = of(&config, "reliefweb");
    assert_eq!((relief.rank, &relief.url), (9, &of(&bare, "reliefweb").url));
    assert!(!of(&config, "mpi").enabled && of(&config, "own").enabled);
    assert_eq!(config.sources.len(), bare.sources.len() + 1);
    assert_eq!(config.topics.topics.len(), bare.topics.topics.len() - 1);
    let mut told = config.overridden.clone();
    told.sort();
    assert_eq!(
        told,
        [
            "source `mpi` is changed: enabled",
            "source `own` is added",
            "source `reliefweb` is changed: rank",
            "topic `diaspora` is changed: threshold",
            "topic `remittances` is switched off"
        ]
    );
    let alone =
        written(&[("sources.toml", "builtin = false\n[[source]]\nid = \"own\"\ntitle = \"Own\"\nurl = \"https://own.example/feed\"\n")]);
    let config = read(alone.path(), &[], &[]).unwrap();
    assert_eq!(config.sources.iter().map(|source| source.id.as_str()).collect::<Vec<_>>(), ["own"]);
}

#[test]
fn a_public_address_makes_the_base_path_and_a_listener_without_one_is_noted() {
    let dir = written(&[]);
    let base = |flags: &[(&str, &str)]| read(dir.path(), &[], flags).unwrap().settings.base().to_string();
    assert_eq!(base(&[]), "http://127.0.0.1:8080/");
    assert_eq!(base(&[("serve.public", "https://news.example.org/feeds")]), "https://news.example.org/feeds/");
    let open = read(dir.path(), &[], &[("serve.listen", "0.0.0.0:80")]).unwrap();
    assert_eq!(open.notices.len(), 1);
    assert!(open.notices[0].contains("set [serve] public"), "{}", open.notices[0]);
}

#[test]
fn switching_a_topic_off_is_no_mistake_in_what_is_built_in() {
    for topics in [
        "[[topic]]\nslug = \"youth\"\nenabled = false\n",
        "builtin = false\n[[topic]]\nslug = \"migrant-smuggling\"\n[topic.en]\nstrong = [\"smuggl*\"]\n",
    ] {
        let dir = written(&[("topics.toml", topics)]);
        let config = read(dir.path(), &[], &[]).unwrap();
        assert_eq!(config.feeds.iter().map(|feed| feed.slug.as_str()).collect::<Vec<_>>(), ["smuggling-guatemala"]);
        assert!(
            config.overridden.contains(&"feed `youth-central-america` is left out: a topic of it is switched off".to_owned()),
            "{:?}",
            config.overridden
        );
    }
}

#[test]
fn a_former_name_leads_to_one_topic_and_a_retired_one_to_none() {
    let topic = |slug: &str, rest: &str| format!("[[topic]]\nslug = \"{slug}\"\n{rest}\n");
    let read_topics = |topics: &[String]| read(written(&[("topics.toml", &topics.concat())]).path(), &[], &[]);
    let leads = |config: &Config, alias: &str| config.topic_names().1.get(&alias.parse().unwrap()).map(ToString::to_string);
    let renamed = [topic("youth", "enabled = false"), topic("young-people", "aliases = [\"youth\"]"), topic("diaspora", "retired = true")];
    let config = read_topics(&renamed).unwrap();
    let led = ["youth", "fair-recruitment", "diaspora"].map(|alias| leads(&config, alias));
    assert_eq!(led, [Some("young-people".into()), Some("ethical-recruitment".into()), None]);
    assert_eq!(config.topics.retired.iter().map(ToString::to_string).collect::<Vec<_>>(), ["diaspora"]);
    assert!(config.overridden.contains(&"topic `diaspora` is retired".to_owned()), "{:?}", config.overridden);

    // What an operator says goes before a former name that is built in.
    for (own, leads_to) in
        [(topic("fair-recruitment", ""), None), (topic("hiring", "aliases = [\"fair-recruitment\"]"), Some("hiring".to_owned()))]
    {
        let config = read_topics(&[own]).unwrap();
        assert_eq!(leads(&config, "fair-recruitment"), leads_to);
        let told = "`fair-recruitment` is no former name of topic `ethical-recruitment` any more".to_owned();
        assert!(config.overridden.contains(&told), "{:?}", config.overridden);
    }
    let mistakes = |topics: &[String]| {
        let told = read_topics(topics).unwrap_err().0;
        told.into_iter()
            .map(|mistake| format!("{}:{}: {}: {}", mistake.line, mistake.column, mistake.thing, mistake.what))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        mistakes(&[topic("a", "aliases = [\"x\", \"youth\"]"), topic("b", "aliases = [\"x\"]")]),
        [
            "3:11: topic `a`: `aliases`: `youth` is a topic, and no former name of one; switch it off, or take it out here",
            "6:11: topic `b`: `aliases`: `x` leads to `a` already",
        ]
    );
}

#[test]
fn a_saved_feed_speaks_the_language_of_addresses() {
    let text = "[[feed]]\nslug = \"own\"\ntitle = { en = \"Own\" }\ntopics = [\"youth,fair-recruitment\", \"-diaspora\"]\ncountries = [\"gt,MX,-us\"]\n\
                lang = \"pt,es\"\nprefer = \"es\"\nsince = \"P4W\"\nper_source = 5\nlimit = 20\ncontent = \"title\"\n\
                [[feed]]\nslug = \"either\"\ntitle = { en = \"Either\" }\nregions = [\"caribbean\"]\n[[feed.any]]\ntopics = [\"none\"]\n[[feed.any]]\nsources = [\"mpi\"]\n\
                [[feed]]\nslug = \"youth-central-america\"\nlang = \"es\"\n";
    let config = read(written(&[("feeds.toml", text)]).path(), &[], &[]).unwrap();
    let feed = |slug: &str| config.feeds.iter().find(|feed| feed.slug.as_str() == slug).unwrap();
    let own = feed("own");
    assert_eq!(
        (own.filter.to_string().as_str(), own.limit, own.content),
        (
            "topic=ethical-recruitment,youth,-diaspora&country=gt,mx,-us&lang=es,pt&prefer=es&since=P28D&per_source=5",
            Some(20),
            Some(ContentPolicy::Title)
        )
    );
    assert_eq!(feed("either").filter.to_string(), "(region=caribbean&source=mpi)|(topic=none&region=caribbean)");
    // Another layer changes the keys that it gives.
    assert_eq!(feed("youth-central-america").filter.to_string(), "topic=youth&region=central-america&lang=es");

    let wrong = "[[feed]]\nslug = \"x\"\ntitle = { en = \"X\" }\ntopics = [\"youth,\", \"-yuoth\"]\ncountries = [\"GTM\"]\nlang = \"spanish\"\nsince = \"soon\"\n\
                 limit = 0\nper_source = 500\ncontent = \"all\"\nq = \"*\"\n[[feed.any]]\n\
                 [[feed]]\nslug = \"y\"\ntitle = { en = \"Y\" }\ncountries = [\"us,-us\"]\n\
                 [[feed]]\nslug = \"z\"\ntitle = { en = \"Z\" }\nsince = \"2026-02-01\"\nuntil = \"2026-01-01\"\n";
    let dir = written(&[("feeds.toml", wrong), ("topics.toml", "[[topic]]\nslug = \"none\"\n[topic.en]\nstrong = [\"nothing\"]\n")]);
    let told = read(dir.path(), &[], &[]).unwrap_err().to_string().replace(&format!("{}/", dir.path().display()), "");
    let expected = "the configuration has mistakes
feeds.toml:4:11: feed `x`: `youth,` has an empty part; write names with commas between, and `-` before those to leave out
feeds.toml:4:21: feed `x`: there is no topic `yuoth`; did you mean `youth`?
feeds.toml:5:14: feed `x`: `GTM` is not a two-letter ISO 3166-1 country code; try `GT`
feeds.toml:6:8: feed `x`: `lang`: `spanish` is not a language tag such as en, es, fr or pt
feeds.toml:7:9: feed `x`: `since`: `soon` is no time; write a day such as 2026-01-31, a time such as 2026-01-31T12:00:00Z, or days, weeks, months or years back such as P30D (at most P100Y)
feeds.toml:8:9: feed `x`: `limit` 0 is not in the range 1 to 200
feeds.toml:9:14: feed `x`: `per_source` 500 is not in the range 1 to 200
feeds.toml:10:11: feed `x`: `content` is \"all\"; it can be \"title\", \"summary\", \"full\"
feeds.toml:11:5: feed `x`: `q`: there is no word in it; write words, \"phrases in quotes\", and -words to leave out
feeds.toml:12:1: feed `x` [[any]]: holds everything; give it topics, countries, regions or sources
feeds.toml:13:1: feed `y`: what is asked of `country` excludes itself, so that nothing could ever be in the feed; leave one of the wishes out
feeds.toml:17:1: feed `z`: `until` is before `since`
topics.toml:2:8: topic `none`: `none` stands for what is filed under no topic; choose another slug
13 mistakes; nothing was started";
    assert_eq!(told, expected);
}

#[test]
fn what_would_do_harm_later_is_a_mistake_now() {
    let told = |name: &str, text: &str| read(written(&[(name, text)]).path(), &[], &[]).unwrap_err().to_string();
    let source = |rest: &str| format!("[[source]]\nid = \"own\"\ntitle = \"Own\"\n{rest}\n");
    assert!(told("feeds.toml", "[[feed]]\nslug = \"x\"\ntitle = { en = \"X\" }\ntopics = []\n").contains("feed `x`: holds everything"));
    let twice = "[[feed]]\nslug = \"x\"\ntitle = { en = \"X\" }\nlang = \"es\"\n".repeat(2);
    assert!(told("feeds.toml", &twice).contains("the same slug stands further up"));
    assert!(told("tributary.toml", "[serve]\nlimit = 100\nmax_limit = 20\n").contains("`limit` 100 is greater than `max_limit` 20"));
    let websub = |text: &str| told("tributary.toml", &format!("[websub]\n{text}\n"));
    assert!(
        websub("hub = \"on\"")
            .contains("`hub`: `on` is neither \"built-in\", nor \"off\", nor an address such as https://pubsubhubbub.appspot.com/")
    );
    assert!(websub("max_subscriptions = 0").contains("`max_subscriptions`"));
    assert!(websub("allow_private = [\"10.20\"]").contains("`10.20` is no range of addresses"));
    assert!(told("sources.toml", &source("url = \"https://u:pw@own.example/feed\"")).contains("would be published"));
    // A former name leads to the topic, a variable that nobody set is none, and a rhythm can be given back.
    let text =
        source("url = \"https://own.example/feed\"\ntopics = [\"fair-recruitment\"]") + "[[source]]\nid = \"mpi\"\nevery = \"adaptive\"\n";
    let config = read(written(&[("sources.toml", &text)]).path(), &[("TRIBUTARY__SERVE__LIMIT", "")], &[]).unwrap();
    let of = |id: &str| config.sources.iter().find(|source| source.id.as_str() == id).unwrap();
    assert_eq!(of("own").topics[0].as_str(), "ethical-recruitment");
    assert_eq!(of("mpi").timetable, tributary::model::Timetable::Adaptive);
}

#[test]
fn the_gazetteer_is_added_to_and_mistakes_in_that_have_their_place() {
    let dir = written(&[(
        "topics.toml",
        "[[place]]\ncode = \"CR\"\nforms = [\"Paso Canoas\", \"Upala\"]\n[[mask]]\nforms = [\"Chad Smith\"]\nwhy = \"a drummer\"\n\
         [[region]]\nslug = \"trifinio\"\nlabel = { en = \"Trifinio\" }\nforms = [\"Plan Trifinio\"]\n[[region]]\nslug = \"rcm\"\nforms = [\"the Conference\"]\n",
    )]);
    let config = read(dir.path(), &[], &[]).unwrap();
    assert_eq!((config.topics.places[0].forms.len(), config.topics.masks.len(), config.topics.regions.len()), (2, 1, 2));
    let expected =
        ["region `trifinio` has forms of your own", "region `rcm` has forms of your own", "[[place]]: 1 added", "[[mask]]: 1 added"];
    assert_eq!(config.overridden, expected);
    let wrong = "[[place]]\ncode = \"COL\"\nforms = [\"Acandí\"]\n[[place]]\ncode = \"CO\"\nkind = \"city\"\nforms = [\"a ~3 b\", \"…\"]\n\
        [[place]]\nforms = [\"x\"]\n[[mask]]\ncode = \"US\"\n[[region]]\nslug = \"Not A Slug\"\nforms = [\"x\"]\n[[region]]\nfroms = [\"x\"]\n";
    let dir = written(&[("topics.toml", wrong)]);
    let told = read(dir.path(), &[], &[]).unwrap_err().to_string().replace(&format!("{}/", dir.path().display()), "");
    let expected = [
        "the configuration has mistakes",
        "topics.toml:2:8: [[place]]: `code`: `COL` is not a two-letter ISO 3166-1 country code",
        "topics.toml:6:8: place in `CO`: `kind` is `name`, `place` or `demonym`, not `city`",
        "topics.toml:7:10: place in `CO`: the form `a ~3 b` is a name, which knows no `~`",
        "topics.toml:7:20: place in `CO`: the form `…` can not be understood; write words, or `word*` with two letters or more",
        "topics.toml:8:1: [[place]]: has no `code`; give the two letters of its country",
        "topics.toml:10:1: [[mask]]: has no `forms`; list the words as they stand in texts",
        "topics.toml:13:8: [[region]]: `slug`: ",
        "topics.toml:15:1: [[region]]: has no `slug`",
        "topics.toml:15:1: [[region]]: has no `forms`; list the words as they stand in texts",
        "topics.toml:16:1: [[region]]: unknown key `froms`; did you mean `forms`?",
        "10 mistakes; nothing was started",
    ];
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), expected.len(), "{told}");
    assert!(lines.iter().zip(expected).all(|(line, expected)| line.starts_with(expected)), "{told}");
}

#[test]
fn a_source_is_written_as_the_block_it_is_read_from() {
    let text = "[[source]]\nid = \"plain\"\ntitle = \"Plain\"\nurl = \"https://plain.example/feed\"\n\n\
        [[source]]\nid = \"listing\"\ntitle = \"The \\\"Listing\\\" \\\\ of\\nnews\"\nurl = \"https://listing.example/en/news?x=1\"\n\
        home = \"https://listing.example/\"\norganization = \"IOM\"\nlang = \"es\"\nrank = 2\ncron = \"0 6 * * 5-7\"\ntimezone = \"America/Guatemala\"\nexpect = \"1w2d\"\n\
        topics = [\"youth\", \"diaspora\"]\ncountries = [\"GT\", \"MX\"]\ndefaults = \"always\"\ncontent = \"full\"\ndates = \"mdy\"\n\
        rights = \"© Them\"\ntimeout = \"1h30m\"\nallow_private = true\nenabled = false\nprobed = 2026-05-01\nnote = \"It's \\\"so\\\".\"\n\
        headers = { \"X-Name\" = \"a \\\"b\\\"\", Accept = \"text/html\" }\n\
        [source.page]\nitem = \".views-row\"\nuntil = \"hr\"\ntitle = \"h3 a\"\nlink = \"h3 a@href\"\nsummary = \".teaser\"\nimage = \"img@data-src\"\n\
        country = \".field--name-field-country\"\ndate = \"time@datetime\"\nformats = [\"%d %B, %Y\", \"%m/%d/%Y\"]\nlocale = \"es\"\n\
        next = \"a[rel='next']\"\npages = 3\n[source.page.detail]\ndate = \".submitted\"\nsummary = \".body p\"\ncountry = \".where\"\n\n\
        [[source]]\nid = \"digest\"\ntitle = \"Digest\"\nurl = \"https://digest.example/\"\nevery = \"90m\"\ncontent = \"title\"\n[source.page]\nitem = \"h3\"\nuntil = \"h2\"\n\
        [source.page.detail]\nsummary = \"@content\"\n";
    let sources = |text: &str| read(written(&[("sources.toml", &format!("builtin = false\n{text}"))]).path(), &[], &[]).unwrap().sources;
    let read_once = sources(text);
    let blocks: Vec<String> = read_once.iter().map(source_block).collect();
    assert_eq!(sources(&blocks.join("\n")), read_once);
    assert_eq!(blocks[0], "[[source]]\nid = \"plain\"\ntitle = \"Plain\"\nurl = \"https://plain.example/feed\"\n");
    assert_eq!(blocks.iter().zip(sources(&blocks.join("\n"))).filter(|(block, source)| **block == source_block(source)).count(), 3);
    // What ships can be written as well.
    let shipped = load(None, std::iter::empty(), &[]).unwrap().sources;
    assert_eq!(sources(&shipped.iter().map(source_block).collect::<String>()), shipped);
}

#[test]
fn what_a_source_may_be_asked_is_given_by_range() {
    let with = |rest: &str| {
        let text = format!("builtin = false\n[[source]]\nid = \"own\"\ntitle = \"Own\"\nurl = \"https://own.example/feed\"\n{rest}\n");
        read(written(&[("sources.toml", &text)]).path(), &[], &[]).map(|config| config.sources[0].clone())
    };
    let private = |rest: &str| with(rest).unwrap().allow_private;
    assert_eq!((private("allow_private = true"), private("allow_private = false")), (Private::Allowed, Private::Refused));
    let ranges = with("allow_private = [\"10.20.3.4/16\", \"fd00::/8\", \"192.168.1.7\"]\nallow_downgrade = true").unwrap();
    let expected = ["10.20.0.0/16", "fd00::/8", "192.168.1.7/32"].map(|range| range.parse().unwrap());
    assert_eq!((&ranges.allow_private, ranges.allow_downgrade), (&Private::Within(expected.into()), true));
    let block = source_block(&ranges);
    assert!(block.ends_with("allow_private = [\"10.20.0.0/16\", \"fd00::/8\", \"192.168.1.7/32\"]\nallow_downgrade = true\n"), "{block}");
    let told = |rest: &str| with(rest).unwrap_err().to_string();
    let mistake = "source `own`: `allow_private`: `10.20` is no range of addresses; give one such as 10.20.0.0/16 or fd00::/8";
    assert!(told("allow_private = [\"10.20\"]").contains(mistake));
    assert!(told("allow_private = \"10.0.0.0/8\"").contains("`allow_private` should be true or false"));
}

#[test]
fn how_publishers_are_asked_is_set_by_file_and_by_variable() {
    let fetch =
        |file: &str, env: &[(&str, &str)]| read(written(&[("tributary.toml", file)]).path(), env, &[]).map(|config| config.settings.fetch);
    let set = fetch(
        "[fetch]\nconnect_timeout = \"3s\"\nheader_timeout = \"4s\"\nidle_timeout = \"5s\"\ntimeout = \"2m\"\nports = [443]\n\
         proxy = \"http://me:geheim@proxy.example:3128\"\nextra_ca = [\"a.pem\", \"b.pem\"]\n",
        &[],
    );
    let by_variable = [
        ("TRIBUTARY__FETCH__CONNECT_TIMEOUT", "3s"),
        ("TRIBUTARY__FETCH__HEADER_TIMEOUT", "4s"),
        ("TRIBUTARY__FETCH__IDLE_TIMEOUT", "5s"),
        ("TRIBUTARY__FETCH__TIMEOUT", "2m"),
        ("TRIBUTARY__FETCH__PORTS", "443"),
        ("TRIBUTARY__FETCH__PROXY", "http://me:geheim@proxy.example:3128"),
        ("TRIBUTARY__FETCH__EXTRA_CA", "a.pem, b.pem"),
    ];
    let set = set.unwrap();
    assert_eq!(fetch("", &by_variable).unwrap(), set);
    let seconds = [set.connect_timeout, set.header_timeout, set.idle_timeout, set.timeout].map(|limit| limit.as_secs());
    assert_eq!((seconds, set.ports.as_slice(), set.extra_ca.len()), ([3, 4, 5, 120], &[443][..], 2));
    assert!(!format!("{set:?}").contains("geheim"));
    let told = fetch("[fetch]\nports = [80, 0]\nproxy = \"geheim:socks\"\nidle_timeout = \"5\"\n", &[]).unwrap_err().to_string();
    assert!(told.contains("[fetch]: `ports` should hold whole numbers from 1 to 65535"), "{told}");
    assert!(told.contains("[fetch]: `proxy` is no address of a proxy; give one such as http://proxy.example:3128"), "{told}");
    assert!(told.contains("`idle_timeout`: `5` is not a duration") && !told.contains("geheim"), "{told}");
}

#[test]
fn mistakes_of_a_page_are_told_with_their_place() {
    let page = |id: &str, rest: &str| {
        format!("[[source]]\nid = \"{id}\"\ntitle = \"T\"\nurl = \"https://{id}.example/\"\n[source.page]\n{rest}\n")
    };
    let text = page("one", "item = \"div[\"\ntitle = \"h3 >\"\nlocal = \"es\"\npages = 11")
        + &page("two", "title = \"h3\"\nlocale = \"de\"\nformats = [\"%d %Y\"]\npages = 2")
        + &page("three", "item = \"p\"\n[source.page.detail]")
        + "[[source]]\nid = \"four\"\ntitle = \"T\"\nurl = \"https://four.example/\"\npage = \"p\"\ndates = \"ymd\"\n";
    let dir = written(&[("sources.toml", &text)]);
    let told = read(dir.path(), &[], &[]).unwrap_err().to_string().replace(&format!("{}/", dir.path().display()), "");
    let expected = "the configuration has mistakes\n\
        sources.toml:6:8: source `one` [page]: `item`: `div[` is not a CSS selector: it ends too soon; `article.news > h3 a` is one\n\
        sources.toml:7:9: source `one` [page]: `title`: `h3 >` is not a CSS selector: no element follows the last `>`, `+`, `~` or space; `article.news > h3 a` is one\n\
        sources.toml:8:1: source `one` [page]: unknown key `local`; did you mean `locale`?\n\
        sources.toml:9:9: source `one` [page]: `pages` 11 is not in the range 1 to 10\n\
        sources.toml:14:1: source `two` [page]: has no `item`; give the selector of one item of the listing, such as \"article.news\"\n\
        sources.toml:16:10: source `two` [page]: `locale` is \"de\"; it can be \"en\", \"es\", \"fr\", \"pt\"\n\
        sources.toml:17:12: source `two` [page]: `formats`: `%d %Y` is not a date format: it names no month (`%m` or `%B`); `%d %B, %Y` reads “8 September, 2020”\n\
        sources.toml:18:9: source `two` [page]: `pages` means something only beside `next`, the link to the next page\n\
        sources.toml:25:1: source `three` [page] [detail]: names neither `date` nor `summary` nor `country`; give the selector of one of them on an item's own page\n\
        sources.toml:30:8: source `four`: `page` should be a table, not string\n\
        sources.toml:31:9: source `four`: `dates` is \"ymd\"; it can be \"dmy\", \"mdy\"\n\
        11 mistakes; nothing was started";
    assert_eq!(told, expected);
}

#[test]
fn a_page_is_changed_by_key_and_left_when_there_is_a_feed() {
    let page = "[[source]]\nid = \"own\"\ntitle = \"Own\"\nurl = \"https://own.example/\"\n[source.page]\nitem = \"li\"\ntitle = \"a\"\n";
    let with = |text: &str| {
        read(written(&[("sources.toml", &format!("builtin = false\n{page}{text}"))]).path(), &[], &[]).unwrap_err().to_string()
    };
    assert!(with("[[source]]\nid = \"own\"\npage = false\n").contains("the same id stands further up"));
    let shipped = load(None, std::iter::empty(), &[]).unwrap().sources;
    let built_in = shipped.iter().find(|source| source.page.is_some()).unwrap();
    let changed = |text: &str| {
        let dir = written(&[("sources.toml", &format!("[[source]]\nid = \"{}\"\n{text}", built_in.id))]);
        read(dir.path(), &[], &[]).unwrap().sources.into_iter().find(|source| source.id == built_in.id).unwrap().page
    };
    assert_eq!(changed("page = false\n"), None);
    let mut expected = built_in.page.clone().unwrap();
    expected.title = Some("h9 a".parse().unwrap());
    assert_eq!(changed("[source.page]\ntitle = \"h9 a\"\n"), Some(expected));
}

#[test]
fn feeds_name_a_hub_where_readers_can_find_them() {
    let hub = |text: &str, env: &[(&str, &str)]| read(written(&[("tributary.toml", text)]).path(), env, &[]).unwrap().settings.hub();
    let public = "[serve]\npublic = \"https://news.example.org/feeds\"\n";
    assert_eq!(hub("", &[]), None);
    assert_eq!(hub(public, &[]), Some("https://news.example.org/feeds/hub".into()));
    assert_eq!(hub(public, &[("TRIBUTARY__WEBSUB__HUB", "off")]), None);
    assert_eq!(hub(public, &[("TRIBUTARY__WEBSUB__HUB", "https://hub.example")]), Some("https://hub.example/".into()));
}

#[test]
fn proxies_that_say_who_asks_are_named_by_address_or_range() {
    let dir = written(&[("tributary.toml", "[serve]\nmisses_per_minute = 0\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n")]);
    let range = |text: &str| tributary::model::private::parse_range(text).unwrap();
    let serve = read(dir.path(), &[], &[]).unwrap().settings.serve;
    assert_eq!((serve.misses_per_minute, serve.trusted_proxies.0), (0, vec![range("10.0.0.0/8"), range("::1")]));
    let given = [("TRIBUTARY__SERVE__TRUSTED_PROXIES", "172.16.0.0/12, 127.0.0.1"), ("TRIBUTARY__SERVE__MISSES_PER_MINUTE", "30")];
    let serve = read(dir.path(), &given, &[]).unwrap().settings.serve;
    assert_eq!((serve.misses_per_minute, serve.trusted_proxies.0), (30, vec![range("172.16.0.0/12"), range("127.0.0.1")]));

    let dir = written(&[("tributary.toml", "[serve]\ntrusted_proxies = [\"10.0.0.0/8\", \"proxy\"]\n")]);
    let told = read(dir.path(), &[], &[]).unwrap_err().to_string();
    assert!(
        told.contains(
            "tributary.toml:2:34: [serve]: `trusted_proxies`: `proxy` is no range of addresses; give one such as 10.20.0.0/16 or fd00::/8"
        ),
        "{told}"
    );
}

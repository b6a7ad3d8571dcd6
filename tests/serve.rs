//! What readers, caches and mistaken addresses are answered.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
#[path = "common/http.rs"]
mod http;
#[path = "common/site.rs"]
mod site;

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use http::{Reply, ask, get};
use site::{canonical, record, serve_at, site, titles, told};

#[test]
fn filters_in_path_and_query_are_one_language() {
    let site = site();
    for (path, expected) in [
        ("/feed.atom", vec!["Story 3", "Story 2", "Story 1"]),
        ("/feed/topic/youth.atom", vec!["Story 2", "Story 1"]),
        ("/feed/country/gt.atom", vec!["Story 3", "Story 1"]),
        ("/feed/topic/youth/country/gt.atom", vec!["Story 1"]),
        ("/feed.atom?country=GT&topic=youth", vec!["Story 1"]),
        ("/feed/country/gt.atom?topic=youth&utm_source=x&_=1&fbclid=y", vec!["Story 1"]),
        ("/feed/topic/youth/country/gt.atom/", vec!["Story 1"]),
        ("/feed.atom?country=gt&country=hn", vec![]),
        ("/feed.atom?limit=1", vec!["Story 3"]),
        ("/feed/source/wire.atom?lang=en", vec!["Story 3", "Story 2", "Story 1"]),
        ("/feed.atom?lang=es", vec![]),
    ] {
        assert_eq!(titles(&get(site.address, path)), expected, "{path}");
    }
    let same = [
        "/feed/topic/youth/country/gt.atom",
        "/feed/country/GT/topic/Youth.atom",
        "/feed.atom?country=gt&topic=youth",
        "/feed/country/gt.atom?topic=youth&amp;limit=50",
    ];
    let replies: Vec<Reply> = same.iter().map(|path| get(site.address, path)).collect();
    for reply in &replies {
        assert_eq!((reply.header("etag"), &reply.body), (replies[0].header("etag"), &replies[0].body));
        assert_eq!(canonical(reply), "https://news.example.org/feed/topic/youth/country/gt.atom");
    }
}

#[test]
fn what_is_not_understood_is_refused_and_never_becomes_everything() {
    let site = site();
    let wrong = |path: &str| {
        let reply = get(site.address, path);
        assert_eq!(reply.header("content-type"), Some("application/problem+json"), "{path}");
        (reply.status, reply.json()["detail"].as_str().unwrap().to_owned())
    };
    assert_eq!(wrong("/feed.atom?topics=youth"), (400, "unknown key `topics`; did you mean `topic`?".into()));
    assert_eq!(wrong("/feed/topic/yuoth.atom"), (404, "there is no topic `yuoth`; did you mean youth?".into()));
    assert_eq!(wrong("/feed/topic.atom").0, 400);
    assert_eq!(wrong("/feed/topic/youth&country=gt.atom").0, 404);
    assert_eq!(wrong("/feed/topic/youth%26x.atom").0, 404);
    assert_eq!(wrong("/feed.atom?topic=").0, 400);
    assert_eq!(wrong("/feed.atom?limit=0").0, 400);
    assert_eq!(wrong("/feed.atom?limit=201"), (400, "`limit` is `201`; it can be 1 to 200".into()));
    assert_eq!(wrong("/feed.atom?country=gt,").0, 400);
    assert_eq!(wrong("/feed/country/zz.atom").0, 404);
    assert_eq!(wrong("/feed/lang/spanish.atom").0, 400);
    assert_eq!(wrong("/feed/topic/..%2f..%2fetc%2fpasswd.atom").0, 404);
    assert_eq!(wrong("/nothing").0, 404);
    assert_eq!(wrong("/feed/topic/Quarantine.atom"), (410, "the topic `quarantine` is retired; nothing is filed under it any more".into()));
    let nearest = get(site.address, "/feed/topic/trafico-de-migrantes.atom").json()["nearest"].clone();
    assert_eq!(nearest[0], "migrant-smuggling");
    for (path, to) in [
        ("/feed/country/GTM.atom", "feed/country/gt.atom"),
        ("/feed/country/M%C3%A9xico.atom?lang=es", "feed/country/mx.atom?lang=es"),
        ("/feed/topic/fair-recruitment.atom", "feed/topic/ethical-recruitment.atom"),
    ] {
        let reply = get(site.address, path);
        assert_eq!((reply.status, reply.header("location")), (301, Some(format!("https://news.example.org/{to}").as_str())), "{path}");
    }
}

#[test]
fn what_is_at_hand_is_answered_as_if_it_were_not() {
    let site = site();
    let mut nth = 0;
    // What messengers hang on to an address makes it one that nobody has asked for.
    let mut asked_anew = |method: &str, path: &str, headers: &[(&str, &str)]| {
        nth += 1;
        let mark = if path.contains('?') { '&' } else { '?' };
        ask(site.address, method, &format!("{path}{mark}utm_source=x{nth}"), headers)
    };
    for path in ["/feed.atom", "/feed/topic/youth.rss?limit=2", "/feed.json?lang=en", "/feed/source/wire/archive/2020-09.atom"] {
        let tag = get(site.address, path).header("etag").unwrap().to_owned();
        let since = get(site.address, path).header("last-modified").unwrap().to_owned();
        let wishes: [&[(&str, &str)]; 7] = [
            &[],
            &[("accept-encoding", "gzip")],
            &[("accept-encoding", "br;q=0.5, zstd")],
            &[("accept-encoding", "identity;q=0")],
            &[("if-none-match", &tag)],
            &[("if-none-match", "\"another\""), ("accept-encoding", "br")],
            &[("if-modified-since", &since)],
        ];
        for method in ["GET", "HEAD", "POST"] {
            for wish in wishes {
                let told = |reply: Reply| {
                    let mut headers = reply.headers.clone();
                    headers.retain(|(name, _)| name != "date");
                    headers.sort();
                    (reply.status, headers, reply.body)
                };
                // The first of two may be the one that has it coded.
                let _ = ask(site.address, method, path, wish);
                let at_hand = told(ask(site.address, method, path, wish));
                assert_eq!(at_hand, told(asked_anew(method, path, wish)), "{method} {path} {wish:?}");
            }
        }
    }
    let by_a_person = ask(site.address, "GET", "/feed.atom", &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")]);
    assert_eq!((by_a_person.status, by_a_person.header("location")), (303, Some("/feed")), "a browser is shown the page");
}

#[test]
fn an_answer_is_kept_by_its_validators_and_comes_in_the_coding_asked_for() {
    let site = site();
    let plain = get(site.address, "/feed.atom");
    let (tag, changed) = (plain.header("etag").unwrap(), plain.header("last-modified").unwrap());
    assert_eq!(changed, "Sun, 13 Sep 2020 12:26:41 GMT");
    assert_eq!(plain.header("content-type"), Some("application/atom+xml; charset=utf-8"));
    assert_eq!((plain.header("vary"), plain.header("access-control-allow-origin")), (Some("Accept-Encoding"), Some("*")));
    let with = |headers: &[(&str, &str)]| ask(site.address, "GET", "/feed.atom", headers);
    for (headers, status) in [
        (vec![("If-None-Match", tag.to_owned())], 304),
        (vec![("If-None-Match", format!("\"other\", W/{tag}"))], 304),
        (vec![("If-None-Match", "*".into())], 304),
        (vec![("If-None-Match", "\"other\"".into())], 200),
        (vec![("If-None-Match", "\"other\"".into()), ("If-Modified-Since", changed.to_owned())], 200),
        (vec![("If-Modified-Since", changed.to_owned())], 304),
        (vec![("If-Modified-Since", "Sun, 13 Sep 2020 12:26:40 GMT".into())], 200),
    ] {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let reply = with(&headers);
        assert_eq!(reply.status, status, "{headers:?}");
        assert_eq!(reply.header("etag"), Some(tag));
    }
    for (asked, coding, suffix) in [
        ("gzip", Some("gzip"), "-gz\""),
        ("gzip, br", Some("br"), "-br\""),
        ("br;q=0, gzip;q=0.5", Some("gzip"), "-gz\""),
        ("zstd", Some("zstd"), "-zst\""),
        ("gzip;q=0.5, zstd", Some("zstd"), "-zst\""),
        ("gzip, deflate, br, zstd", Some("br"), "-br\""),
        ("*", Some("br"), "-br\""),
        ("identity", None, "\""),
        ("gzip;q=0", None, "\""),
    ] {
        let reply = with(&[("Accept-Encoding", asked)]);
        assert_eq!(reply.header("content-encoding"), coding, "{asked}");
        assert!(reply.header("etag").unwrap().ends_with(suffix), "{asked}");
        let mut body = Vec::new();
        match coding {
            Some("gzip") => drop(flate2::read::GzDecoder::new(&reply.body[..]).read_to_end(&mut body).unwrap()),
            Some("zstd") => body = zstd::decode_all(&reply.body[..]).unwrap(),
            Some(_) => brotli::BrotliDecompress(&mut &reply.body[..], &mut body).unwrap(),
            None => body.clone_from(&reply.body),
        }
        assert_eq!(body, plain.body, "{asked}");
        assert_eq!(with(&[("Accept-Encoding", asked), ("If-None-Match", reply.header("etag").unwrap())]).status, 304);
    }
    let head = ask(site.address, "HEAD", "/feed.atom", &[]);
    assert_eq!((head.status, head.body.len(), head.header("content-length")), (200, 0, plain.header("content-length")));
    for method in ["POST", "PUT", "DELETE", "TRACE", "BREW"] {
        let refused = ask(site.address, method, "/feed.atom", &[]);
        assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, HEAD, OPTIONS")), "{method}");
    }
    // What a request says of hosts changes no link.
    assert_eq!(with(&[("X-Forwarded-Host", "evil.example"), ("Forwarded", "host=evil.example")]).body, plain.body);
}

#[test]
fn the_word_that_nothing_is_new_says_all_that_a_cache_keeps_and_no_length() {
    let site = site();
    for path in [
        "/feed.atom",
        "/feed.rss",
        "/feed/archive/2020-08.json",
        "/topics.json",
        "/countries.json",
        "/sources.json",
        "/opml",
        "/openapi.json",
        "/icon.svg",
    ] {
        let whole = get(site.address, path);
        let tag = whole.header("etag").unwrap();
        assert_eq!(whole.header("content-length"), Some(whole.body.len().to_string().as_str()), "{path}");
        assert_eq!(
            (whole.header("access-control-allow-origin"), whole.header("access-control-expose-headers")),
            (Some("*"), Some("ETag, Link")),
            "{path}"
        );
        for method in ["GET", "HEAD"] {
            let known = ask(site.address, method, path, &[("If-None-Match", &format!("\"a,b\",W/{tag}"))]);
            assert_eq!((known.status, known.body.len(), known.header("content-length")), (304, 0, None), "{method} {path}");
            for name in ["etag", "cache-control", "vary", "last-modified", "access-control-allow-origin", "access-control-expose-headers"] {
                assert_eq!(known.header(name), whole.header(name), "{method} {path} {name}");
            }
            assert!(known.header("date").is_some());
        }
    }
    // Lists of tags may come in several headers.
    let tag = get(site.address, "/feed.atom").header("etag").unwrap().to_owned();
    assert_eq!(ask(site.address, "GET", "/feed.atom", &[("If-None-Match", "\"a\""), ("If-None-Match", &tag)]).status, 304);
    for (path, caching) in [
        ("/feed.atom", "public, max-age=300, stale-while-revalidate=300, stale-if-error=86400"),
        ("/topics.json", "public, max-age=60"),
        ("/livez", "no-store"),
        ("/readyz", "no-store"),
        ("/feed.atom?topics=x", "no-store"),
    ] {
        assert_eq!(get(site.address, path).header("cache-control"), Some(caching), "{path}");
    }
}

#[test]
fn a_script_on_another_site_may_ask_for_a_feed_with_its_validators() {
    let site = site();
    let origin = [
        ("Origin", "https://reader.example"),
        ("Access-Control-Request-Method", "GET"),
        ("Access-Control-Request-Headers", "if-none-match"),
    ];
    let may = ask(site.address, "OPTIONS", "/feed/topic/youth.json", &origin);
    assert_eq!((may.status, may.body.len()), (204, 0));
    for (name, value) in [
        ("allow", "GET, HEAD, OPTIONS"),
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", "GET, HEAD, OPTIONS"),
        ("access-control-allow-headers", "If-None-Match, If-Modified-Since"),
        ("access-control-max-age", "86400"),
    ] {
        assert_eq!(may.header(name), Some(value), "{name}");
    }
}

#[test]
fn a_changed_story_drops_the_feeds_it_was_in_and_no_others() {
    let site = site();
    let tag = |path: &str| get(site.address, path).header("etag").unwrap().to_owned();
    let paths = ["/feed.atom", "/feed/topic/youth.atom", "/feed/topic/diaspora.atom", "/feed/country/hn.atom"];
    let before: Vec<String> = paths.iter().map(|path| tag(path)).collect();
    // Story 1 leaves youth for diaspora.
    let touched = site.store.apply(&record(2, vec![told(1, "diaspora", "GT")])).unwrap();
    site.app.changed(&touched);
    let after: Vec<bool> = paths.iter().zip(&before).map(|(path, before)| tag(path) == *before).collect();
    assert_eq!(after, [false, false, false, true]);
    assert_eq!(titles(&get(site.address, "/feed/topic/youth.atom")), ["Story 2"]);
}

#[test]
fn a_popular_feed_is_made_again_when_it_changes_before_anybody_asks_and_no_other_is() {
    let site = site();
    let gzip = [("Accept-Encoding", "gzip")];
    let ask_for = |path: &str| ask(site.address, "GET", path, &gzip);
    let popular = ["/feed.atom", "/feed/topic/youth.json", "/feed/country/gt"];
    for path in popular.iter().chain(&popular).chain(&["/feed.rss", "/feed/country/hn.atom", "/feed/country/hn.atom"]) {
        assert_eq!(ask_for(path).status, 200, "{path}");
    }
    let count = |name: &str| -> usize {
        let text = site.meters.text(&Default::default());
        let line = text.lines().find(|line| line.starts_with(&format!("tributary_{name} "))).unwrap().to_owned();
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    for (round, story) in [told(1, "diaspora", "GT"), told(1, "youth", "GT")].into_iter().enumerate() {
        let misses = count("cache_lookups_total{result=\"miss\"}");
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let making_again = site.runtime.spawn(site.app.clone().make_again(stopped));
        let touched = site.store.apply(&record(2 + round as u64, vec![story])).unwrap();
        site.app.changed(&touched);
        // Nobody asks, and still what is popular comes back.
        let begin = Instant::now();
        while count("cache_rebuilds_total") < 3 * (round + 1) {
            assert!(begin.elapsed() < Duration::from_secs(60), "nothing is made again");
            std::thread::yield_now();
        }
        // What is begun is finished.
        stop.send(true).unwrap();
        site.runtime.block_on(making_again).unwrap();
        // What somebody asked for once is dropped for good, and what did not change stays.
        assert_eq!((site.app.cached().0, count("cache_rebuilds_total")), (4, 3 * (round + 1)));
        let expected: &[&str] = if round == 0 { &["Story 2"] } else { &["Story 2", "Story 1"] };
        let youth = get(site.address, "/feed/topic/youth.json").json();
        assert_eq!(youth["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap()).collect::<Vec<_>>(), expected);
        // Not even the coding is made when somebody comes.
        let weight = site.app.cached().1;
        assert_eq!(
            popular.map(|path| ask_for(path).header("content-encoding").map(str::to_owned)),
            [0; 3].map(|_| Some("gzip".to_owned()))
        );
        assert_eq!((site.app.cached().1, count("cache_lookups_total{result=\"miss\"}")), (weight, misses));
    }
}

#[test]
fn lists_and_health_are_told() {
    let site = site();
    let topics = get(site.address, "/topics.json").json();
    let youth = topics.as_array().unwrap().iter().find(|topic| topic["slug"] == "youth").unwrap();
    let names = serde_json::json!({ "en": "Youth", "es": "Juventud", "fr": "Jeunesse", "pt": "Juventude" });
    assert_eq!((&youth["names"], &youth["stories"]), (&names, &2.into()));
    assert_eq!(youth["feed"], "https://news.example.org/feed/topic/youth.atom");
    let countries = get(site.address, "/countries.json").json();
    let guatemala = countries.as_array().unwrap().iter().find(|country| country["code"] == "GT").unwrap();
    assert_eq!(guatemala["stories"], 2);
    assert_eq!(get(site.address, "/sources.json").json()[0]["stories"], 3);
    assert_eq!((get(site.address, "/livez").status, get(site.address, "/readyz").status), (200, 503));
    site.app.set_ready(None);
    assert_eq!(get(site.address, "/readyz").status, 200);
    let page = get(site.address, "/");
    assert!(page.text().contains("<a href=\"/feed/topic/youth\">Youth</a> <small>2</small>"), "{}", page.text());
    let id = told(1, "youth", "GT").id;
    assert!(get(site.address, &format!("/story/{id}")).text().contains("<h1 lang=\"en\" dir=\"auto\">Story 1</h1>"));
}

#[test]
fn a_base_path_prefixes_everything() {
    let site = serve_at("https://news.example.org/feeds/", Duration::from_secs(10));
    assert_eq!(titles(&get(site.address, "/feeds/feed/topic/youth.atom")).len(), 2);
    assert_eq!(get(site.address, "/feed.atom").status, 404);
    assert_eq!(
        (get(site.address, "/feeds").status, get(site.address, "/feeds/topics.json").status, get(site.address, "/livez").status),
        (200, 200, 200)
    );
}

#[test]
fn a_client_that_does_not_finish_its_request_is_cut_and_the_end_waits_for_nobody() {
    let mut site = serve_at("https://news.example.org/", Duration::from_millis(200));
    let mut slow = TcpStream::connect(site.address).unwrap();
    slow.write_all(b"GET /feed.atom HTTP/1.1\r\nHost: x\r\nX-Slow: ").unwrap();
    let mut rest = Vec::new();
    // Whatever is answered, the connection ends.
    let _ = slow.read_to_end(&mut rest);
    let _idle = TcpStream::connect(site.address).unwrap();
    site.stop.send(true).unwrap();
    site.runtime.block_on(&mut site.ended).unwrap();
    assert!(TcpStream::connect(site.address).is_err());
}

#[test]
fn a_client_that_says_nothing_is_cut() {
    let site = serve_at("https://news.example.org/", Duration::from_millis(200));
    for said in [&b""[..], b"PRI * HT"] {
        let mut silent = TcpStream::connect(site.address).unwrap();
        silent.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        silent.write_all(said).unwrap();
        // The end of the connection, not the end of our patience.
        let ended = silent.read(&mut [0]);
        assert!(!ended.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock), "{said:?}: {ended:?}");
    }
}

#[test]
fn connections_are_cut_when_draining_takes_too_long() {
    let mut site = serve_at("https://news.example.org/", Duration::from_secs(60));
    // A head that never ends keeps the connection from closing by itself.
    let mut slow = TcpStream::connect(site.address).unwrap();
    slow.write_all(b"GET /feed.atom HTTP/1.1\r\nHost: x\r\nX-Slow: ").unwrap();
    assert_eq!(get(site.address, "/livez").status, 200);
    site.stop.send(true).unwrap();
    site.runtime.block_on(&mut site.ended).unwrap();
    slow.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let ended = slow.read(&mut [0]);
    assert!(!ended.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock), "{ended:?}");
}

#[test]
fn no_part_of_a_path_is_overlooked() {
    let site = site();
    for path in ["/feed/topic/youth&country=zz.atom", "/feed/topic/youth%26country=zz.atom", "/feed/topic/youth&.atom"] {
        assert_ne!(get(site.address, path).status, 200, "{path}");
    }
}

#[test]
fn every_address_in_a_feed_leads_somewhere() {
    let site = site();
    for path in ["/feed.atom", "/feed/topic/youth.atom", "/feed/topic/youth.atom?lang=en", "/feed/lang/en.atom"] {
        let text = get(site.address, path).text();
        let head = text.split("<entry>").next().unwrap();
        for link in head.split("<link href=\"https://news.example.org").skip(1) {
            let to = link.split('"').next().unwrap().replace("&amp;", "&");
            assert_eq!(get(site.address, &to).status, 200, "{path} links to {to}");
        }
    }
}

#[test]
fn a_304_names_the_tag_that_was_asked_about() {
    let site = site();
    let coded = ask(site.address, "GET", "/feed.atom", &[("Accept-Encoding", "gzip")]);
    let tag = coded.header("etag").unwrap();
    let known = ask(site.address, "GET", "/feed.atom", &[("If-None-Match", tag)]);
    assert_eq!((known.status, known.header("etag")), (304, Some(tag)));
}

#[test]
fn an_answer_that_fits_in_a_packet_is_not_coded() {
    let site = site();
    let asked = ask(site.address, "GET", "/feed.atom?topic=none", &[("Accept-Encoding", "gzip, br, zstd")]);
    assert_eq!((asked.header("content-encoding"), asked.header("vary")), (None, Some("Accept-Encoding")));
    assert_eq!((asked.header("etag"), asked.body.len() < 1_024), (get(site.address, "/feed.atom?topic=none").header("etag"), true));
}

#[test]
fn weights_and_old_dates_are_understood() {
    let site = site();
    let coding = |accepted: &str| {
        ask(site.address, "GET", "/feed.atom", &[("Accept-Encoding", accepted)]).header("content-encoding").map(str::to_owned)
    };
    assert_eq!(coding("identity;q=1, gzip;q=0.5"), None);
    let since = |date: &str| ask(site.address, "GET", "/feed.atom", &[("If-Modified-Since", date)]).status;
    assert_eq!((since("Sunday, 13-Sep-20 12:26:41 GMT"), since("Sun Sep 13 12:26:41 2020")), (304, 304));
}

//! Pictures that stand for the site: ours, an operator's, and mistakes about them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
#[path = "common/http.rs"]
mod http;
#[path = "common/site.rs"]
mod site;

use std::{fs, sync::Arc, time::Duration};

use http::{ask, get};
use site::{Site3, publishing, serve_with, site};
use tributary::{
    config::{self, Serve},
    model::PictureKind,
    serve::{Art, Publishing},
};

const BASE: &str = "https://news.example.org/feeds/";
const SVG: &str = "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>\n";

#[test]
fn there_is_one_of_each_and_feeds_name_them() {
    let site = site();
    for (path, media_type, kind) in [
        ("/icon.png", "image/png", PictureKind::Png),
        ("/icon.svg", "image/svg+xml", PictureKind::Svg),
        ("/logo.png", "image/png", PictureKind::Png),
        ("/favicon.ico", "image/vnd.microsoft.icon", PictureKind::Ico),
    ] {
        let reply = get(site.address, path);
        assert_eq!(
            (reply.status, reply.header("content-type"), PictureKind::of(&reply.body)),
            (200, Some(media_type), Some(kind)),
            "{path}"
        );
        assert_eq!(
            (reply.header("cache-control"), reply.header("x-content-type-options")),
            (Some("public, max-age=86400"), Some("nosniff"))
        );
        let again = ask(site.address, "GET", path, &[("If-None-Match", reply.header("etag").unwrap())]);
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
    }
    for path in ["/icon.gif", "/icon", "/logo.svg", "/favicon.png", "/icon.png/x"] {
        assert_eq!(get(site.address, path).status, 404, "{path}");
    }
    // The wide one is twice as wide as high (RFC 4287 §4.2.8); sizes stand at the beginning of a PNG.
    let sizes = |path: &str| {
        let png = get(site.address, path).body;
        [16, 20].map(|at| u32::from_be_bytes(png[at..at + 4].try_into().unwrap()))
    };
    assert_eq!((sizes("/icon.png"), sizes("/logo.png")), ([512, 512], [400, 200]));
    let [atom, rss, json] = ["atom", "rss", "json"].map(|extension| get(site.address, &format!("/feed/topic/youth.{extension}")).text());
    assert!(
        atom.contains("<icon>https://news.example.org/icon.png</icon>") && atom.contains("<logo>https://news.example.org/logo.png</logo>"),
        "{atom}"
    );
    let image = "<image><url>https://news.example.org/icon.png</url><title>Youth — News</title><link>https://news.example.org/feed/topic/youth</link>";
    assert!(rss.contains(image), "{rss}");
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!([&json["icon"], &json["favicon"]], ["https://news.example.org/icon.png"; 2]);
}

/// What is said of pictures in a file.
fn said(text: &str, files: &[(&str, &[u8])]) -> Result<Serve, String> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("tributary.toml"), text).unwrap();
    files.iter().for_each(|(name, bytes)| fs::write(dir.path().join(name), bytes).unwrap());
    let config = config::load(Some(dir.path()), std::iter::empty(), &[]);
    config.map(|config| config.settings.serve).map_err(|mistakes| mistakes.to_string().replace(&format!("{}/", dir.path().display()), ""))
}

fn site_of(text: &str, files: &[(&str, &[u8])]) -> Site3 {
    let serve = said(text, files).unwrap();
    let mut publishing: Publishing = publishing(BASE);
    publishing.art = Art { icon: serve.icon, logo: serve.logo };
    let base = publishing.site.base.clone();
    (publishing.site.icon, publishing.site.logo) = (publishing.art.icon_address(&base), publishing.art.logo_address(&base));
    serve_with(publishing, Duration::from_secs(10), Arc::new(|| common::at(86_400)))
}

#[test]
fn an_operators_file_stands_in_the_place_of_ours() {
    let site = site_of("[serve]\nicon = \"own.picture\"\n", &[("own.picture", SVG.as_bytes())]);
    let own = get(site.address, "/feeds/icon.svg");
    assert_eq!((own.status, own.header("content-type"), own.text().as_str()), (200, Some("image/svg+xml"), SVG));
    assert_eq!(own.header("content-security-policy"), Some("default-src 'none'; style-src 'unsafe-inline'; sandbox"));
    for path in ["icon.png", "favicon.ico", "logo.png"] {
        let reply = get(site.address, &format!("/feeds/{path}"));
        assert_eq!((reply.status, reply.header("location")), (302, Some("https://news.example.org/feeds/icon.svg")), "{path}");
    }
    let atom = get(site.address, "/feeds/feed.atom").text();
    assert!(
        atom.contains("<icon>https://news.example.org/feeds/icon.svg</icon>")
            && atom.contains("<logo>https://news.example.org/feeds/icon.svg</logo>"),
        "{atom}"
    );
}

#[test]
fn an_operators_address_is_led_to() {
    let site = site_of("[serve]\nicon = \"https://cdn.example/i.png\"\nlogo = \"wide.gif\"\n", &[("wide.gif", b"GIF89a...")]);
    let to = |path: &str| get(site.address, &format!("/feeds/{path}")).header("location").map(str::to_owned);
    assert_eq!([to("icon.png"), to("icon.svg"), to("favicon.ico")].map(Option::unwrap), ["https://cdn.example/i.png"; 3]);
    assert_eq!(
        (get(site.address, "/feeds/logo.gif").status, to("logo.png").as_deref()),
        (200, Some("https://news.example.org/feeds/logo.gif"))
    );
    let json = get(site.address, "/feeds/feed.json").json();
    assert_eq!(json["icon"], "https://cdn.example/i.png");
}

#[test]
fn a_mistake_about_a_picture_is_told_before_anything_starts() {
    let large = vec![b'x'; (512 << 10) + 1024];
    let told = said(
        "[serve]\ntitle = \"News\"\nicon = \"none.png\"\nlogo = \"words.png\"\n",
        &[("words.png", b"Not a picture"), ("large.png", &large)],
    );
    let expected = "the configuration has mistakes
tributary.toml:3:8: [serve]: `icon`: none.png can not be read: No such file or directory (os error 2); give a file in the folder of this one, or an address
tributary.toml:4:8: [serve]: `logo`: words.png is no picture that browsers show: SVG, PNG, JPEG, GIF, WebP or an icon
2 mistakes; nothing was started";
    assert_eq!(told.unwrap_err(), expected);
    let told = said("[serve]\nicon = \"large.png\"\nlogo = \"https://\"\n", &[("large.png", &large)]).unwrap_err();
    assert!(told.contains("`icon`: large.png has 513 KiB; at most 512 KiB are served as a picture"), "{told}");
    assert!(told.contains("`logo`: `https://` is no address"), "{told}");
    assert_eq!(said("[serve]\nicon = \"\"\n", &[]).unwrap().icon, None);
}

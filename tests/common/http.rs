//! A reader's side of HTTP, as plain as can be.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

pub fn ask(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
    send(address, method, path, headers, "")
}

/// A form, as a program hands it in.
pub fn post(address: SocketAddr, path: &str, fields: &[(&str, &str)]) -> Reply {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let length = body.len().to_string();
    send(address, "POST", path, &[("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", &length)], &body)
}

/// A body that is pushed, and signed.
pub fn push(address: SocketAddr, path: &str, body: &str, signature: &str) -> Reply {
    let length = body.len().to_string();
    send(address, "POST", path, &[("Content-Length", &length), ("X-Hub-Signature", signature)], body)
}

fn send(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: reader.example\r\nConnection: close\r\n{more}\r\n{body}").unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("an answer has a head");
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.filter_map(|line| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()))).collect();
    Reply { status, headers, body: bytes[end + 4..].to_vec() }
}

pub fn get(address: SocketAddr, path: &str) -> Reply {
    ask(address, "GET", path, &[])
}

/// A feed as a reader gets it. Our own reader forgives much, so a strict one has to read the same entries first.
pub fn subscribe(address: SocketAddr, path: &str) -> tributary::model::RawFeed {
    let reply = get(address, path);
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    let strict = feed_rs::parser::parse(&reply.body[..]).unwrap();
    let base = "http://reader.example/".parse().unwrap();
    let about = tributary::parse::About { content_type: reply.header("content-type"), base: &base, dates: Default::default() };
    let feed = tributary::parse::parse(&reply.body, &about).unwrap();
    assert_eq!(feed.repaired, Vec::<String>::new(), "{path} is well formed");
    let ids: Vec<&str> = strict.entries.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(feed.items.iter().filter_map(|item| item.id.as_deref()).collect::<Vec<_>>(), ids, "{path}");
    feed
}

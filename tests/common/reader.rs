//! A reader's server that programs call: it remembers what it was sent, whole, and answers as it is told.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    time::Duration,
};

use url::Url;

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Called {
    pub method: String,
    /// Path and query.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Called {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// What stands in the query.
    pub fn asked(&self) -> Vec<(String, String)> {
        let url = Url::parse(&format!("http://reader.example{}", self.path)).unwrap();
        url.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned())).collect()
    }

    pub fn value(&self, key: &str) -> Option<String> {
        self.asked().into_iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// What it takes to say yes: the challenge.
    pub fn yes(&self) -> (u16, String) {
        (200, self.value("hub.challenge").unwrap_or_default())
    }
}

type Answer = Arc<dyn Fn(&Called) -> (u16, String) + Send + Sync>;

pub struct Reader {
    pub address: SocketAddr,
    calls: Receiver<Called>,
}

impl Reader {
    /// One that says yes to everything.
    pub fn willing() -> Self {
        Self::start(Called::yes)
    }

    pub fn start(answer: impl Fn(&Called) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, (sender, calls), answer): (_, _, Answer) = (listener.local_addr().unwrap(), channel(), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (sender, answer) = (sender.clone(), answer.clone());
                std::thread::spawn(move || serve(stream, &sender, &answer));
            }
        });
        Self { address, calls }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next call, however long it takes.
    pub fn next(&self) -> Called {
        self.calls.recv_timeout(Duration::from_secs(60)).expect("somebody calls within a minute")
    }

    /// Calls that were made already.
    pub fn so_far(&self) -> Vec<Called> {
        self.calls.try_iter().collect()
    }
}

fn serve(stream: TcpStream, sender: &Sender<Called>, answer: &Answer) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let mut first = lines[0].split(' ');
        let (method, path) = (first.next()?.to_owned(), first.next()?.to_owned());
        let headers: Vec<(String, String)> = lines[1..]
            .iter()
            .filter_map(|line| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned())))
            .collect();
        let length = headers.iter().find(|(name, _)| name == "content-length").map_or(0, |(_, length)| length.parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let called = Called { method, path, headers, body };
        let (status, text) = answer(&called);
        let head = format!("HTTP/1.1 {status} Word\r\nContent-Length: {}\r\nLocation: /elsewhere\r\n\r\n", text.len());
        reader.get_mut().write_all(format!("{head}{text}").as_bytes()).ok()?;
        sender.send(called).ok()?;
    }
}

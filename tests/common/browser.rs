//! A headless browser, told by WebDriver what to do (W3C WebDriver, §14), as plain as can be.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// How an element is named in answers (§12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A busy machine is no mistake of a page.
const PATIENCE: Duration = Duration::from_secs(100);

/// A browser of our own, which ends when it is dropped.
pub struct Browser {
    port: u16,
    session: String,
    driver: Child,
    _said: BufReader<ChildStdout>,
    _profile: tempfile::TempDir,
}

/// An element of the page that is open.
#[derive(Debug, Clone)]
pub struct Element(String);

/// The driver, and whether the tests that need it can be run here.
fn driver() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path).map(|folder| folder.join("chromedriver")).find(|driver| driver.is_file());
    if found.is_none() {
        println!("skipped: there is no chromedriver; `./test` installs it where it can");
    }
    found
}

impl Browser {
    /// A browser whose reader likes a language; nothing where there is none to be had.
    pub fn start(lang: &str) -> Option<Self> {
        let driver = driver()?;
        let profile = tempfile::tempdir().unwrap();
        let mut driver = Command::new(driver).arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = BufReader::new(driver.stdout.take().unwrap());
        let port = loop {
            let mut line = String::new();
            assert!(said.read_line(&mut line).unwrap() > 0, "the driver ended");
            if let Some(port) = line.trim().strip_prefix("ChromeDriver was started successfully on port ") {
                break port.trim_end_matches('.').parse().unwrap();
            }
        };
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--window-size=1280,900",
            &format!("--user-data-dir={}", profile.path().display()),
        ];
        let options = json!({ "args": arguments, "prefs": { "intl.accept_languages": lang } });
        let mut browser = Self { port, session: String::new(), driver, _said: said, _profile: profile };
        let asked = json!({ "capabilities": { "alwaysMatch": { "browserName": "chrome", "goog:chromeOptions": options } } });
        let session = browser.ask("POST", "/session", &asked);
        browser.session = session["sessionId"].as_str().unwrap().to_owned();
        let patience = u64::try_from(PATIENCE.as_millis()).unwrap();
        browser.post("timeouts", json!({ "script": patience, "pageLoad": patience }));
        Some(browser)
    }

    fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
        let body = if method == "POST" { body.to_string() } else { String::new() };
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut reader = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            if let Some((_, value)) = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut answer = vec![0; length];
        reader.read_exact(&mut answer).unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert!(answer["value"]["error"].is_null(), "{method} {path}: {}", answer["value"]);
        answer["value"].clone()
    }

    fn post(&self, path: &str, body: Value) -> Value {
        self.ask("POST", &format!("/session/{}/{path}", self.session), &body)
    }

    fn get(&self, path: &str) -> Value {
        self.ask("GET", &format!("/session/{}/{path}", self.session), &Value::Null)
    }

    pub fn open(&self, address: &str) {
        self.post("url", json!({ "url": address }));
    }

    pub fn address(&self) -> String {
        self.get("url").as_str().unwrap().to_owned()
    }

    /// Looks until the page is at an address: without scripts the driver does not wait for it by itself.
    pub fn arrives(&self, is_there: impl Fn(&str) -> bool) {
        let begun = Instant::now();
        while !is_there(&self.address()) || self.all("footer").is_empty() {
            assert!(begun.elapsed() < PATIENCE, "still at {}", self.address());
        }
    }

    pub fn source(&self) -> String {
        self.get("source").as_str().unwrap().to_owned()
    }

    pub fn resize(&self, width: u32, height: u32) {
        self.post("window/rect", json!({ "width": width, "height": height }));
    }

    pub fn all(&self, selector: &str) -> Vec<Element> {
        let found = self.post("elements", json!({ "using": "css selector", "value": selector }));
        found.as_array().unwrap().iter().map(|element| Element(element[ELEMENT].as_str().unwrap().to_owned())).collect()
    }

    pub fn one(&self, selector: &str) -> Element {
        self.all(selector).into_iter().next().unwrap_or_else(|| panic!("there is no `{selector}` at {}", self.address()))
    }

    pub fn text(&self, element: &Element) -> String {
        self.get(&format!("element/{}/text", element.0)).as_str().unwrap().to_owned()
    }

    pub fn click(&self, element: &Element) {
        self.post(&format!("element/{}/click", element.0), json!({}));
    }

    pub fn press(&self, element: &Element, keys: &str) {
        self.post(&format!("element/{}/value", element.0), json!({ "text": keys }));
    }

    /// What a script returns.
    pub fn run(&self, script: &str) -> Value {
        self.post("execute/sync", json!({ "script": script, "args": [] }))
    }

    /// What a script gives to its last argument, whenever that is.
    pub fn wait(&self, script: &str) -> Value {
        self.post("execute/async", json!({ "script": script, "args": [] }))
    }

    /// A command of Chromium's own.
    pub fn command(&self, name: &str, with: Value) {
        self.post("goog/cdp/execute", json!({ "cmd": name, "params": with }));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() && !std::thread::panicking() {
            self.ask("DELETE", &format!("/session/{}", self.session), &Value::Null);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

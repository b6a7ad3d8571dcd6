//! What the system does to the daemon, and what it makes of that: it runs out of descriptors, it is told to stop in the middle of
//! everything, nobody reads what it prints.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
#[path = "common/daemon.rs"]
mod daemon;
#[path = "common/http.rs"]
mod http;

use std::{
    fmt::Write as _,
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use daemon::Place;

/// Publishers that take a question and never answer; tells of each question, and gives the port at which all loopback addresses are.
fn silent_publishers() -> (u16, mpsc::Receiver<()>) {
    let listener = TcpListener::bind(("0.0.0.0", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let (asked, questions) = mpsc::channel();
    std::thread::spawn(move || {
        let mut held = Vec::new();
        for stream in listener.incoming().map_while(Result::ok) {
            held.push(stream.try_clone().unwrap());
            let asked = asked.clone();
            std::thread::spawn(move || {
                let mut stream = stream;
                // A question has come when its first byte has.
                if stream.read(&mut [0]).is_ok_and(|read| read > 0) {
                    let _ = asked.send(());
                }
            });
        }
    });
    (port, questions)
}

#[test]
fn told_to_stop_with_two_hundred_questions_open_it_stops_and_asks_them_again() {
    const SOURCES: usize = 200;
    let (port, questions) = silent_publishers();
    let mut sources = String::new();
    for n in 0..SOURCES {
        // Two sources a host, which is as many as are asked at once.
        let host = n / 2 + 1;
        writeln!(
            sources,
            "[[source]]\nid = \"s{n}\"\ntitle = \"S{n}\"\nurl = \"http://127.0.7.{host}:{port}/{n}\"\nevery = \"1h\"\nallow_private = true\n"
        )
        .unwrap();
    }
    let place = Place::new(&sources);
    fs::write(place.path("config/tributary.toml"), "[fetch]\nat_once = 200\n").unwrap();
    let wait_for_all = || (0..SOURCES).for_each(|_| questions.recv_timeout(Duration::from_secs(60)).expect("each is asked"));
    for _ in 0..2 {
        // What was never asked is asked at once.
        let daemon = place.start(&[]);
        wait_for_all();
        assert_eq!(http::get(daemon.address, "/feed.atom").status, 200, "readers are served meanwhile");
        daemon.stop();
        // Nothing of them is written down, so that nothing keeps the next daemon from asking.
        place.succeed(&["verify"]);
    }
}

#[test]
fn out_of_descriptors_it_says_so_and_goes_on_when_there_are_some() {
    if Command::new("prlimit").arg("--version").output().is_err() {
        return eprintln!("skipped: there is no prlimit (util-linux)");
    }
    let place = Place::new("");
    let mut daemon = place.start_by(&["prlimit", "--nofile=96:96"], &[]);
    let mut held: Vec<TcpStream> = Vec::new();
    // The system takes connections for it that it can not take itself.
    for _ in 0..96 {
        held.extend(TcpStream::connect(daemon.address));
    }
    daemon.wait_for("a connection could not be taken");
    drop(held);
    let reply = http::get(daemon.address, "/readyz");
    assert_eq!((reply.status, reply.json()["ready"].as_bool()), (200, Some(true)));
    assert_eq!(http::get(daemon.address, "/feed.atom").status, 200);
    daemon.stop();
    place.succeed(&["verify"]);
}

/// Lets this test hold so many descriptors, if it may; as many as it may else.
fn descriptors(wanted: usize) -> usize {
    let own = format!("--pid={}", std::process::id());
    let _ = Command::new("prlimit").args([&own, &format!("--nofile={wanted}:{wanted}")]).output();
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let open = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    open.split_whitespace().nth(3).unwrap().parse().unwrap_or(wanted)
}

#[test]
fn ten_thousand_who_say_nothing_keep_nobody_from_being_served() {
    const IDLE: usize = 10_000;
    let place = Place::new("");
    let daemon = place.start(&[]);
    let count = IDLE.min(descriptors(IDLE + 2_000) - 1_500);
    if count < IDLE {
        eprintln!("this system lets one program hold {count} connections; no more than those are tried");
    }
    let connect = || TcpStream::connect(daemon.address).unwrap();
    let is_served = |path: &str| assert_eq!(http::get(daemon.address, path).status, 200, "{path}");
    let mut idle = Vec::new();
    for n in 0..count {
        let mut stream = connect();
        match n % 1_000 {
            // Some have asked once, and stay.
            0 => stream.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").unwrap(),
            999 => is_served("/feed.atom"),
            _ => {}
        }
        idle.push(stream);
    }
    // And a thousand begin a request and stay there, which is not wanting nothing: those have their time.
    for _ in 0..1_000 {
        let mut stream = connect();
        stream.write_all(b"GET /feed.atom HTTP/1.1\r\nHost: x\r\nX-Slow: ").unwrap();
        idle.push(stream);
    }
    for path in ["/feed.atom", "/livez", "/"] {
        is_served(path);
    }
    let memory = fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
    let peak: u64 = memory.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok()).unwrap();
    assert!(peak < 512 << 10, "{peak} KiB");
    drop(idle);
    is_served("/readyz");
    daemon.stop();
}

#[test]
fn nobody_who_reads_what_it_prints_is_no_failure() {
    let place = Place::new("");
    place.succeed(&["verify"]);
    for arguments in
        [&["print", "feed.atom"][..], &["sources"], &["export"], &["completions", "zsh"], &["man"], &["config", "schema", "topics"]]
    {
        let mut child = place.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !said.contains("panicked"), "{arguments:?}: {said}");
    }
}

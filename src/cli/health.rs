//! `tributary health`: for a container's health check, which has no other program to ask with.

use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

use super::{Common, Failure};

/// The whole question and answer take at most this.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the configured listener for `/readyz`.
pub fn health(common: &Common) -> Result<(), Failure> {
    let config = common.load(&[])?;
    let mut address: SocketAddr = config.settings.serve.listen;
    // A listener on all addresses is also on loopback.
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    let answer = ask(address).map_err(Failure::io(format!("nothing answers at {address}")))?;
    let mut words = answer.split_whitespace();
    match (words.next(), words.next()) {
        (Some(version), Some("200")) if version.starts_with("HTTP/") => {
            println!("ready");
            Ok(())
        }
        _ => Err(Failure::Failed(format!("not ready: {}", answer.lines().last().unwrap_or_default()))),
    }
}

fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(4096).read_to_string(&mut answer)?;
    Ok(answer)
}

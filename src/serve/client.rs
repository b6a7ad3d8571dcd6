//! Who asks, where a proxy stands between: what a connection says, or a proxy that is trusted to say it.
//!
//! A header is what anybody can write. So it is read from its end, where the proxy that we know has written, and only as far as
//! each address in it is itself a proxy that is trusted; the first that is none is the client, whatever stands before it.
//! Deliberately absent: names of clients, which nobody proves.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::{HeaderMap, header};

use crate::model::Ranges;

/// Where a connection comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// The client at the other end of a connection and of the trusted proxies along it. Where all of them are trusted it is the
/// furthest; where one says what is no address, it is that one.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &Ranges) -> IpAddr {
    let (mut client, mut told) = (peer.to_canonical(), told(headers));
    while trusted.hold(client)
        && let Some(Some(before)) = told.pop()
    {
        client = before.to_canonical();
    }
    client
}

/// What counts as one client: an IPv4 address, or the network of an IPv6 one, of which whoever has it may use any address (RFC 6177).
pub(super) fn house(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64)).into(),
        ip => ip,
    }
}

/// The addresses that a connection came by, the nearest last; what is no address is nothing. `X-Forwarded-For` goes before `Forwarded`
/// (RFC 7239): more proxies write it, and those that do often leave the other as the client wrote it.
fn told(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let values = |name| headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default()).collect::<Vec<_>>();
    let listed = values("x-forwarded-for");
    if listed.is_empty() {
        let listed = values(header::FORWARDED.as_str());
        return listed.iter().flat_map(|value| value.split(',')).map(|element| element.split(';').find_map(named_for)).collect();
    }
    listed.iter().flat_map(|value| value.split(',')).map(address).collect()
}

/// What `for=` says in an element of `Forwarded`.
fn named_for(pair: &str) -> Option<IpAddr> {
    let (key, value) = pair.split_once('=')?;
    key.trim().eq_ignore_ascii_case("for").then(|| address(value.trim().trim_matches('"'))).flatten()
}

/// An address, with or without a port, an IPv6 one perhaps in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = || text.trim_start_matches('[').trim_end_matches(']').parse().ok();
    text.parse::<SocketAddr>().map(|address| address.ip()).ok().or_else(bare)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::model::private::parse_range;

    fn seen(peer: &str, headers: &[(&'static str, &'static str)]) -> String {
        let trusted = Ranges(["10.0.0.0/8", "fd00::/8"].map(|range| parse_range(range).unwrap()).into());
        let headers: HeaderMap = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        client(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_proxy_that_is_trusted_says_who_asks_and_nobody_else_does() {
        const LIST: &str = "x-forwarded-for";
        for (peer, headers, expected) in [
            ("203.0.113.9", vec![], "203.0.113.9"),
            ("203.0.113.9", vec![(LIST, "198.51.100.1")], "203.0.113.9"),
            ("203.0.113.9", vec![("forwarded", "for=198.51.100.1")], "203.0.113.9"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec![(LIST, "198.51.100.1")], "198.51.100.1"),
            ("::ffff:10.0.0.1", vec![(LIST, "::ffff:198.51.100.1")], "198.51.100.1"),
            // What stands before the client was written by the client.
            ("10.0.0.1", vec![(LIST, "192.0.2.7, 198.51.100.1")], "198.51.100.1"),
            ("10.0.0.1", vec![(LIST, "10.9.9.9, 198.51.100.1,10.0.0.2")], "198.51.100.1"),
            ("10.0.0.1", vec![(LIST, "10.9.9.9, 10.0.0.2")], "10.9.9.9"),
            ("10.0.0.1", vec![(LIST, "198.51.100.1, unknown, 10.0.0.2")], "10.0.0.2"),
            ("10.0.0.1", vec![(LIST, "198.51.100.1:4711")], "198.51.100.1"),
            ("fd00::1", vec![(LIST, "[2001:db8::17]:4711")], "2001:db8::17"),
            ("fd00::1", vec![("forwarded", "for=192.0.2.7, For=\"[2001:db8::17]:4711\";proto=https")], "2001:db8::17"),
            ("10.0.0.1", vec![("forwarded", "for=192.0.2.7, by=10.0.0.2")], "10.0.0.1"),
            ("10.0.0.1", vec![("forwarded", "for=192.0.2.7"), (LIST, "198.51.100.1")], "198.51.100.1"),
        ] {
            assert_eq!(seen(peer, &headers), expected, "{peer} {headers:?}");
        }
        let mut headers = HeaderMap::new();
        for value in ["192.0.2.7", "198.51.100.1"] {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let trusted = Ranges(vec![parse_range("10.0.0.0/8").unwrap()]);
        assert_eq!(
            client("10.0.0.1".parse().unwrap(), &headers, &trusted).to_string(),
            "198.51.100.1",
            "lists may come in several headers"
        );
    }

    #[test]
    fn a_network_is_one_client() {
        for (one, other, are_one) in [
            ("198.51.100.1", "198.51.100.2", false),
            ("198.51.100.1", "::ffff:198.51.100.1", true),
            ("2001:db8:1:2::17", "2001:db8:1:2:ffff::", true),
            ("2001:db8:1:2::17", "2001:db8:1:3::17", false),
        ] {
            assert_eq!(house(one.parse().unwrap()) == house(other.parse().unwrap()), are_one, "{one} {other}");
        }
    }
}

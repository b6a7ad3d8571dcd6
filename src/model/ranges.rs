//! Ranges of addresses.

use std::net::IpAddr;

use ipnet::IpNet;

/// Addresses that are named by the ranges they lie in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ranges(pub Vec<IpNet>);

impl Ranges {
    /// Whether an address lies in one of them.
    pub fn hold(&self, ip: IpAddr) -> bool {
        hold(&self.0, ip)
    }
}

/// Whether an address lies in a range. One that is mapped into IPv6 (RFC 4291 §2.5.5.2) is meant as the IPv4 address it is.
pub(super) fn hold(ranges: &[IpNet], ip: IpAddr) -> bool {
    ranges.iter().any(|range| range.contains(&ip.to_canonical()))
}

//! Which addresses that are not public a source may live at.

use std::net::IpAddr;

use ipnet::IpNet;

use super::ranges::hold;

/// What an operator allows a source beyond public addresses: `allow_private`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Private {
    /// Nothing: only public addresses are asked.
    #[default]
    Refused,
    /// Any address.
    Allowed,
    /// Addresses within these ranges.
    Within(Vec<IpNet>),
}

impl Private {
    /// Whether an address may be asked though it is not public.
    pub fn allows(&self, ip: IpAddr) -> bool {
        match self {
            Self::Refused => false,
            Self::Allowed => true,
            Self::Within(ranges) => hold(ranges, ip),
        }
    }

    /// Whether nothing is allowed.
    pub fn is_refused(&self) -> bool {
        *self == Self::Refused
    }
}

/// Reads a range such as `10.20.0.0/16`, or a single address.
pub fn parse_range(text: &str) -> Result<IpNet, String> {
    let range = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    let range = range.map_err(|_| format!("`{text}` is no range of addresses; give one such as 10.20.0.0/16 or fd00::/8"))?;
    Ok(range.trunc())
}

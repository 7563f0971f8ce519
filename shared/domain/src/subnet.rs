//! Address ranges in CIDR form.

use std::{fmt, net::IpAddr, str::FromStr};

/// A range of IP addresses such as `10.0.0.0/8` or `2001:db8::/32`; one address is a range of one.
///
/// ```
/// use defuse_domain::Subnet;
///
/// let office: Subnet = "203.0.113.0/24".parse()?;
/// assert!(office.contains("203.0.113.9".parse().unwrap()));
/// assert!("203.0.113.0/33".parse::<Subnet>().is_err());
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subnet {
    address: IpAddr,
    // INVARIANT: at most 32 for IPv4, 128 for IPv6.
    length: u8,
}

impl Subnet {
    /// Whether `address` is in the range; an IPv4 address mapped into IPv6 counts as IPv4
    pub fn contains(&self, address: IpAddr) -> bool {
        Network::of(address.to_canonical(), self.length) == Some(self.network())
    }

    /// The network that every address of the range lies in
    pub(crate) fn network(&self) -> Network {
        let (is_ipv4, bits, n_bits) = bits(self.address);
        Network { is_ipv4, length: self.length, bits: shifted(bits, n_bits - self.length) }
    }
}

/// The first bits of an address
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Network {
    pub(crate) is_ipv4: bool,
    pub(crate) length: u8,
    pub(crate) bits: u128,
}

impl Network {
    /// The first `length` bits of `address`, if it has as many
    pub(crate) fn of(address: IpAddr, length: u8) -> Option<Self> {
        let (is_ipv4, bits, n_bits) = bits(address);
        let rest = n_bits.checked_sub(length)?;
        Some(Self { is_ipv4, length, bits: shifted(bits, rest) })
    }
}

fn bits(address: IpAddr) -> (bool, u128, u8) {
    match address {
        IpAddr::V4(address) => (true, address.to_bits().into(), 32),
        IpAddr::V6(address) => (false, address.to_bits(), 128),
    }
}

fn shifted(bits: u128, by: u8) -> u128 {
    bits.checked_shr(by.into()).unwrap_or(0)
}

impl FromStr for Subnet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || format!("`{text}` is not a range of addresses");
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|error| format!("{}: {error}", bad()))?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let length: u8 = match length {
            None => longest,
            Some(digits) => digits.parse().map_err(|error| format!("{}: {error}", bad()))?,
        };
        if length > longest {
            return Err(format!("{}: at most /{longest}", bad()));
        }
        // A range inside the mapped addresses is a range of IPv4, as the addresses are.
        match (address.to_canonical(), length.checked_sub(96)) {
            (network @ IpAddr::V4(_), Some(length)) if address.is_ipv6() => {
                Ok(Self { address: network, length })
            }
            _ => Ok(Self { address, length }),
        }
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_what_begins_as_it_does() {
        check("10.0.0.0/8", "10.255.255.255", true);
        check("10.0.0.0/8", "11.0.0.0", false);
        check("0.0.0.0/0", "255.255.255.255", true);
        check("0.0.0.0/0", "::1", false);
        check("203.0.113.9", "203.0.113.9", true);
        check("203.0.113.9/32", "203.0.113.8", false);
        // The host part of the range means nothing.
        check("203.0.113.77/24", "203.0.113.1", true);
        check("2001:db8::/32", "2001:db8:ffff::1", true);
        check("2001:db8::/32", "2001:db9::1", false);
        check("::/0", "2001:db8::1", true);
        check("::/0", "10.0.0.1", false);
        check("::1/128", "::1", true);
        check("10.0.0.0/8", "::ffff:10.1.2.3", true);
        check("::ffff:10.0.0.0/104", "10.1.2.3", true);
        check("::ffff:10.0.0.0/104", "::ffff:10.1.2.3", true);
        check("::ffff:10.0.0.0/104", "11.1.2.3", false);
    }

    #[track_caller]
    fn check(range: &str, address: &str, expected: bool) {
        let subnet: Subnet = range.parse().unwrap();
        assert_eq!(subnet.contains(address.parse().unwrap()), expected, "{address} in {range}");
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in ["", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0/8"] {
            assert!(text.parse::<Subnet>().is_err(), "{text}");
        }
    }
}

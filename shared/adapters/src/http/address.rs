//! Which addresses are public, as literals in a URL and as names resolve.
//!
//! A name is judged by what it resolves to at the moment of connecting, so that one which changes
//! its mind after a check (DNS rebinding) gets nowhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// A request would leave the public Internet
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ForbiddenAddress {
    /// Without TLS
    #[error("only https is allowed")]
    NotHttps,
    /// No host at all
    #[error("there is no host in the address")]
    NoHost,
    /// The URL has an address that is not public
    #[error("{0} is not a public address")]
    NotPublic(IpAddr),
    /// No address of the host is public
    #[error("the host has no public address")]
    NonePublic,
}

/// Whether requests may go to `url`, as far as it says itself
pub(super) fn check_url(url: &Url) -> Result<(), ForbiddenAddress> {
    if url.scheme() != "https" {
        return Err(ForbiddenAddress::NotHttps);
    }
    let address = match url.host().ok_or(ForbiddenAddress::NoHost)? {
        Host::Domain(_) => return Ok(()),
        Host::Ipv4(address) => IpAddr::V4(address),
        Host::Ipv6(address) => IpAddr::V6(address),
    };
    if is_public(address) { Ok(()) } else { Err(ForbiddenAddress::NotPublic(address)) }
}

/// Resolves names to their public addresses only
#[derive(Clone, Copy, Debug)]
pub(super) struct PublicResolver;

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|it| is_public(it.ip())).collect();
            if public.is_empty() {
                return Err(ForbiddenAddress::NonePublic.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is one of the public Internet (IANA's special-purpose registries)
pub(super) const fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

const fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        [0 | 10 | 127 | 224..=255, ..]    // this network, private, loopback, multicast, reserved
            | [100, 64..=127, ..]         // carrier-grade NAT
            | [169, 254, ..]              // link-local, with the metadata services in it
            | [172, 16..=31, ..]          // private
            | [192, 0, 0 | 2, _]          // protocol assignments, documentation
            | [192, 88, 99, _]            // 6to4 relays
            | [192, 168, ..]              // private
            | [198, 18 | 19, ..]          // benchmarks
            | [198, 51, 100, _]           // documentation
            | [203, 0, 113, _] // documentation
    )
}

/// Global unicast (`2000::/3`) without what is set apart in it; and IPv4 by way of a translator
/// (`64:ff9b::/96`), which is as public as the address inside.
const fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            is_public_v4(Ipv4Addr::from_bits(((high as u32) << 16) | low as u32))
        }
        // Protocol assignments with Teredo in them, documentation, 6to4, documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: [&str; 23] = [
        "8.8.8.8",
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "20.190.128.1",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.1",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:4860:4860::8888",
        "2603:1026::1",
        "2a00:1450:4001::1",
        "64:ff9b::8.8.8.8",
    ];

    const OTHERS: [&str; 43] = [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::8.8.8.8",
        "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "4000::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ];

    #[test]
    fn only_the_public_internet_is_public() {
        for text in PUBLIC {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
        for text in OTHERS {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_literal_is_judged_however_it_is_written() {
        check("https://graph.microsoft.com/v1.0", None);
        check("https://8.8.8.8/", None);
        check("https://[2603:1026::1]/", None);
        check("http://graph.microsoft.com/", Some("only https is allowed"));
        check("file:///etc/passwd", Some("only https is allowed"));
        check("https://10.0.0.1/", Some("10.0.0.1 is not a public address"));
        check("https://127.1/", Some("127.0.0.1 is not a public address"));
        check("https://2130706433/", Some("127.0.0.1 is not a public address"));
        check("https://0x7f.0.0.1/", Some("127.0.0.1 is not a public address"));
        check("https://0177.0.0.1/", Some("127.0.0.1 is not a public address"));
        check("https://169.254.169.254./", Some("169.254.169.254 is not a public address"));
        check("https://[::1]/", Some("::1 is not a public address"));
        check("https://[::ffff:10.0.0.1]/", Some("::ffff:10.0.0.1 is not a public address"));
        check("https://kim:pw@192.168.1.1:8443/", Some("192.168.1.1 is not a public address"));
    }

    #[track_caller]
    fn check(url: &str, expected: Option<&str>) {
        let refusal = check_url(&url.parse().unwrap()).err().map(|it| it.to_string());
        assert_eq!(refusal.as_deref(), expected, "for {url}");
    }
}

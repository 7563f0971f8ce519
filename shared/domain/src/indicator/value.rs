//! The values of indicators: which texts are some, and the one form of each.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{INDICATOR_LENGTH_MAX, IndicatorError, IndicatorKind};

/// The longest name that DNS knows, and the longest part of one
const DOMAIN_LENGTH_MAX: usize = 253;
const LABEL_LENGTH_MAX: usize = 63;

/// How much of a text a message shows, in characters
const SHOWN_LENGTH_MAX: usize = 80;

pub(super) fn parse(kind: IndicatorKind, text: &str) -> Result<String, IndicatorError> {
    let text = text.trim();
    if text.len() > INDICATOR_LENGTH_MAX {
        return Err(IndicatorError::TooLong);
    }
    match kind {
        IndicatorKind::FileMd5 => hash(kind, text, 32),
        IndicatorKind::FileSha1 => hash(kind, text, 40),
        IndicatorKind::FileSha256 => hash(kind, text, 64),
        // Windows shows it with spaces, others with colons.
        IndicatorKind::CertificateThumbprint => hash(kind, &text.replace([' ', ':'], ""), 40),
        IndicatorKind::IpAddress => address(text),
        IndicatorKind::DomainName => {
            domain(text).ok_or_else(|| IndicatorError::NotADomain(shown(text)))
        }
        IndicatorKind::Url => url(text).ok_or_else(|| IndicatorError::NotAUrl(shown(text))),
    }
}

/// The kind that a text looks like
pub(super) fn guess(text: &str) -> Option<IndicatorKind> {
    let text = text.trim();
    if text.bytes().all(|it| it.is_ascii_hexdigit()) {
        match text.len() {
            32 => return Some(IndicatorKind::FileMd5),
            40 => return Some(IndicatorKind::FileSha1),
            64 => return Some(IndicatorKind::FileSha256),
            _ => {}
        }
    }
    let network = text.split_once('/').map_or(text, |(address, _)| address);
    if network.parse::<IpAddr>().is_ok() {
        return Some(IndicatorKind::IpAddress);
    }
    if text.contains("://") {
        return Some(IndicatorKind::Url);
    }
    domain(text).map(|_| IndicatorKind::DomainName)
}

/// A text fit for a message
pub(super) fn shown(text: &str) -> String {
    let shown = text.chars().map(|it| if it.is_control() { ' ' } else { it });
    shown.take(SHOWN_LENGTH_MAX).collect()
}

fn hash(kind: IndicatorKind, text: &str, digits: usize) -> Result<String, IndicatorError> {
    if text.len() == digits && text.bytes().all(|it| it.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(IndicatorError::NotAHash { kind, text: shown(text), digits })
}

fn address(text: &str) -> Result<String, IndicatorError> {
    let Ok(address) = text.parse::<IpAddr>() else {
        return Err(IndicatorError::NotAnAddress(shown(text)));
    };
    let address = address.to_canonical();
    let is_public = match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    };
    if is_public { Ok(address.to_string()) } else { Err(IndicatorError::NotPublic(shown(text))) }
}

/// Whether an address names the same host wherever it is read.
///
/// What is set apart for documentation is taken: nobody has it, and examples need some.
const fn is_public_v4(address: Ipv4Addr) -> bool {
    !matches!(
        address.octets(),
        [0 | 10 | 127 | 224..=255, ..]    // this network, private, loopback, multicast, reserved
            | [100, 64..=127, ..]         // carrier-grade NAT
            | [169, 254, ..]              // link-local
            | [172, 16..=31, ..]          // private
            | [192, 0, 0, _]              // protocol assignments
            | [192, 168, ..]              // private
            | [198, 18 | 19, ..] // benchmarks
    )
}

/// Global unicast, which has the documentation's addresses in it
const fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, ..] = address.segments();
    first & 0xe000 == 0x2000
}

fn domain(text: &str) -> Option<String> {
    let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let labels: Vec<&str> = name.split('.').collect();
    let is_label = |it: &&str| {
        (1..=LABEL_LENGTH_MAX).contains(&it.len())
            && !it.starts_with('-')
            && !it.ends_with('-')
            && it.bytes().all(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_'))
    };
    // Why: `1.2.3.400` is a mistyped address, and no top-level domain is a number.
    let ends_in_a_word = labels.last()?.bytes().any(|it| it.is_ascii_alphabetic());
    let fits = name.len() <= DOMAIN_LENGTH_MAX && labels.len() >= 2;
    (fits && ends_in_a_word && labels.iter().all(is_label)).then_some(name)
}

/// Scheme and host in lower case and nothing that says who asks; what follows is case-sensitive.
fn url(text: &str) -> Option<String> {
    if !text.bytes().all(|it| it.is_ascii_graphic()) {
        return None;
    }
    let (scheme, rest) = text.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    let (rest, _fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (authority, path) = rest.split_at_checked(rest.find(['/', '?']).unwrap_or(rest.len()))?;
    let authority = authority.strip_suffix(default_port).unwrap_or(authority);
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !authority.ends_with(']') => {
            let number: u16 = port.parse().ok()?;
            (host, format!(":{number}"))
        }
        Some(_) | None => (authority, String::new()),
    };
    let inside = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let host = match inside {
        Some(inside) => format!("[{}]", inside.parse::<Ipv6Addr>().ok()?),
        None => match host.parse::<Ipv4Addr>() {
            Ok(address) => address.to_string(),
            Err(_) => domain(host)?,
        },
    };
    let path = if path.is_empty() { "/" } else { path };
    Some(format!("{scheme}://{host}{port}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_one_form() {
        use IndicatorKind::{
            CertificateThumbprint, DomainName, FileMd5, FileSha1, FileSha256, IpAddress, Url,
        };
        check(FileMd5, &"AB".repeat(16), Some(&"ab".repeat(16)));
        check(FileMd5, &"AB".repeat(20), None);
        check(FileSha1, &format!(" {} ", "0f".repeat(20)), Some(&"0f".repeat(20)));
        check(FileSha256, &"0f".repeat(32), Some(&"0f".repeat(32)));
        check(FileSha256, &"0g".repeat(32), None);
        check(CertificateThumbprint, &vec!["0F"; 20].join(":"), Some(&"0f".repeat(20)));
        check(IpAddress, "203.0.113.9", Some("203.0.113.9"));
        check(IpAddress, "::ffff:203.0.113.9", Some("203.0.113.9"));
        check(IpAddress, "2001:DB8:0:0::1", Some("2001:db8::1"));
        check(DomainName, "Updates.Contoso.EXAMPLE.", Some("updates.contoso.example"));
        check(DomainName, "xn--bcher-kva.example", Some("xn--bcher-kva.example"));
        check(
            Url,
            "HTTPS://Updates.Contoso.example:443/A?b=C#d",
            Some("https://updates.contoso.example/A?b=C"),
        );
        check(Url, "http://203.0.113.9:8080", Some("http://203.0.113.9:8080/"));
        check(Url, "https://[2001:DB8::1]:443", Some("https://[2001:db8::1]/"));
        check(Url, "https://a.example?b", Some("https://a.example?b"));
    }

    #[test]
    fn what_is_none_is_refused() {
        use IndicatorKind::{DomainName, IpAddress, Url};
        for text in [
            "203.0.113.0/24",
            "10.0.0.1",
            "127.0.0.1",
            "0.0.0.0",
            "100.64.0.1",
            "169.254.169.254",
            "192.168.1.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "1.2.3",
            "",
            "kim",
        ] {
            check(IpAddress, text, None);
        }
        let long = format!("{}.example", "a".repeat(64));
        for text in [
            "localhost",
            "a..example",
            "-a.example",
            "*.contoso.example",
            "1.2.3.400",
            "bücher.example",
            "a b.example",
            ".",
            "",
            long.as_str(),
        ] {
            check(DomainName, text, None);
        }
        let long = format!("https://a.example/{}", "x".repeat(INDICATOR_LENGTH_MAX));
        for text in [
            "contoso.example/a",
            "ftp://contoso.example/",
            "https://",
            "https://u@a.example/",
            "https://a.example:99999/",
            "https://a.example/ä",
            "https://a.example/ b",
            "://",
            "https://[::1/",
            long.as_str(),
        ] {
            check(Url, text, None);
        }
    }

    #[test]
    fn a_kind_is_guessed_by_its_looks() {
        for (text, kind) in [
            ("0f".repeat(16), Some(IndicatorKind::FileMd5)),
            ("0f".repeat(20), Some(IndicatorKind::FileSha1)),
            ("0F".repeat(32), Some(IndicatorKind::FileSha256)),
            ("203.0.113.9".to_owned(), Some(IndicatorKind::IpAddress)),
            // So that it is refused as what it is.
            ("203.0.113.0/24".to_owned(), Some(IndicatorKind::IpAddress)),
            ("https://a.example/".to_owned(), Some(IndicatorKind::Url)),
            ("a.example".to_owned(), Some(IndicatorKind::DomainName)),
            ("0f0f".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(guess(&text), kind, "for {text}");
        }
    }

    #[track_caller]
    fn check(kind: IndicatorKind, text: &str, expected: Option<&str>) {
        assert_eq!(parse(kind, text).ok().as_deref(), expected, "for {text}");
        if let Some(value) = expected {
            assert_eq!(parse(kind, value).as_deref(), Ok(value), "for {value}");
        }
    }
}

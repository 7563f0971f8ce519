//! The two parts of a certificate that we need, out of its DER (RFC 5280, section 4.1).
//!
//! Permissions: none.

use jiff::Timestamp;

/// What we need of a certificate
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    /// `notAfter`
    pub(super) until: Timestamp,
    /// The public key, as its algorithm writes it
    pub(super) public_key: &'a [u8],
}

const BIT_STRING: u8 = 0x03;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// Reads them, or nothing if this is no certificate
pub(super) fn read(der: &[u8]) -> Option<Parts<'_>> {
    let (certificate, _) = expect(SEQUENCE, der)?;
    let (all, _) = expect(SEQUENCE, certificate)?;
    let (tag, _, after_first) = element(all)?;
    let mut rest = if tag == VERSION { after_first } else { all };
    for _serial_algorithm_issuer in 0..3 {
        (_, _, rest) = element(rest)?;
    }
    let (validity, rest) = expect(SEQUENCE, rest)?;
    let (_subject, _, rest) = element(rest)?;
    let (key, _) = expect(SEQUENCE, rest)?;

    let (_not_before, _, not_after) = element(validity)?;
    let (tag, time, _) = element(not_after)?;
    let (_algorithm, _, bits) = element(key)?;
    let (bits, _) = expect(BIT_STRING, bits)?;
    let (0, public_key) = bits.split_first()? else { return None };
    Some(Parts { until: until(tag, time)?, public_key })
}

/// The content of an element of that kind, and what follows it
fn expect(wanted: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (tag, content, rest) = element(der)?;
    (tag == wanted).then_some((content, rest))
}

/// The tag of the first element, its content, and what follows it
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let n_digits = usize::from(first & 0x7f);
        let (digits, rest) = rest.split_at_checked(n_digits)?;
        let is_readable = (1..=4).contains(&n_digits);
        let length = digits
            .iter()
            .try_fold(0_u32, |sum, it| is_readable.then_some((sum << 8) | u32::from(*it)))?;
        (usize::try_from(length).ok()?, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// `361120163815Z`, or `20950505163815Z` from the year 2050 on
fn until(tag: u8, time: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(time).ok()?;
    let text = match (tag, text.len()) {
        (UTC_TIME, 13) if text < "50" => format!("20{text}"),
        (UTC_TIME, 13) => format!("19{text}"),
        // Such a certificate does not end, and our clock cannot say that hour.
        (GENERALIZED_TIME, 15) if text.starts_with("9999") => return Some(Timestamp::MAX),
        (GENERALIZED_TIME, 15) => text.to_owned(),
        _ => return None,
    };
    jiff::civil::DateTime::strptime("%Y%m%d%H%M%SZ", text)
        .and_then(|it| it.to_zoned(jiff::tz::TimeZone::UTC))
        .map(|it| it.timestamp())
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_read_as_both_kinds_of_time() {
        let read = |tag, text: &str| until(tag, text.as_bytes()).map(|it| it.to_string());
        let is = |text: &str| Some(text.to_owned());
        assert_eq!(read(UTC_TIME, "361120163815Z"), is("2036-11-20T16:38:15Z"));
        assert_eq!(read(UTC_TIME, "501120163815Z"), is("1950-11-20T16:38:15Z"));
        assert_eq!(read(GENERALIZED_TIME, "20950505163815Z"), is("2095-05-05T16:38:15Z"));
        assert_eq!(until(GENERALIZED_TIME, b"99991231235959Z"), Some(Timestamp::MAX));
        for text in ["", "36112016381Z", "361320163815Z", "361120163815", "soon", "é"] {
            assert_eq!(read(UTC_TIME, text), None, "for {text}");
        }
        assert_eq!(read(SEQUENCE, "361120163815Z"), None);
    }

    #[test]
    fn what_is_no_certificate_or_is_cut_off_is_none() {
        for bytes in [&b""[..], b"\x30", b"\x30\x80", b"\x30\x84\xff\xff\xff\xff", b"\x30\x85"] {
            assert_eq!(read(bytes), None, "for {bytes:?}");
        }
        // Every beginning of something that goes deep, and every length in it one too long.
        let mut deep = vec![0x30, 0x0a, 0x30, 0x08, 0xa0, 0x00, 0x02, 0x01, 0x07, 0x30, 0x00, 0x30];
        for length in 0..deep.len() {
            assert_eq!(read(&deep[..length]), None);
        }
        for index in 0..deep.len() {
            deep[index] = deep[index].wrapping_add(1);
            assert_eq!(read(&deep), None);
            deep[index] = deep[index].wrapping_sub(1);
        }
    }
}

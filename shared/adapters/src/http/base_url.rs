//! Addresses below a configured one, made of text from outside.

use url::{Url, form_urlencoded};

/// A configured address, below which a service's resources are.
///
/// ```
/// use defuse_adapters::BaseUrl;
///
/// assert!(BaseUrl::parse("https://graph.microsoft.com/v1.0").is_ok());
/// assert!(BaseUrl::parse("graph.microsoft.com").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    // INVARIANT: http or https with a host; without user, password, query and fragment.
    url: Url,
}

/// The text is no address, or makes none
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Not a URL
    #[error("`{text}` is not an address such as https://graph.microsoft.com/v1.0")]
    NotAUrl {
        /// The text
        text: String,
        /// Why
        #[source]
        source: url::ParseError,
    },
    /// A URL of another kind, or with more in it
    #[error("`{0}` is not a plain http or https address: it must have a host, and no query")]
    NotPlain(String),
    /// A part of the path that would lead elsewhere
    #[error("`{0}` cannot stand in an address")]
    BadPart(String),
}

impl BaseUrl {
    /// Takes a plain address, or says what is wrong with it
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let url: Url =
            text.parse().map_err(|source| UrlError::NotAUrl { text: text.to_owned(), source })?;
        let is_plain = matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if is_plain { Ok(Self { url }) } else { Err(UrlError::NotPlain(text.to_owned())) }
    }

    /// The address itself
    pub(crate) const fn url(&self) -> &Url {
        &self.url
    }

    /// The address of a resource; every part is escaped, and stays one part
    pub(crate) fn at(&self, parts: &[&str]) -> Result<Url, UrlError> {
        let mut url = self.url.clone();
        if let Some(bad) = parts.iter().find(|part| !can_be_part(part)) {
            return Err(UrlError::BadPart(bad.escape_debug().to_string()));
        }
        match url.path_segments_mut() {
            Ok(mut path) => {
                path.pop_if_empty().extend(parts);
            }
            // INVARIANT: a URL with a host can be a base.
            Err(()) => return Err(UrlError::NotPlain(self.url.to_string())),
        }
        Ok(url)
    }

    /// The same with a slash at the end
    pub(crate) fn folder_at(&self, parts: &[&str]) -> Result<Url, UrlError> {
        let mut url = self.at(parts)?;
        let path = format!("{}/", url.path());
        url.set_path(&path);
        Ok(url)
    }

    /// Whether `other` is at the same scheme, host and port
    pub(crate) fn has_origin_of(&self, other: &Url) -> bool {
        self.url.origin() == other.origin()
    }
}

/// A URL parser drops dots, tabs and line ends where it meets them, so these lead elsewhere
fn can_be_part(part: &str) -> bool {
    !matches!(part, "" | "." | "..") && !part.chars().any(char::is_control)
}

/// Adds query options; names are taken as they are, values are escaped
pub(crate) fn with_query(mut url: Url, options: &[(&str, &str)]) -> Url {
    let options: Vec<String> = options
        .iter()
        .map(|(name, value)| {
            let value: String = form_urlencoded::byte_serialize(value.as_bytes()).collect();
            // Why: OData does not take `+` for a space; a plus sign is `%2B` by now.
            format!("{name}={}", value.replace('+', "%20"))
        })
        .collect();
    url.set_query(Some(&options.join("&")));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_from_outside_stays_one_part() {
        check("kim@contoso.example", Some("users/kim@contoso.example/x"));
        check("kim_x.com#EXT#@contoso", Some("users/kim_x.com%23EXT%23@contoso/x"));
        check("a/b", Some("users/a%2Fb/x"));
        check("../../admin", Some("users/..%2F..%2Fadmin/x"));
        check("a\\b", Some("users/a%5Cb/x"));
        check("a?b=c&d", Some("users/a%3Fb=c&d/x"));
        check("%2e%2e", Some("users/%252e%252e/x"));
        check("%2F", Some("users/%252F/x"));
        check("a b", Some("users/a%20b/x"));
        check("né", Some("users/n%C3%A9/x"));
        check("da637551227677560813_-961444813", Some("users/da637551227677560813_-961444813/x"));
        check("", None);
        check(".", None);
        check("..", None);
        check("a\tb", None);
        check(".\t.", None);
        check("a\r\nHost: evil", None);
        check("a\0", None);
    }

    #[track_caller]
    fn check(part: &str, expected: Option<&str>) {
        for base in ["https://graph.example/v1.0", "https://graph.example/v1.0/"] {
            let url = BaseUrl::parse(base).unwrap().at(&["users", part, "x"]);
            let expected = expected.map(|it| format!("https://graph.example/v1.0/{it}"));
            assert_eq!(url.ok().map(String::from), expected, "for {part:?}");
        }
    }

    #[test]
    fn a_folder_ends_with_a_slash() {
        let base = BaseUrl::parse("https://contoso.us.portal.example/api/v1/").unwrap();
        let url = base.folder_at(&["alerts", "a/b"]).unwrap();
        assert_eq!(url.as_str(), "https://contoso.us.portal.example/api/v1/alerts/a%2Fb/");
    }

    #[test]
    fn query_values_are_escaped() {
        let url = with_query(
            "https://graph.example/v1.0/x".parse().unwrap(),
            &[("$filter", "a eq 'O''Hara & co+1' and b"), ("$count", "true")],
        );
        assert_eq!(
            url.query(),
            Some("$filter=a%20eq%20%27O%27%27Hara%20%26%20co%2B1%27%20and%20b&$count=true")
        );
    }

    #[test]
    fn only_a_plain_address_is_a_base() {
        for good in ["https://graph.example/v1.0", "http://127.0.0.1:8080", "https://x/"] {
            assert!(BaseUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "graph.example",
            "mailto:kim@contoso.example",
            "file:///etc",
            "https://kim@graph.example/",
            "https://kim:pw@graph.example/",
            "https://graph.example/?a",
            "https://graph.example/#a",
        ] {
            assert!(BaseUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let base = BaseUrl::parse("https://graph.example/v1.0").unwrap();
        for (url, expected) in [
            ("https://graph.example/other?x", true),
            ("https://GRAPH.example:443/", true),
            ("http://graph.example/v1.0", false),
            ("https://graph.example:8443/v1.0", false),
            ("https://graph.example.evil/v1.0", false),
            ("https://graph.example@evil/v1.0", false),
        ] {
            assert_eq!(base.has_origin_of(&url.parse().unwrap()), expected, "for {url}");
        }
    }
}

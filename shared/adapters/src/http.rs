//! One way out: requests with a time limit, to where they may go, with what comes back bounded.
//!
//! No redirects are followed and no proxies are taken from the environment. What an answer means
//! is not here, except that some are worth another try.
//!
//! Permissions: none at AWS.

mod address;
mod base_url;
mod retry;
#[cfg(test)]
mod tests;

use std::{fmt, time::Duration};

use defuse_flow::Cause;
use http::{HeaderMap, Request, header};
use jiff::Timestamp;
use url::Url;

use self::address::{ForbiddenAddress, PublicResolver};
pub(crate) use self::base_url::with_query;
pub use self::base_url::{BaseUrl, UrlError};

/// The largest body that an answer may have, in bytes
pub(crate) const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How long a connection that nobody uses is kept; services close theirs after a minute or more
const IDLE_MAX: Duration = Duration::from_secs(45);

/// Where requests may go
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Over TLS, to addresses that are public, both as written and as names resolve
    Public,
    /// Anywhere, also without TLS: the embedded host and tests
    Anywhere,
}

/// What came back
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status
    pub status: u16,
    /// How long it asked us to wait
    pub retry_after: Option<Duration>,
    /// When it answered, by its own clock
    pub date: Option<Timestamp>,
    /// The body, at most 16 MiB
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether it says that the request was done
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }
}

impl fmt::Debug for Answer {
    /// The length of the body only: there may be tokens and people's mail in it
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("retry_after", &self.retry_after)
            .field("date", &self.date)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish()
    }
}

/// A request got no answer.
///
/// No message has the URL in it: the URL of a webhook is a secret.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Not within the time limit; the request may have been done
    #[error("no answer within the time limit")]
    TimedOut,
    /// No connection, or it broke; the request may have been done
    #[error("cannot be reached")]
    Unreachable {
        /// Why
        #[source]
        source: Cause,
    },
    /// The request may not be sent; it was not
    #[error("must not be asked: {why}")]
    Forbidden {
        /// What is against it
        why: String,
    },
    /// The answer was cut off or is too large; the request was done
    #[error("the answer cannot be read")]
    Unreadable {
        /// Why
        #[source]
        source: Cause,
    },
}

/// The answer's body is over the limit
#[derive(Debug, thiserror::Error)]
#[error("the answer has more than {ANSWER_BYTES_MAX} bytes")]
struct TooLarge;

/// Sends requests
#[derive(Clone, Debug)]
pub struct Http {
    client: reqwest::Client,
    reach: Reach,
    limit: Duration,
}

impl Http {
    /// A client whose every attempt ends within `limit`
    pub fn new(reach: Reach, limit: Duration) -> Result<Self, HttpError> {
        let tls = tls().map_err(|error| HttpError::Unreachable { source: error.into() })?;
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .pool_idle_timeout(IDLE_MAX)
            .user_agent(concat!("defuse/", env!("CARGO_PKG_VERSION")));
        let builder = match reach {
            Reach::Public => builder.https_only(true).dns_resolver(PublicResolver),
            Reach::Anywhere => builder,
        };
        let client = builder.build().map_err(classify)?;
        Ok(Self { client, reach, limit })
    }

    /// Sends the request once
    pub async fn send(&self, request: Request<Vec<u8>>) -> Result<Answer, HttpError> {
        match tokio::time::timeout(self.limit, self.attempt(request)).await {
            Ok(outcome) => outcome,
            Err(_elapsed) => Err(HttpError::TimedOut),
        }
    }

    /// Sends the request, and again where that may help, for at most `total`.
    ///
    /// Statuses 429, 500, 502, 503 and 504 and an unreachable service are worth another try; there
    /// are five at the most. `Retry-After` is honoured; without it the pause doubles from 200 ms,
    /// with some chance in it. When time runs out, what came last is given back.
    /// Only for requests that may be done twice.
    pub async fn send_with_retries(
        &self,
        request: Request<Vec<u8>>,
        total: Duration,
    ) -> Result<Answer, HttpError> {
        self.send_each_with_retries(|| request.clone(), total).await
    }

    /// The same, with a request made anew for every try
    pub(crate) async fn send_each_with_retries(
        &self,
        mut next: impl FnMut() -> Request<Vec<u8>>,
        total: Duration,
    ) -> Result<Answer, HttpError> {
        retry::with_retries(total, || self.send(next())).await
    }

    async fn attempt(&self, request: Request<Vec<u8>>) -> Result<Answer, HttpError> {
        let request = reqwest::Request::try_from(request)
            .map_err(|error| HttpError::Forbidden { why: error.without_url().to_string() })?;
        self.check(request.url())?;

        let mut response = self.client.execute(request).await.map_err(classify)?;

        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers());
        let date = date(response.headers());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken_off)? {
            if body.len().saturating_add(chunk.len()) > ANSWER_BYTES_MAX {
                return Err(HttpError::Unreadable { source: TooLarge.into() });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, retry_after, date, body })
    }

    fn check(&self, url: &Url) -> Result<(), HttpError> {
        match self.reach {
            Reach::Anywhere => Ok(()),
            Reach::Public => address::check_url(url)
                .map_err(|forbidden| HttpError::Forbidden { why: forbidden.to_string() }),
        }
    }
}

/// TLS by ring, trusting Mozilla's roots and not the machine's
fn tls() -> Result<rustls::ClientConfig, rustls::Error> {
    let provider = rustls::crypto::ring::default_provider();
    let roots: rustls::RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let mut config = rustls::ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// `Retry-After`, which is seconds or an HTTP date
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(std::time::SystemTime::now()).unwrap_or_default())
}

/// `Date`, by which a service tells its clock
fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get(header::DATE)?.to_str().ok()?;
    let date = httpdate::parse_http_date(text.trim()).ok()?;
    Timestamp::try_from(date).ok()
}

fn classify(error: reqwest::Error) -> HttpError {
    let error = error.without_url();
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(it) = cause {
        if let Some(forbidden) = it.downcast_ref::<ForbiddenAddress>() {
            return HttpError::Forbidden { why: forbidden.to_string() };
        }
        cause = it.source();
    }
    if error.is_timeout() {
        return HttpError::TimedOut;
    }
    HttpError::Unreachable { source: error.into() }
}

/// The answer began and did not end
fn broken_off(error: reqwest::Error) -> HttpError {
    HttpError::Unreadable { source: error.without_url().into() }
}

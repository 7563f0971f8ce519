//! How often each service lets itself be asked, and how often it fails by itself.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::faults::FaultKind;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A service with a limit of its own
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LimitedService {
    /// Security alerts at Microsoft Graph: 150 requests a minute
    GraphSecurity,
    /// Defender for Cloud Apps: 30 requests a minute
    CloudApps,
    /// Indicators at Defender for Endpoint: 100 requests a minute, and 1,500 an hour
    EndpointIndicators,
}

impl LimitedService {
    /// How many requests a minute it takes
    pub const fn per_minute(self) -> usize {
        match self {
            Self::GraphSecurity => 150,
            Self::CloudApps => 30,
            Self::EndpointIndicators => 100,
        }
    }

    /// How many requests an hour it takes, where that is fewer than its minutes add up to
    pub const fn per_hour(self) -> Option<usize> {
        match self {
            Self::GraphSecurity | Self::CloudApps => None,
            Self::EndpointIndicators => Some(1_500),
        }
    }

    fn at(path: &str) -> Option<Self> {
        if path.starts_with("/v1.0/security/") {
            return Some(Self::GraphSecurity);
        }
        if path.starts_with("/mde/api/indicators") {
            return Some(Self::EndpointIndicators);
        }
        path.starts_with("/cas/api/v1/").then_some(Self::CloudApps)
    }
}

/// The requests of the last minute, and the most there ever were in one
#[derive(Debug, Default)]
pub(super) struct Limits {
    /// Whether what is over the limit is refused
    pub(super) are_kept: bool,
    windows: BTreeMap<LimitedService, Window>,
}

#[derive(Debug, Default)]
struct Window {
    requests: VecDeque<Timestamp>,
    of_hour: VecDeque<Timestamp>,
    highest: usize,
}

impl Limits {
    /// Counts a request; gives the refusal where it is one too many
    pub(super) fn count(&mut self, path: &str, now: Timestamp) -> Option<FaultKind> {
        let service = LimitedService::at(path)?;
        let window = self.windows.entry(service).or_default();
        window.requests.retain(|it| now.duration_since(*it) < MINUTE);
        window.requests.push_back(now);
        window.highest = window.highest.max(window.requests.len());
        if service.per_hour().is_some() {
            window.of_hour.retain(|it| now.duration_since(*it) < HOUR);
            window.of_hour.push_back(now);
        }
        let over = |requests: &VecDeque<Timestamp>, max: usize, span: SignedDuration| {
            let oldest = *requests.front().filter(|_| requests.len() > max)?;
            Some(span.saturating_sub(now.duration_since(oldest)))
        };
        let of_minute = over(&window.requests, service.per_minute(), MINUTE);
        let of_hour = service.per_hour().and_then(|max| over(&window.of_hour, max, HOUR));
        let wait = of_minute.max(of_hour).filter(|_| self.are_kept)?.as_secs().saturating_add(1);
        let retry_after = Some(u32::try_from(wait).unwrap_or_default());
        Some(FaultKind::Status { status: 429, retry_after })
    }

    /// The most requests that there were within a minute
    pub(super) fn highest(&self, service: LimitedService) -> usize {
        self.windows.get(&service).map_or(0, |it| it.highest)
    }
}

/// Fails now and then, and always the same for the same seed
#[derive(Clone, Copy, Debug)]
pub(super) struct Unreliable {
    percent: u64,
    state: u64,
}

impl Unreliable {
    pub(super) const fn new(percent: u64, seed: u64) -> Self {
        Self { percent, state: seed | 1 }
    }

    /// How a request to alerts goes wrong, if it does
    pub(super) fn next(&mut self, path: &str) -> Option<FaultKind> {
        LimitedService::at(path)?;
        if self.draw() % 100 >= self.percent {
            return None;
        }
        let (status, retry_after) = match self.draw() % 6 {
            0 => (429, Some(u32::try_from(self.draw() % 20).unwrap_or_default())),
            1 => (429, None),
            2 => (500, None),
            3 => (502, None),
            4 => (503, Some(2)),
            _ => (504, None),
        };
        Some(FaultKind::Status { status, retry_after })
    }

    /// Xorshift, of which only the high bits are good
    const fn draw(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state >> 11
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_request_too_many_is_refused_until_the_minute_is_over() {
        let mut limits = Limits { are_kept: true, ..Limits::default() };
        let begin: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let at = |second| begin + SignedDuration::from_secs(second);
        let path = "/cas/api/v1/alerts/";
        for second in 0..30 {
            assert_eq!(limits.count(path, at(second)), None);
        }
        let refused = Some(FaultKind::Status { status: 429, retry_after: Some(16) });
        assert_eq!(limits.count(path, at(45)), refused);
        assert_eq!(limits.count("/v1.0/users/kim", at(45)), None);
        assert_eq!(limits.count(path, at(61)), None);
        assert_eq!(limits.highest(LimitedService::CloudApps), 31);
        assert_eq!(limits.highest(LimitedService::GraphSecurity), 0);
    }

    #[test]
    fn an_hour_may_have_a_limit_of_its_own() {
        let mut limits = Limits { are_kept: true, ..Limits::default() };
        let begin: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let path = "/mde/api/indicators";
        for second in 0..1_500 {
            let now = begin + SignedDuration::from_secs(second);
            assert_eq!(limits.count(path, now), None, "at {second}");
        }
        let now = begin + SignedDuration::from_secs(1_500);
        let refused = FaultKind::Status { status: 429, retry_after: Some(2_101) };
        assert_eq!(limits.count(path, now), Some(refused));
        assert_eq!(limits.count(path, begin + SignedDuration::from_secs(3_601)), None);
    }

    #[test]
    fn as_many_fail_as_are_to() {
        let mut unreliable = Unreliable::new(10, 7);
        let failed = (0..10_000).filter(|_| unreliable.next("/v1.0/security/alerts_v2").is_some());
        let n_failed = failed.count();
        assert!((900..1_100).contains(&n_failed), "{n_failed} of 10,000 failed");
    }
}

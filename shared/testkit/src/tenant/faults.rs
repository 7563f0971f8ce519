//! Faults on order: what goes wrong, for which requests, and how often.

use std::time::Duration;

/// Something that goes wrong with requests of one method and place
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `GET`, `POST`, …; none for every method
    pub method: Option<String>,
    /// Start of the path, such as `/v1.0/users`
    pub path_prefix: String,
    /// What goes wrong
    pub kind: FaultKind,
    /// How many requests it hits; none for all of them
    pub times: Option<u32>,
}

/// What goes wrong
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The answer is this status, and nothing is done
    Status {
        /// Status code of the answer
        status: u16,
        /// Seconds for the `Retry-After` header; none leaves the header out
        retry_after: Option<u32>,
    },
    /// Everything is done as asked, this much later
    SlowBy(Duration),
    /// Everything is done as asked, and the connection breaks before the answer
    CrashAfter,
    /// The connection breaks before anything is done
    DropConnection,
    /// The answer is 200 with a body that is no JSON, and nothing is done
    GarbageBody,
}

impl Fault {
    /// Hits the next request that matches
    pub fn once(method: &str, path_prefix: &str, kind: FaultKind) -> Self {
        Self { times: Some(1), ..Self::always(method, path_prefix, kind) }
    }

    /// Hits the next `times` requests that match
    pub fn times(method: &str, path_prefix: &str, kind: FaultKind, times: u32) -> Self {
        Self { times: Some(times), ..Self::always(method, path_prefix, kind) }
    }

    /// Hits every request that matches
    pub fn always(method: &str, path_prefix: &str, kind: FaultKind) -> Self {
        Self {
            method: Some(method.to_owned()),
            path_prefix: path_prefix.to_owned(),
            kind,
            times: None,
        }
    }

    fn matches(&self, method: &str, path: &str) -> bool {
        let method_matches =
            self.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
        method_matches && path.starts_with(&self.path_prefix)
    }
}

/// Takes the fault that hits this request: the first one ordered of those that match
pub(super) fn take(faults: &mut Vec<Fault>, method: &str, path: &str) -> Option<FaultKind> {
    faults.retain(|fault| fault.times != Some(0));
    let fault = faults.iter_mut().find(|fault| fault.matches(method, path))?;
    fault.times = fault.times.map(|times| times.saturating_sub(1));
    Some(fault.kind.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_hits_as_often_as_ordered_and_then_the_next_one_does() {
        let busy = FaultKind::Status { status: 503, retry_after: None };
        let mut faults = vec![
            Fault::times("GET", "/v1.0/users", busy.clone(), 2),
            Fault::always("get", "/v1.0", FaultKind::GarbageBody),
        ];

        let mut check = |method, path, expected| {
            assert_eq!(take(&mut faults, method, path), expected, "for {method} {path}");
        };
        check("GET", "/v1.0/users/kim", Some(busy.clone()));
        check("POST", "/v1.0/users/kim", None);
        check("GET", "/cas/api/v1/alerts/", None);
        check("GET", "/v1.0/users/kim", Some(busy));
        check("GET", "/v1.0/users/kim", Some(FaultKind::GarbageBody));
        check("GET", "/v1.0/users/kim", Some(FaultKind::GarbageBody));
    }
}

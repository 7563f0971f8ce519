//! The subset of `$filter` that is documented for alerts: tests joined by `and`.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::Value;

use super::{super::state::Object, GraphError};

const TIMES: [&str; 2] = ["createdDateTime", "lastUpdateDateTime"];
const TEXTS: [&str; 6] =
    ["assignedTo", "classification", "determination", "serviceSource", "severity", "status"];
/// `2026-11-23T10:00:00`
const SECOND_LENGTH: usize = 19;
const USER_EVIDENCE: &str = "microsoft.graph.security.userEvidence";

/// What an alert must be, to be listed
#[derive(Debug)]
pub(super) struct Filter(Vec<Test>);

#[derive(Debug, PartialEq)]
enum Test {
    Time { property: String, operator: Operator, than: Time },
    Text { property: String, is: bool, value: String },
    UserInEvidence(String),
}

/// A time, and its text down to the second
#[derive(Debug, PartialEq)]
struct Time {
    time: Timestamp,
    second: String,
}

#[derive(Debug, PartialEq)]
enum Operator {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Filter {
    /// Reads a filter, or says which part of it is not understood
    pub(super) fn parse(filter: Option<&str>) -> Result<Self, GraphError> {
        let tests = clauses(filter.unwrap_or_default()).into_iter().map(|clause| {
            let refusal = || GraphError::bad_request(format!("Invalid filter clause: {clause}"));
            user_in_evidence(clause).or_else(|| comparison(clause)).ok_or_else(refusal)
        });
        tests.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn matches(&self, alert: &Object) -> bool {
        self.0.iter().all(|test| test.holds(alert))
    }
}

impl Test {
    fn holds(&self, alert: &Object) -> bool {
        let text = |property: &str| alert.get(property).and_then(Value::as_str);
        match self {
            Self::Time { property, operator, than } => {
                let order = text(property).and_then(|text| order(text, than));
                order.is_some_and(|order| match operator {
                    Operator::Greater => order.is_gt(),
                    Operator::GreaterOrEqual => order.is_ge(),
                    Operator::Less => order.is_lt(),
                    Operator::LessOrEqual => order.is_le(),
                })
            }
            Self::Text { property, is, value } => (text(property) == Some(value)) == *is,
            Self::UserInEvidence(name) => {
                let evidence = alert.get("evidence").and_then(Value::as_array);
                evidence.is_some_and(|evidence| evidence.iter().any(|it| is_user(it, name)))
            }
        }
    }
}

/// How a time stands to another.
///
/// Times in UTC sort as their text does, down to the second; to read each of very many alerts' times
/// for every page would take most of a test's time.
fn order(text: &str, than: &Time) -> Option<Ordering> {
    let second = text.get(..SECOND_LENGTH).filter(|_| text.ends_with('Z'));
    let is_plain = |it: &u8| it.is_ascii_digit() || b"-:T".contains(it);
    let plain = second.filter(|it| it.bytes().all(|it| is_plain(&it)));
    let by_text = plain.map(|it| it.cmp(than.second.as_str()));
    match by_text {
        Some(order @ (Ordering::Less | Ordering::Greater)) => Some(order),
        Some(Ordering::Equal) | None => Some(text.parse::<Timestamp>().ok()?.cmp(&than.time)),
    }
}

fn is_user(evidence: &Value, name: &str) -> bool {
    let kind = evidence.get("@odata.type").and_then(Value::as_str).unwrap_or_default();
    let user = evidence.pointer("/userAccount/userPrincipalName").and_then(Value::as_str);
    kind.trim_start_matches('#') == USER_EVIDENCE
        && user.is_some_and(|user| user.eq_ignore_ascii_case(name))
}

/// The parts between ` and `, where that is not inside a quoted text
fn clauses(filter: &str) -> Vec<&str> {
    let mut clauses = Vec::new();
    let mut rest = filter;
    let mut from = 0;
    while let Some(found) = rest.get(from..).and_then(|text| text.find(" and ")) {
        let at = from + found;
        let (clause, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        if clause.matches('\'').count() % 2 == 0 {
            clauses.push(clause.trim());
            rest = after.strip_prefix(" and ").unwrap_or(after);
            from = 0;
        } else {
            from = at + 1;
        }
    }
    clauses.push(rest.trim());
    clauses.retain(|clause| !clause.is_empty());
    clauses
}

/// `evidence/any(e: e/….userEvidence/userAccount/userPrincipalName eq 'x')`
fn user_in_evidence(clause: &str) -> Option<Test> {
    let inner = clause.strip_prefix("evidence/any(")?.strip_suffix(')')?;
    let (variable, test) = inner.split_once(':')?;
    let property = test.trim().strip_prefix(variable.trim())?.strip_prefix('/')?;
    let name = property
        .strip_prefix(USER_EVIDENCE)?
        .strip_prefix("/userAccount/userPrincipalName eq ")
        .and_then(quoted)?;
    Some(Test::UserInEvidence(name))
}

/// `property operator value`
fn comparison(clause: &str) -> Option<Test> {
    let (property, rest) = clause.split_once(' ')?;
    let (operator, value) = rest.trim_start().split_once(' ')?;
    let value = value.trim();
    let own = property.to_owned();
    if TIMES.contains(&property) {
        let operator = match operator {
            "gt" => Operator::Greater,
            "ge" => Operator::GreaterOrEqual,
            "lt" => Operator::Less,
            "le" => Operator::LessOrEqual,
            _ => return None,
        };
        let time: Timestamp = value.parse().ok()?;
        let second = time.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        return Some(Test::Time { property: own, operator, than: Time { time, second } });
    }
    let is = match operator {
        "eq" => true,
        "ne" => false,
        _ => return None,
    };
    TEXTS.contains(&property).then_some(())?;
    Some(Test::Text { property: own, is, value: quoted(value)? })
}

/// The text inside single quotes, in which a quote is written twice
fn quoted(literal: &str) -> Option<String> {
    let inner = literal.trim().strip_prefix('\'')?.strip_suffix('\'')?;
    let text = inner.replace("''", "\0");
    (!text.contains('\'')).then(|| text.replace('\0', "'"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_filter_holds_or_not() {
        let user = |name| {
            format!("evidence/any(e: e/{USER_EVIDENCE}/userAccount/userPrincipalName eq '{name}')")
        };

        check("", true);
        check("status ne 'resolved'", true);
        check("status ne 'new'", false);
        check("classification ne 'truePositive'", true);
        check("lastUpdateDateTime ge 2024-05-01T10:00:00.0000001Z", true);
        check("lastUpdateDateTime gt 2024-05-01T10:00:00.0000001Z", false);
        check("lastUpdateDateTime ge 2024-05-01T10:00:00.0000002Z", false);
        check("createdDateTime ge 2024-05-01T10:00:00Z", false);
        check("lastUpdateDateTime gt 2024-05-01T09:59:59.9Z", true);
        check("lastUpdateDateTime lt 2024-05-01T10:00:01+00:00", true);
        check("lastUpdateDateTime lt 2024-05-01T12:00:00+02:00", false);
        check("lastUpdateDateTime ge 2024-05-01T10:00:00Z and status ne 'resolved'", true);
        check("lastUpdateDateTime ge 2024-05-01T10:00:00Z and status eq 'resolved'", false);
        check("assignedTo eq 'Sec and Ops, O''Hara'", true);
        check("assignedTo eq 'Sec and Ops, O''Hara' and status eq 'new'", true);
        check(&user("KIM@contoso.example"), true);
        check(&user("lee@contoso.example"), false);
        check(&format!("{} and status eq 'new'", user("kim@contoso.example")), true);
    }

    #[track_caller]
    fn check(filter: &str, expected: bool) {
        let alert = json!({
            "status": "new",
            "assignedTo": "Sec and Ops, O'Hara",
            "lastUpdateDateTime": "2024-05-01T10:00:00.0000001Z",
            "evidence": [{
                "@odata.type": "#microsoft.graph.security.userEvidence",
                "userAccount": { "userPrincipalName": "kim@contoso.example" },
            }],
        });
        let parsed = Filter::parse(Some(filter)).unwrap();
        assert_eq!(parsed.matches(alert.as_object().unwrap()), expected, "for {filter:?}");
    }

    #[test]
    fn what_is_not_documented_is_refused() {
        for filter in [
            "title eq 'x'",
            "status eq new",
            "status ge 'new'",
            "status eq 'a'b'",
            "lastUpdateDateTime ge '2024-05-01T10:00:00Z'",
            "lastUpdateDateTime ge yesterday",
            "status eq 'new' or status eq 'resolved'",
            "evidence/any(e: e/title eq 'x')",
        ] {
            Filter::parse(Some(filter)).expect_err(filter);
        }
    }
}

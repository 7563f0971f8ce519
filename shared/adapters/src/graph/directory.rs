//! What the directory knows about a user: automatic replies, risk, groups.
//!
//! Permissions: `MailboxSettings.Read`; `IdentityRiskyUser.Read.All` (and a licence for Entra ID
//! P2); `User.Read.All` to find the id of a user whose name alone is known; `GroupMember.Read.All`.

use std::{collections::BTreeSet, time::Duration};

use defuse_domain::{AutomaticReplies, Risk, RiskLevel, Unknown, UnknownReason, User};
use defuse_flow::{Pace, Rate, Turn};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::sleep;
use tracing::warn;
use url::Url;

use super::{
    automatic_replies::read_automatic_replies,
    client::{CallError, Deadline, Graph},
    pages::Pages,
    problem::{Problem, unanswered, unreadable},
};
use crate::{
    chain::Chain,
    http::{Answer, HttpError, with_query},
};

const MAILBOX: &str = "MailboxSettings.Read";
const RISK: &str = "IdentityRiskyUser.Read.All";
const USER: &str = "User.Read.All";
const GROUPS: &str = "GroupMember.Read.All";

/// One request a second, and room for those that are on their way for different times
const RISK_RATE: Rate = Rate { name: "riskyUsers", every: Duration::from_millis(1_200) };
/// How long a turn is waited for, at the most
const RISK_PATIENCE: Duration = Duration::from_secs(10);
/// How often a risk is asked for, at the most
const RISK_TRIES_MAX: usize = 3;

/// Graph's and Exchange's words for a user who is not there
const NO_SUCH_USER: [&str; 4] =
    ["Request_ResourceNotFound", "ResourceNotFound", "ErrorInvalidUser", "ErrorUserNotFound"];

/// The automatic replies of a user's mailbox, as they stand
pub(super) async fn automatic_replies(
    graph: &Graph,
    key: &str,
    deadline: Deadline,
) -> Result<AutomaticReplies, Unknown> {
    let parts = ["users", key, "mailboxSettings", "automaticRepliesSetting"];
    let answer = ask(graph, &address(graph, &parts)?, deadline).await?;
    if answer.status == 404 {
        let problem = Problem::read(&answer);
        let reason = if problem.is_one_of(&NO_SUCH_USER) {
            UnknownReason::UserMissing
        } else {
            UnknownReason::MailboxMissing
        };
        return Err(Unknown::because(reason));
    }
    read_automatic_replies(&body(&answer, MAILBOX)?)
}

/// The risk that Entra ID sees in a user; one it never saw any in has none
pub(super) async fn risk<P: Pace>(
    graph: &Graph,
    pace: &P,
    user: &User,
    deadline: Deadline,
) -> Result<Risk, Unknown> {
    let id = object_id(graph, user, deadline).await?;
    let url = address(graph, &["identityProtection", "riskyUsers", &id])?;
    let answer = in_turn(graph, pace, &url, deadline).await?;
    // Why: a 404 of something before Graph must not read as "never at risk".
    if answer.status == 404 && Problem::read(&answer).is_from_graph() {
        return Ok(Risk { level: RiskLevel::None, confirmed_compromised: false });
    }
    read_risky_user(&body(&answer, RISK)?)
}

/// The groups a user is in, directly or through other groups: ids and display names
pub(super) async fn groups(
    graph: &Graph,
    key: &str,
    deadline: Deadline,
) -> Result<BTreeSet<String>, Unknown> {
    let parts = ["users", key, "transitiveMemberOf", "microsoft.graph.group"];
    // The count is what a cast takes, together with a header that the client sends.
    let options = [("$select", "id,displayName"), ("$count", "true")];
    let first = with_query(address(graph, &parts)?, &options);

    let mut pages = Pages::new(graph, first, GROUPS, deadline);
    let mut groups = BTreeSet::new();
    while let Some(items) = pages.next().await? {
        for item in items {
            let item: Value = serde_json::from_str(item.get())
                .map_err(|error| unreadable(format!("a group is not readable: {error}")))?;
            read_group(&item, &mut groups)?;
        }
    }
    Ok(groups)
}

/// What the directory is asked by
pub(super) fn key(user: &User) -> Result<&str, Unknown> {
    user.directory_key().ok_or_else(|| Unknown::because(UnknownReason::UserNotNamed))
}

/// The user's id in the directory, which is asked for it where the alert does not have it.
///
/// Asked for risk by any other id, Entra ID would say that it never saw any.
async fn object_id(graph: &Graph, user: &User, deadline: Deadline) -> Result<String, Unknown> {
    let key = key(user)?;
    if user.has_directory_id() {
        return Ok(key.to_owned());
    }
    let url = with_query(address(graph, &["users", key])?, &[("$select", "id,userPrincipalName")]);
    let answer = ask(graph, &url, deadline).await?;
    if answer.status == 404 {
        return Err(Unknown::because(UnknownReason::UserMissing));
    }
    let found = body(&answer, USER)?;
    let id = found.get("id").and_then(Value::as_str).filter(|it| !it.is_empty());
    id.map(str::to_owned).ok_or_else(|| unreadable("the user has no id"))
}

/// Reads one `riskyUser`.
///
/// The level of a user whose risk was remediated or dismissed is kept as given.
///
/// ```
/// use defuse_adapters::read_risky_user;
/// use defuse_domain::RiskLevel;
/// use serde_json::json;
///
/// let risk = read_risky_user(&json!({ "riskLevel": "high", "riskState": "atRisk" })).unwrap();
/// assert_eq!(risk.level, RiskLevel::High);
/// assert!(read_risky_user(&json!({ "riskLevel": "hidden", "riskState": "atRisk" })).is_err());
/// ```
pub fn read_risky_user(user: &Value) -> Result<Risk, Unknown> {
    let text = |name: &str| {
        let text = user.get(name).and_then(Value::as_str);
        text.ok_or_else(|| unreadable(format!("the risk has no `{name}`")))
    };
    let level = text("riskLevel")?;
    if level.eq_ignore_ascii_case("hidden") {
        let detail = "the tenant has no licence for Entra ID P2";
        return Err(Unknown::with_detail(UnknownReason::NotLicensed, detail));
    }
    let level = RiskLevel::from_name(level)
        .ok_or_else(|| unreadable("the risk has a level that is not known"))?;
    let confirmed_compromised = match text("riskState")?.to_ascii_lowercase().as_str() {
        "confirmedcompromised" => true,
        "none" | "confirmedsafe" | "remediated" | "dismissed" | "atrisk" => false,
        _ => return Err(unreadable("the risk has a state that is not known")),
    };
    Ok(Risk { level, confirmed_compromised })
}

/// Reads the groups of a user, ids and display names alike: `{"value": […]}` or the list itself,
/// of objects or of texts.
///
/// ```
/// use defuse_adapters::read_member_of;
/// use serde_json::json;
///
/// let groups = read_member_of(&json!({ "value": [{ "id": "1", "displayName": "Exec" }] })).unwrap();
/// assert!(groups.contains("1") && groups.contains("Exec"));
/// ```
pub fn read_member_of(list: &Value) -> Result<BTreeSet<String>, Unknown> {
    let items = list.get("value").unwrap_or(list).as_array();
    let items = items.ok_or_else(|| unreadable("the groups are no list"))?;
    let mut groups = BTreeSet::new();
    for item in items {
        read_group(item, &mut groups)?;
    }
    Ok(groups)
}

/// Adds the id and the display name of one group
fn read_group(item: &Value, groups: &mut BTreeSet<String>) -> Result<(), Unknown> {
    if let Some(text) = item.as_str() {
        groups.insert(text.to_owned());
        return Ok(());
    }
    let id = item.get("id").and_then(Value::as_str);
    let id = id.ok_or_else(|| unreadable("a group has no id"))?;
    groups.insert(id.to_owned());
    match item.get("displayName") {
        None => {}
        // Why: so Graph shows members that one may not read, and the name might be the one asked for.
        Some(Value::Null) => {
            let detail = format!("the names of groups are hidden: grant `{GROUPS}`");
            return Err(Unknown::with_detail(UnknownReason::Refused, detail));
        }
        Some(name) => {
            let name = name.as_str();
            let name = name.ok_or_else(|| unreadable("a group's name is no text"))?;
            groups.insert(name.to_owned());
        }
    }
    Ok(())
}

/// Asks where the tenant bears one request a second of all its applications together, and says so
/// with a 429 that names no time: each request, a repeat too, takes a turn of its own
async fn in_turn<P: Pace>(
    graph: &Graph,
    pace: &P,
    url: &Url,
    deadline: Deadline,
) -> Result<Answer, Unknown> {
    let mut last = None;
    for _ in 0..RISK_TRIES_MAX {
        // Why: turns go by the time that it is, and not by when the run began.
        let patience = RISK_PATIENCE.min(deadline.left());
        match pace.turn(RISK_RATE, patience, Timestamp::now()).await {
            Ok(Turn::Now) => {}
            Ok(Turn::TooLate { .. }) => break,
            Err(error) => {
                warn!(error = %Chain(&error), "no turn to ask for a risk");
                break;
            }
        }
        let answer = match graph.get_once(url, deadline).await {
            Ok(answer) => answer,
            Err(error @ CallError::Http(HttpError::Unreachable { .. })) => {
                last = Some(Err(no_answer(&error)));
                continue;
            }
            Err(error) => return Err(no_answer(&error)),
        };
        match (answer.status, answer.retry_after) {
            (401 | 429 | 500 | 502 | 503 | 504, None) => last = Some(Ok(answer)),
            (429 | 503, Some(pause)) if pause < deadline.left() => {
                last = Some(Ok(answer));
                sleep(pause).await;
            }
            _ => return Ok(answer),
        }
    }
    last.unwrap_or_else(|| {
        let detail = "others ask for risks, and no turn was free in time";
        Err(Unknown::with_detail(UnknownReason::Throttled, detail))
    })
}

/// Asks Graph; where no answer came, the cause is logged here, for a fact has no room for it
pub(super) async fn ask(graph: &Graph, url: &Url, deadline: Deadline) -> Result<Answer, Unknown> {
    graph.get(url, deadline).await.map_err(|error| no_answer(&error))
}

pub(super) fn no_answer(error: &CallError) -> Unknown {
    let unknown = unanswered(error);
    warn!(error = %Chain(error), reason = unknown.reason, "Microsoft Graph gave no answer");
    unknown
}

pub(super) fn address(graph: &Graph, parts: &[&str]) -> Result<Url, Unknown> {
    graph.base().at(parts).map_err(|error| unanswered(&CallError::Url(error)))
}

/// The JSON of an answer that is a success
pub(super) fn body(answer: &Answer, permission: &str) -> Result<Value, Unknown> {
    if !answer.is_success() {
        return Err(Problem::read(answer).unknown(permission));
    }
    serde_json::from_slice(&answer.body)
        .map_err(|error| unreadable(format!("the answer is not readable: {error}")))
}

#[cfg(test)]
mod tests;

//! The open alerts of a user.
//!
//! Permissions: `SecurityAlert.Read.All`.

use defuse_domain::{Alert, OPEN_ALERTS_DAYS, OPEN_ALERTS_MAX, OpenAlert, Unknown, User};
use jiff::{SignedDuration, Timestamp};

use super::{
    client::{Deadline, Graph},
    directory::address,
    pages::{Item, Pages},
    problem::unreadable,
};
use crate::http::with_query;

const PERMISSION: &str = "SecurityAlert.Read.All";

/// Where an alert names its user by principal name
const PRINCIPAL_NAME: &str =
    "evidence/any(e: e/microsoft.graph.security.userEvidence/userAccount/userPrincipalName eq ";

/// The alerts of a user that are open, newest first, at most [`OPEN_ALERTS_MAX`].
///
/// Graph is asked by principal name. Where only the id is known it is asked for every open alert,
/// since there is no documented filter for that, and the user's are picked here.
pub(super) async fn open_alerts(
    graph: &Graph,
    user: &User,
    now: Timestamp,
    deadline: Deadline,
) -> Result<Vec<OpenAlert>, Unknown> {
    let url = address(graph, &["security", "alerts_v2"])?;
    let url = with_query(url, &[("$filter", &filter(user, now)?)]);
    let mut pages = Pages::new(graph, url, PERMISSION, deadline);
    let mut open = Vec::new();
    while open.len() < OPEN_ALERTS_MAX {
        let Some(items) = pages.next().await? else {
            break;
        };
        for item in items {
            open.extend(read(&item, user)?);
        }
    }
    open.sort_by(|left, right| (right.created, &left.id).cmp(&(left.created, &right.id)));
    open.dedup_by(|later, earlier| later.id == earlier.id);
    open.truncate(OPEN_ALERTS_MAX);
    Ok(open)
}

fn filter(user: &User, now: Timestamp) -> Result<String, Unknown> {
    let since = now
        .checked_sub(SignedDuration::from_hours(24 * OPEN_ALERTS_DAYS))
        .map_err(|error| unreadable(format!("there is no time so long ago: {error}")))?;
    let open = format!("createdDateTime ge {since:.0} and status ne 'resolved'");
    Ok(match &user.principal_name {
        None => open,
        Some(name) => format!("{open} and {PRINCIPAL_NAME}'{}')", name.replace('\'', "''")),
    })
}

/// The alert, where it is open and of that user.
///
/// One that cannot be read makes the whole answer unknown: it may be just the one that matters.
fn read(item: &Item, user: &User) -> Result<Option<OpenAlert>, Unknown> {
    let alert = Alert::read(item.get())
        .map_err(|error| unreadable(format!("one of the open alerts is not readable: {error}")))?;
    let is_theirs = user.principal_name.is_some()
        || user.id.as_ref().is_some_and(|id| alert.users().iter().any(|it| it.is_called(id)));
    if !is_theirs || alert.is_resolved_at_source() {
        return Ok(None);
    }
    let created = alert
        .created
        .ok_or_else(|| unreadable("one of the open alerts does not say when it was created"))?;
    let severity = alert.known_severity();
    Ok(Some(OpenAlert { id: alert.id, severity, created }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graph_is_asked_by_name_where_there_is_one() {
        let now: Timestamp = "2026-11-23T10:00:00.75Z".parse().unwrap();
        let open = "createdDateTime ge 2026-10-24T10:00:00Z and status ne 'resolved'";
        let by_id = User { id: Some("1".to_owned()), ..User::default() };
        assert_eq!(filter(&by_id, now).unwrap(), open);

        let by_name = User { principal_name: Some("o'hara@contoso.example".to_owned()), ..by_id };
        assert_eq!(
            filter(&by_name, now).unwrap(),
            format!(
                "{open} and evidence/any(e: e/microsoft.graph.security.userEvidence/userAccount/\
                 userPrincipalName eq 'o''hara@contoso.example')"
            )
        );
    }
}

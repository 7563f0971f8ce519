//! `defuse triage` without `--facts` asks the tenant, and changes nothing there.

use defuse_testkit::{Tenant, UserRecord};
use serde_json::json;

use crate::folder::{Folder, unknown};

const ALERT: &str = "impossible-travel.json";

/// A tenant that knows kim, who is on leave, and the alert
pub(crate) fn tenant() -> Tenant {
    let tenant = Tenant::start().unwrap();
    let mut kim = UserRecord::new("6f1d2c3b-1111-4a5b-8c6d-0a1b2c3d4e01", "kim@contoso.example");
    kim.automatic_replies = Some(json!({
        "status": "scheduled",
        "scheduledStartDateTime":
            { "dateTime": "2026-11-16T08:00:00.0000000", "timeZone": "W. Europe Standard Time" },
        "scheduledEndDateTime":
            { "dateTime": "2026-11-30T18:00:00.0000000", "timeZone": "W. Europe Standard Time" },
    }));
    tenant.put_user(kim);
    let alert = include_str!("../../events/receive/impossible-travel.json");
    tenant.put_alert(serde_json::from_str(alert).unwrap()).unwrap();
    tenant
}

/// A folder whose commands ask that tenant with that secret
pub(crate) fn folder(tenant: &Tenant, secret: &str) -> Folder {
    let folder = Folder::with_variables(&[
        ("DEFUSE_GRAPH_URL", tenant.graph_url()),
        ("DEFUSE_GRAPH_TOKEN_URL", tenant.token_url()),
        ("DEFUSE_GRAPH_CLIENT_ID", Tenant::CLIENT_ID.to_owned()),
        ("DEFUSE_GRAPH_CLIENT_SECRET", secret.to_owned()),
    ]);
    folder.event(ALERT);
    folder
}

#[test]
fn the_tenant_is_asked_and_left_as_it_is() {
    let tenant = tenant();
    let folder = folder(&tenant, Tenant::CLIENT_SECRET);
    let before = tenant.alert("ca6b016779f552cc5023d8319a");

    let decided = folder.triage(&[ALERT]).remove(0);

    assert_eq!(decided["outcome"], "resolved", "{:#}", decided["reasons"]);
    assert_eq!(tenant.alert("ca6b016779f552cc5023d8319a"), before);
    let asked = tenant.requests();
    assert!(asked.iter().all(|it| it.method == "GET" || it.path.contains("/oauth2/")));
    let mut other = before.unwrap();
    other["id"] = json!("caother");
    tenant.put_alert(other).unwrap();
    let decided = folder.triage(&[ALERT]).remove(0);
    assert_eq!((&decided["outcome"], unknown(&decided).len()), (&json!("open"), 0));
}

#[test]
fn a_tenant_that_refuses_leaves_everything_unknown() {
    let tenant = tenant();
    let folder = folder(&tenant, "hunter2");

    let decided = folder.triage(&[ALERT]).remove(0);

    assert_eq!(decided["outcome"], "open");
    let expected = ["userOutOfOffice", "userHighRisk", "otherOpenAlerts"];
    assert_eq!(unknown(&decided), expected.map(|it| format!("{it}: refused")));
    assert!(!decided.to_string().contains("hunter2"), "the secret is in it: {decided}");
}

#[test]
fn half_a_tenant_is_named_as_such() {
    let tenant = tenant();
    let folder = Folder::with_variables(&[("DEFUSE_GRAPH_URL", tenant.graph_url())]);
    folder.event(ALERT);
    let ran = folder.run(&["triage", ALERT]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.said.contains("`DEFUSE_GRAPH_TOKEN_URL` is missing"), "{}", ran.said);
}

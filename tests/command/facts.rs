//! `defuse triage --facts`: each criterion known and unknown, in the shapes of Microsoft Graph.

use serde_json::{Value, json};

use crate::folder::{Folder, unknown};

const ALERT: &str = "impossible-travel.json";

/// A change of the facts that resolve the alert: below which key of the user, or of the file
fn kim(key: &str, value: Value) -> Value {
    let mut facts = all_good();
    facts["users"]["kim@contoso.example"][key] = value;
    facts
}

fn without(key: &str) -> Value {
    let mut facts = all_good();
    facts["users"]["kim@contoso.example"].as_object_mut().unwrap().remove(key).unwrap();
    facts
}

fn file(key: &str, value: Value) -> Value {
    let mut facts = all_good();
    facts[key] = value;
    facts
}

/// Kim is on leave and at no risk
fn all_good() -> Value {
    json!({
        "users": { "kim@contoso.example": {
            "automaticRepliesSetting": leave("scheduled", "2026-11-16T08:00:00.0000000", "UTC"),
            "riskyUser": { "riskLevel": "none", "riskState": "none" },
            "memberOf": [],
        }},
        "otherOpenAlerts": 0,
    })
}

fn leave(status: &str, from: &str, zone: &str) -> Value {
    json!({
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#x",
        "status": status, "externalAudience": "all",
        "scheduledStartDateTime": { "dateTime": from, "timeZone": zone },
        "scheduledEndDateTime": { "dateTime": "2026-11-30T18:00:00.0000000", "timeZone": zone },
        "internalReplyMessage": "<p>Away: \u{1F3D6}</p>", "externalReplyMessage": null,
    })
}

/// Decides the alert by those facts
#[track_caller]
fn check(facts: &Value, outcome: &str, expected: &[&str]) {
    let folder = Folder::new();
    folder.event(ALERT);
    // JSON is YAML, too.
    folder.write("facts.yaml", &facts.to_string());
    let [decided] = &folder.triage(&["--facts", "facts.yaml", ALERT])[..] else { panic!() };
    assert_eq!(decided["outcome"], outcome, "{facts:#}\n{:#}", decided["reasons"]);
    assert_eq!(unknown(decided), expected, "{facts:#}");
    let classified = [&decided["classification"], &decided["determination"]];
    if outcome == "resolved" {
        assert_eq!(classified, ["informationalExpectedActivity", "confirmedActivity"]);
    } else {
        assert_eq!(classified, [&Value::Null, &Value::Null]);
    }
}

#[test]
fn automatic_replies_are_read_as_graph_gives_them() {
    // The first activity was at 09:21:50.677 UTC, an hour later by the clocks of Berlin.
    let replies = |status, from, zone| kim("automaticRepliesSetting", leave(status, from, zone));
    check(&all_good(), "resolved", &[]);
    check(&replies("Scheduled", "2026-11-16T08:00:00.0000000", "UTC"), "resolved", &[]);
    let berlin = "W. Europe Standard Time";
    check(&replies("scheduled", "2026-11-21T10:21:00.0000000", berlin), "resolved", &[]);
    check(&replies("scheduled", "2026-11-21T10:22:00.0000000", berlin), "open", &[]);
    check(&replies("scheduled", "2026-11-21T10:22:00", "Europe/Berlin"), "open", &[]);
    check(&replies("scheduled", "2026-11-21T09:21:50.6769999", "UTC"), "resolved", &[]);
    check(&replies("scheduled", "2026-11-21T09:21:50.6770001", "UTC"), "open", &[]);
    check(&replies("Disabled", "2026-11-16T08:00:00.0000000", "UTC"), "open", &[]);
    let unknown = |replies: &Value, reason: &str| {
        check(replies, "open", &[&format!("userOutOfOffice: {reason}")]);
    };
    unknown(&replies("alwaysEnabled", "2026-11-16T08:00:00", "UTC"), "noStartTime");
    unknown(&replies("scheduled", "2026-11-16T08:00:00", "Customized Time Zone"), "unreadable");
    unknown(&replies("unknownFutureValue", "2026-11-16T08:00:00", "UTC"), "unreadable");
    unknown(
        &kim("automaticRepliesSetting", json!({ "unknown": "mailboxMissing" })),
        "mailboxMissing",
    );
    unknown(&kim("automaticRepliesSetting", json!({ "unknown": "not my day" })), "not my day");
    unknown(&without("automaticRepliesSetting"), "notGiven");
}

#[test]
fn risk_groups_and_tags_make_high_risk() {
    let risk = |level, state| kim("riskyUser", json!({ "riskLevel": level, "riskState": state }));
    check(&risk("none", "dismissed"), "resolved", &[]);
    check(&risk("medium", "atRisk"), "resolved", &[]);
    check(&risk("high", "atRisk"), "open", &[]);
    check(&risk("low", "confirmedCompromised"), "open", &[]);
    check(&risk("hidden", "atRisk"), "open", &["userHighRisk: notLicensed"]);
    check(&risk("enormous", "atRisk"), "open", &["userHighRisk: unreadable"]);
    let unknown = |reason: &str| json!({ "unknown": reason });
    check(&kim("riskyUser", unknown("throttled")), "open", &["userHighRisk: throttled"]);
    check(&without("riskyUser"), "open", &["userHighRisk: notGiven"]);

    let executives = json!({ "id": "1f0e", "displayName": "Executives" });
    let sales = json!({ "value": [{ "id": "1f0f", "displayName": "Sales" }] });
    check(&kim("memberOf", sales), "resolved", &[]);
    check(&kim("memberOf", json!([executives.clone()])), "open", &[]);
    check(&kim("memberOf", json!({ "value": [executives] })), "open", &[]);
    let nameless = json!({ "value": [{ "id": "1f0f", "displayName": null }] });
    check(&kim("memberOf", nameless), "open", &["userHighRisk: refused"]);
    check(&kim("memberOf", unknown("timedOut")), "open", &["userHighRisk: timedOut"]);
    check(&without("memberOf"), "open", &["userHighRisk: notGiven"]);

    check(&kim("tags", json!([])), "resolved", &[]);
    check(&kim("tags", json!(["on trial"])), "resolved", &[]);
    check(&kim("tags", json!(["high risk"])), "open", &[]);
    check(&kim("tags", unknown("unavailable")), "open", &["userHighRisk: unavailable"]);
    // One sign of high risk is enough, whatever else is unknown.
    let mut facts = kim("tags", json!(["high risk"]));
    facts["users"]["kim@contoso.example"]["riskyUser"] = unknown("timedOut");
    check(&facts, "open", &[]);
}

#[test]
fn other_open_alerts_are_a_number_or_a_list() {
    let others = |it| file("otherOpenAlerts", it);
    let one = |severity: &str, created: &str| json!([{ "id": "caother", "severity": severity, "createdDateTime": created }]);
    check(&others(json!(2)), "open", &[]);
    check(&others(json!([])), "resolved", &[]);
    check(&others(one("low", "2026-11-21T09:00:00Z")), "resolved", &[]);
    check(&others(one("medium", "2026-11-21T09:00:00Z")), "open", &[]);
    check(&others(one("medium", "2026-11-20T09:00:00Z")), "resolved", &[]);
    // It is the alert itself.
    let itself = json!([{ "id": "ca6b016779f552cc5023d8319a", "severity": "medium" }]);
    check(&others(itself), "resolved", &[]);
    let untold = json!([{ "id": "caother", "createdDateTime": "2026-11-21T09:00:00Z" }]);
    check(&others(untold), "open", &["otherOpenAlerts: propertyUnreadable"]);
    let unknown = json!({ "unknown": "unavailable" });
    check(&others(unknown.clone()), "open", &["otherOpenAlerts: unavailable"]);
    check(&kim("otherOpenAlerts", unknown), "open", &["otherOpenAlerts: unavailable"]);
    check(&kim("otherOpenAlerts", json!(1)), "open", &[]);
    let mut facts = all_good();
    facts.as_object_mut().unwrap().remove("otherOpenAlerts").unwrap();
    check(&facts, "open", &["otherOpenAlerts: notGiven"]);
}

#[test]
fn what_is_old_or_wholly_unknown_resolves_nothing() {
    check(&file("read", json!("2026-11-21T09:51:00Z")), "resolved", &[]);
    check(&file("read", json!("2026-11-21T09:49:00Z")), "open", &["userOutOfOffice: stale"]);
    let timed_out = ["userOutOfOffice: timedOut", "userHighRisk: timedOut"];
    let unknown = json!({ "kim@contoso.example": { "unknown": "timedOut" } });
    check(&file("users", unknown), "open", &timed_out);
    let not_given = ["userOutOfOffice: notGiven", "userHighRisk: notGiven"];
    check(&file("users", json!({})), "open", &not_given);
    let everything =
        ["userOutOfOffice: notGiven", "userHighRisk: notGiven", "otherOpenAlerts: notGiven"];
    check(&json!({}), "open", &everything);
    // A user may be named by id, and in any case.
    let mut facts = all_good();
    let user = facts["users"]["kim@contoso.example"].take();
    facts["users"] = json!({ "6F1D2C3B-1111-4A5B-8C6D-0A1B2C3D4E01": user });
    check(&facts, "resolved", &[]);
}

#[test]
fn what_holds_of_one_user_must_hold_of_both() {
    let folder = Folder::new();
    let alert = "impossible-travel-two-users.json";
    folder.event(alert);
    let decide = |lee: Value| {
        let mut facts = all_good();
        facts["users"]["lee@contoso.example"] = lee;
        folder.write("facts.yaml", &facts.to_string());
        folder.triage(&["--facts", "facts.yaml", alert]).remove(0)
    };
    let kim = all_good()["users"]["kim@contoso.example"].clone();

    assert_eq!(decide(kim.clone())["outcome"], "resolved");
    let mut at_work = kim.clone();
    at_work["automaticRepliesSetting"] = json!({ "status": "disabled" });
    assert_eq!(decide(at_work)["outcome"], "open");
    let decided = decide(json!({ "unknown": "userMissing" }));
    assert_eq!(decided["outcome"], "open");
    assert_eq!(unknown(&decided), ["userOutOfOffice: userMissing", "userHighRisk: userMissing"]);
    assert_eq!(decided["unknown"][0]["about"], "lee@contoso.example");
}

#[test]
fn an_object_has_the_keys_it_is_documented_with() {
    let folder = Folder::new();
    folder.event(ALERT);
    folder.write("facts.yaml", &all_good().to_string());
    let decided = folder.triage(&["--facts", "facts.yaml", ALERT]).remove(0);
    let mut keys: Vec<&str> = decided.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    let documented = [
        "alert",
        "classification",
        "determination",
        "determinedBy",
        "flags",
        "outcome",
        "reasons",
        "revision",
        "trace",
        "tunedBy",
        "tuning",
        "unknown",
    ];
    assert_eq!(keys, documented);
    assert_eq!(decided["alert"], "ca6b016779f552cc5023d8319a");
    assert_eq!(decided["revision"], "2026-11-21T09:42:17.782935300Z");
    assert_eq!(decided["determinedBy"], json!(["legitimate-travel"]));
    assert_eq!(decided["trace"][0]["playbook"], "legitimate-travel");
}

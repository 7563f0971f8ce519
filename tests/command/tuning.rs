//! `defuse tuning check`, `preview`, `from-alert` and `why`, over alerts in files.

use std::{fmt::Write as _, net::TcpListener};

use defuse_domain::Alert;
use defuse_flow::AlertStore as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    binary::root,
    diff::{TABLE, start},
    folder::{Folder, Ran},
};

/// A rule about the alerts of [`alert`], with `fields` in place of its own
pub(crate) fn rule(name: &str, fields: &[(&str, &str)]) -> String {
    let mut all = vec![
        ("apiVersion", "defuse/v1"),
        ("kind", "TuningRule"),
        ("name", name),
        ("owner", "secops@contoso.example"),
        ("reason", "the office in Oslo"),
        ("serviceSources", "[microsoftDefenderForCloudApps]"),
        ("alertTypes", "[impossibleTravel]"),
        ("scope", "organisation"),
        ("condition", OSLO),
        ("action", "hide"),
        ("expires", "2027-05-01T00:00:00Z"),
    ];
    for (name, value) in fields {
        all.retain(|(known, _)| known != name);
        all.push((name, value));
    }
    all.iter().fold(String::new(), |text, (name, value)| format!("{text}{name}: {value}\n"))
}

const OSLO: &str = "{ all: [{ alert: { severity: { atMost: medium } } }, \
    { evidence: { ip: { ipAddress: { inSubnet: 203.0.113.0/24 } } } }] }";

fn alert(id: &str, address: &str, more: Value) -> Value {
    let mut alert = json!({
        "id": id, "title": "Impossible travel activity", "severity": "medium",
        "detectorId": "impossibleTravel", "serviceSource": "microsoftDefenderForCloudApps",
        "createdDateTime": "2026-11-01T10:00:00Z", "lastUpdateDateTime": "2026-11-01T10:05:00Z",
        "evidence": [
            { "@odata.type": "#microsoft.graph.security.userEvidence",
              "userAccount": { "userPrincipalName": "kim@contoso.example" } },
            { "@odata.type": "#microsoft.graph.security.ipEvidence", "ipAddress": address,
              "verdict": "suspicious" },
        ],
    });
    alert.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    alert
}

fn lines(alerts: &[Value]) -> String {
    alerts.iter().fold(String::new(), |text, it| format!("{text}{it}\n"))
}

/// A folder with a rule, another one in force, and some alerts
pub(crate) fn folder() -> Folder {
    let folder = Folder::new();
    folder.write("oslo.yaml", &rule("oslo", &[]));
    let kim = [("scope", "{ users: [kim@contoso.example] }")];
    folder.write("infra/tuning/kim.yaml", &rule("kim", &kim));
    let late = json!({ "lastUpdateDateTime": "2026-11-02T10:00:00Z", "status": "resolved",
        "classification": "truePositive", "determination": "compromisedUser" });
    let alerts = [
        alert("a1", "203.0.113.1", json!({})),
        alert("a2", "192.0.2.1", json!({ "createdDateTime": "2026-11-03T10:00:00Z" })),
        alert("a3", "not an address", json!({})),
        alert("a4", "203.0.113.4", json!({ "title": "\u{1b}[2J\u{202e}hostile\n" })),
        alert("a5", "203.0.113.5", json!({ "detectorId": "mailForwarding" })),
        alert("a1", "203.0.113.1", late),
    ];
    folder.write("alerts/some.ndjson", &lines(&alerts));
    folder
}

/// Since the first of the alerts, whenever the test runs
const SINCE: &str = "99999d";

pub(crate) fn preview(folder: &Folder, more: &[&str]) -> Ran {
    let arguments =
        ["tuning", "preview", "oslo.yaml", "--alerts", "alerts", "--since", SINCE, "--share", "50"];
    folder.run(&[&arguments[..], more].concat())
}

/// What is printed but for the time that it begins with
fn without_since(out: &str) -> String {
    let (head, rest) = out.split_once('\n').unwrap();
    let (head, _) = head.split_once(" since ").unwrap();
    format!("{head}\n{rest}")
}

#[test]
fn a_preview_tells_what_a_rule_would_have_taken() {
    let ran = preview(&folder(), &[]);
    assert_eq!((ran.code, ran.said.as_str()), (Some(0), ""));
    insta::assert_snapshot!("preview", without_since(&ran.out));
}

#[test]
fn a_preview_tells_a_program_the_same() {
    let ran = preview(&folder(), &["--json", "--limit", "1"]);
    assert_eq!((ran.code, ran.said.as_str(), ran.out.lines().count()), (Some(0), "", 1));
    let mut told: Value = serde_json::from_str(&ran.out).unwrap();
    for changing in ["since", "version", "parts"] {
        assert!(!told.as_object_mut().unwrap().remove(changing).unwrap().is_null());
    }
    let a4 = json!({ "at": "2026-11-01T10:00:00Z", "alert": "a4",
        "title": "\u{1b}[2J\u{202e}hostile\n", "severity": "medium", "classification": null,
        "determination": null });
    let a1 = json!({ "at": "2026-11-01T10:00:00Z", "alert": "a1",
        "title": "Impossible travel activity", "severity": "medium",
        "classification": "truePositive", "determination": "compromisedAccount" });
    assert_eq!(
        told,
        json!({
            "rule": "oslo", "alerts": 5, "about": 4, "taken": 2, "truePositives": 1, "unknown": 1,
            "unreadable": 0, "missing": { "ipAddress": 1 }, "overlaps": { "kim": 2 },
            "savedRules": null, "notAsked": {},
            "warnings": [{ "takesTruePositives": 1 }, "namesNobody"],
            "takenTruePositives": [a1], "newest": [a4],
        })
    );
}

#[test]
fn a_preview_says_what_is_wrong_before_it_reads_anything() {
    let folder = folder();
    folder.write("oslo.yaml", &rule("oslo", &[("action", "hid"), ("scope", "nobody")]));
    let ran = preview(&folder, &[]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert!(ran.said.contains("did you mean `hide`?") && ran.said.contains("at scope"));

    let check = |arguments: &[&str], code: i32, words: &str| {
        let ran =
            folder.run(&[&["tuning", "preview", "infra/tuning/kim.yaml"], arguments].concat());
        assert_eq!((ran.code, ran.out.as_str()), (Some(code), ""), "{}", ran.said);
        assert!(ran.said.contains(words), "{}", ran.said);
    };
    check(&[], 1, "there is no state in .defuse; give --data or --table, or set DEFUSE_TABLE");
    check(&["--alerts", "nowhere"], 2, "cannot read nowhere");
    check(&["--since", "yesterday"], 2, "--since");
    check(&["--since=-3d"], 2, "write it without a minus");
    check(&["--share", "101"], 2, "write 0 to 100");
    check(&["--alerts", "alerts", "--config", "nowhere"], 2, "there is no folder nowhere");
}

#[test]
fn a_preview_of_no_alerts_or_of_none_about_it_says_so() {
    let folder = folder();
    folder.write("alerts/some.ndjson", "");
    let ran = preview(&folder, &[]);
    assert_eq!((ran.code, ran.said.as_str()), (Some(0), ""));
    assert!(ran.out.contains("it would have taken 0 of 0 alerts\n"), "{}", ran.out);
    assert!(ran.out.contains("WARNING: it would have taken nothing"), "{}", ran.out);
    folder.write("alerts/some.ndjson", "no JSON\n{\"id\":\"a1\"}\n");
    let out = preview(&folder, &[]).out;
    assert!(out.contains("1 more could not be read"), "{out}");
}

#[test]
fn ten_thousand_alerts_are_previewed_in_bounded_memory() {
    let folder = folder();
    for file in 0..10 {
        let mut text = String::new();
        for index in 0..1_000 {
            let id = format!("many{file}-{index}");
            let more = json!({ "description": "x".repeat(2_000) });
            writeln!(text, "{}", alert(&id, "203.0.113.7", more)).unwrap();
        }
        folder.write(&format!("alerts/many{file}.ndjson"), &text);
    }
    // Address space for the program, one file, and a fraction of the 30 MB that there are.
    let mut command = folder.command(&[]);
    let mut limited = std::process::Command::new("bash");
    let run = "ulimit -v 400000 && exec \"$@\"";
    limited.args(["-c", run, "bash"]).arg(command.get_program()).args([
        "tuning",
        "preview",
        "oslo.yaml",
        "--alerts",
        "alerts",
        "--since",
        SINCE,
        "--json",
    ]);
    limited.current_dir(folder.path("")).env_remove("DEFUSE_TABLE");
    let output = limited.output().unwrap();
    command.stdin(std::process::Stdio::null());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["alerts"], &told["taken"]), (&json!(10_005), &json!(10_002)));
    assert!(output.stdout.len() < 20_000);
}

#[test]
fn why_a_rule_holds_or_not_is_shown_part_by_part() {
    let folder = folder();
    let why = |rule: &str, id: &str, more: &[&str]| {
        let arguments = ["tuning", "why", rule, id, "--alerts", "alerts"];
        folder.run(&[&arguments[..], more].concat())
    };
    let missed = why("oslo.yaml", "a2", &[]);
    assert_eq!((missed.code, missed.said.as_str()), (Some(0), ""));
    insta::assert_snapshot!("why_it_does_not_hold", missed.out);
    let held = why("kim", "a4", &[]).out;
    assert!(held.contains("tuning rule kim (hide) holds") && held.contains("nothing is missing"));
    assert!(!held.contains(['\u{1b}', '\u{202e}']), "{held}");
    let told: Value = serde_json::from_str(&why("oslo.yaml", "a3", &["--json"]).out).unwrap();
    assert_eq!(told["trace"]["explanation"]["answer"], "unknown");
    assert!(
        told["missing"].as_str().unwrap().starts_with("ip: ipAddress is in 203.0.113.0/24, but")
    );

    let nothing = |rule: &str, id: &str, words: &str| {
        let ran = why(rule, id, &[]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
        assert!(ran.said.contains(words), "{}", ran.said);
    };
    nothing("kim", "a9", "there is no alert `a9`");
    nothing("kim", "a b", "no such alert: ");
    nothing("lee", "a1", "there is no tuning rule `lee`, and no file of that name");
}

#[test]
fn a_rule_filled_in_from_an_alert_is_good_once_owner_and_reason_are_written() {
    let folder = folder();
    let arguments = ["tuning", "from-alert", "a4", "--alerts", "alerts", "--trigger-only"];
    let ran = folder.run(&arguments);
    assert_eq!(ran.code, Some(0), "{}", ran.said);
    let (head, _) = ran.out.split_once("expires: ").unwrap();
    insta::assert_snapshot!("from_alert", head);
    insta::assert_snapshot!("from_alert_offers", ran.said);

    folder.write("new.yaml", &ran.out);
    let refused = folder.run(&["tuning", "check", "new.yaml"]);
    assert_eq!(refused.code, Some(2));
    assert!(refused.out.contains("at owner") && refused.out.contains("at reason"));
    let written = ran.out.replace("owner: \"\"", "owner: o").replace("reason: \"\"", "reason: r");
    folder.write("new.yaml", &written);
    let checked = folder.run(&["tuning", "check", "new.yaml"]);
    assert_eq!((checked.code, checked.said.as_str()), (Some(0), ""), "{}", checked.out);
    let why = folder.run(&["tuning", "why", "new.yaml", "a4", "--alerts", "alerts"]);
    assert!(why.out.contains("nothing is missing"), "{}", why.out);

    folder.write("alerts/odd.json", &alert("b1", "1", json!({ "evidence": [] })).to_string());
    let ran = folder.run(&["tuning", "from-alert", "b1", "--alerts", "alerts"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""));
    assert!(ran.said.contains("the alert has no evidence"), "{}", ran.said);
}

#[test]
fn every_sample_alert_can_be_filled_in_or_says_why_not() {
    let folder = Folder::new();
    let events = root().join("events/receive").display().to_string();
    let body = std::fs::read(root().join("events/receive/travel-list.json")).unwrap();
    for alert in defuse_domain::read_body(&body).into_iter().map(Result::unwrap) {
        let ran = folder.run(&["tuning", "from-alert", alert.id.as_str(), "--alerts", &events]);
        let said = ran.said.contains("no rule can be filled in: ");
        assert!(ran.code == Some(0) || (ran.code == Some(1) && said), "{}", ran.said);
    }
}

#[test]
fn a_check_names_every_mistake_of_a_rule_and_of_what_is_beside_it() {
    let folder = folder();
    let late = ("expires", "2037-05-01T00:00:00Z");
    let range = (
        "condition",
        "{ all: [{ alert: { severity: low } }, { evidence: any }, \
        { addressInNamedRange: office }] }",
    );
    folder.write("bad.yaml", &rule("kim", &[late, range]));
    let ran = folder.run(&["tuning", "check", "oslo.yaml", "bad.yaml", "missing.yaml"]);
    assert_eq!((ran.code, ran.said.as_str()), (Some(2), ""));
    for code in ["P017", "P018", "P020", "P022"] {
        assert!(ran.out.contains(&format!("error[{code}]")), "{code} is not in {}", ran.out);
    }
    assert!(ran.out.ends_with("4 mistakes\n"), "{}", ran.out);

    let json = folder.run(&["tuning", "check", "bad.yaml", "--format", "json"]);
    let told: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((json.code, told["problems"].as_array().map(Vec::len)), (Some(2), Some(3)));
    let sarif = folder.run(&["tuning", "check", "bad.yaml", "--format", "sarif"]);
    let told: Value = serde_json::from_str(&sarif.out).unwrap();
    assert_eq!(told["runs"][0]["results"].as_array().map(Vec::len), Some(3));

    // A rule of the folder is beside itself.
    let good = folder.run(&["tuning", "check", "infra/tuning/kim.yaml", "oslo.yaml"]);
    assert_eq!(good.code, Some(0), "{}", good.out);
    assert!(good.out.starts_with("infra/tuning/kim.yaml: tuning rule kim (hide), no mistakes\n"));
    let weekends = "[{ rrule: 'FREQ=WEEKLY;BYDAY=SA', starts: 2026-01-03T22:00:00, for: 8h, \
        timeZone: Europe/Oslo }]";
    folder.write("weekends.yaml", &rule("weekends", &[("windows", weekends)]));
    let windows = folder.run(&["tuning", "check", "weekends.yaml"]).out;
    assert_eq!(windows.matches("  holds from ").count(), 3, "{windows}");
    assert!(windows.contains("T22:00:00+01:00[Europe/Oslo] to "), "{windows}");
    let past = "[{ rrule: 'FREQ=WEEKLY;COUNT=1', starts: 2026-01-03T22:00:00, for: 8h, \
        timeZone: Europe/Oslo }]";
    folder.write("infra/tuning/past.yaml", &rule("past", &[("windows", past)]));
    let out = folder.run(&["tuning", "check", "infra/tuning/past.yaml"]).out;
    assert!(out.contains("  WARNING: its windows are past: it holds of nothing any more"), "{out}");
    let json = folder.run(&["tuning", "check", "infra/tuning/past.yaml", "--format", "json"]).out;
    let told: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(told["rules"][0]["windowsPast"], true);
    folder.events();
    let out = folder.run(&["check"]).out;
    assert!(out.contains("  tuning rule past holds of nothing: its windows are past\n"), "{out}");
    folder.write("again.yaml", &rule("oslo", &[]));
    let twice = folder.run(&["tuning", "check", "oslo.yaml", "again.yaml"]);
    assert!(twice.out.contains("`oslo` is the name of the tuning rule in oslo.yaml"));
}

#[test]
fn a_check_of_the_folder_tells_of_rules_that_hold_of_nothing() {
    let folder = folder();
    folder.events();
    folder.write("infra/tuning/off.yaml", &rule("off", &[("enabled", "false")]));
    folder.write("infra/tuning/old.yaml", &rule("old", &[("expires", "2020-01-01T00:00:00Z")]));
    let ran = folder.run(&["check"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(ran.out.contains("3 tuning rules"), "{}", ran.out);
    assert!(ran.out.contains("  tuning rule off is turned off: it holds of nothing\n"));
    let old = "  tuning rule old is out of force since 2020-01-01T00:00:00Z: it holds of nothing\n";
    assert!(ran.out.contains(old), "{}", ran.out);
    assert!(!ran.out.contains("rule kim"), "{}", ran.out);
}

#[test]
fn a_difference_of_tuning_rules_is_told_in_words() {
    let folder = folder();
    for name in ["settings.yaml", "playbooks/legitimate-travel.yaml", "tuning/kim.yaml"] {
        let text = std::fs::read_to_string(folder.path("infra").join(name)).unwrap();
        folder.write(&format!("old/{name}"), &text);
    }
    folder.write("old/tuning/gone.yaml", &rule("gone", &[("enabled", "false")]));
    folder.write("infra/tuning/new.yaml", &rule("new", &[]));
    let other = [
        ("enabled", "false"),
        ("scope", "{ users: [lee@contoso.example], deviceGroups: [Lab] }"),
        ("action", "{ resolve: { falsePositive: notMalicious } }"),
        ("expires", "2027-01-01T00:00:00Z"),
        ("alertTypes", "any"),
        ("condition", "{ all: [{ alert: { severity: low } }, { evidence: any }] }"),
    ];
    folder.write("infra/tuning/kim.yaml", &rule("kim", &other));
    let ran = folder.run(&["diff", "--against", "old", "--json"]);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        told["changes"],
        json!([
            { "file": "tuning/gone.yaml", "change": "removed", "differences": [
                "tuning rule gone (hide; the organisation; until 2027-05-01T00:00:00Z, turned off) \
                 goes"] },
            { "file": "tuning/kim.yaml", "change": "changed", "differences": [
                "turned: on → off",
                "action: hide → resolve as false positive: not malicious",
                "scope: users kim@contoso.example → device groups Lab, users lee@contoso.example",
                "expires: 2027-05-01T00:00:00Z → 2027-01-01T00:00:00Z",
                "alert types: impossibleTravel → any",
                "condition changed",
            ]},
            { "file": "tuning/new.yaml", "change": "added", "differences": [
                "tuning rule new (hide; the organisation; until 2027-05-01T00:00:00Z)"] },
        ])
    );
}

#[test]
fn what_the_deployed_table_keeps_is_previewed_and_filled_in() {
    let runtime = Runtime::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let store = runtime.block_on(start(listener, &endpoint));
    for index in 0..150 {
        let alert = alert(&format!("a{index}"), "203.0.113.1", json!({}));
        let alert = Alert::read(&alert.to_string()).unwrap();
        runtime.block_on(store.store(&alert, Timestamp::now())).unwrap();
    }
    let folder = Folder::with_variables(&[
        ("AWS_ENDPOINT_URL_DYNAMODB", endpoint),
        ("AWS_ACCESS_KEY_ID", "none".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "none".to_owned()),
        ("DEFUSE_TABLE", TABLE.to_owned()),
    ]);
    folder.write("oslo.yaml", &rule("oslo", &[]));
    let ran = folder.run(&["tuning", "preview", "oslo.yaml", "--since", SINCE]);
    assert_eq!((ran.code, ran.said.as_str()), (Some(0), ""));
    let words = "it would have taken 150 of 150 alerts (100.0 %)";
    assert!(ran.out.contains(words) && ran.out.contains("more than 5 %"), "{}", ran.out);
    let filled = folder.run(&["tuning", "from-alert", "a7"]);
    assert!(filled.out.contains("# Filled in from alert \"a7\""), "{}", filled.said);
    let why = folder.run(&["tuning", "why", "oslo.yaml", "a7"]);
    assert!(why.out.contains("tuning rule oslo (hide) holds"), "{}", why.said);
}

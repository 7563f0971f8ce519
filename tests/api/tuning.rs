//! Tuning rules over the API: who may write which, what a scope hides, and two who write one.

use std::fmt::Write as _;

use defuse_domain::{
    Alert, AlertId, GrantScope, RuleBook, ServiceSource, TuningRuleName, Unknown, UnknownReason,
};
use defuse_flow::{AlertStore as _, MatchLog as _, Triage, TuningStore as _};
use defuse_testkit::FixedFacts;
use serde_json::{Value, json};

use crate::world::{Answered, DEVELOPMENT, World, now, world};

const RULES: &str = "/v1/tuning-rules";
const ENDPOINT: &str = "microsoftDefenderForEndpoint";
const LEAKS: &str = "dataLossPrevention";

/// A rule that hides what is on device group `Archive`
fn rule(name: &str) -> Value {
    json!({
        "apiVersion": "defuse/v1", "kind": "TuningRule", "name": name,
        "owner": "secops@contoso.example", "reason": "A yearly archive.",
        "serviceSources": [LEAKS], "alertTypes": "any", "scope": { "deviceGroups": ["Archive"] },
        "condition": { "all": [{ "alert": { "severity": { "atMost": "low" } } },
            { "evidence": "any" }] },
        "action": "hide", "expires": "2027-05-31T00:00:00Z",
    })
}

fn with(mut rule: Value, field: &str, value: Value) -> Value {
    rule[field] = value;
    rule
}

fn scope(sources: &[ServiceSource], groups: &[&str]) -> GrantScope {
    GrantScope {
        service_sources: sources.iter().copied().collect(),
        device_groups: groups.iter().map(|it| (*it).to_owned()).collect(),
    }
}

async fn send(world: &World, token: &str, asked: (&str, &str), body: &Value) -> Answered {
    world.ask(token, asked, &[], &body.to_string()).await
}

async fn get(world: &World, token: &str, path: &str) -> Answered {
    world.ask(token, ("GET", path), &[], "").await
}

async fn put(world: &World, token: &str, (name, version): (&str, &str), body: &Value) -> Answered {
    let path = format!("{RULES}/{name}");
    world.ask(token, ("PUT", &path), &[("if-match", version)], &body.to_string()).await
}

/// Keeps an alert on a device of `Archive`
async fn alert(world: &World, id: &str, source: &str) {
    let text = json!({
        "id": id, "title": "Many files read", "status": "new", "severity": "low",
        "serviceSource": source, "detectorId": "many-files",
        "createdDateTime": "2026-11-23T11:00:00Z", "lastUpdateDateTime": "2026-11-23T11:00:00Z",
        "evidence": [{ "@odata.type": "#microsoft.graph.security.deviceEvidence",
            "deviceDnsName": "arc-01.contoso.example", "rbacGroupName": "Archive" }],
    });
    world.store.store(&Alert::read(&text.to_string()).unwrap(), now()).await.unwrap();
}

#[tokio::test]
async fn what_a_rule_demands_decides_who_may_write_it() {
    let world = world().await;
    let organisation = with(rule(""), "scope", json!("organisation"));
    let users = with(rule(""), "scope", json!({ "users": ["kim@contoso.example"] }));
    let mixed = json!({ "users": ["kim@contoso.example"], "deviceGroups": ["Archive"] });
    let rules = [
        ("device group", rule("")),
        ("device", with(rule(""), "scope", json!({ "devices": ["arc-01"] }))),
        ("organisation", organisation),
        ("users alone", users),
        ("users and group", with(rule(""), "scope", mixed)),
        ("two sources", with(rule(""), "serviceSources", json!([LEAKS, ENDPOINT]))),
    ];
    let leaks = [ServiceSource::DataLossPrevention];
    let people = [
        ("administrator", "securityAdministrator", scope(&[], &[])),
        ("operator", "securityOperator", scope(&[], &[])),
        ("operator, leaks", "securityOperator", scope(&leaks, &[])),
        ("operator, Archive", "securityOperator", scope(&[], &["Archive", "Labs"])),
        ("operator, Labs", "securityOperator", scope(&[], &["Labs"])),
        ("administrator, leaks", "securityAdministrator", scope(&leaks, &[])),
        ("compliance", "complianceAdministrator", scope(&[], &[])),
        ("reader", "securityReader", scope(&[], &[])),
    ];
    let mut table = format!("{:<22}", "");
    for (what, _) in &rules {
        write!(table, "{what:<17}").unwrap();
    }
    for (index, (who, role, scope)) in people.into_iter().enumerate() {
        let token = world.token_for(role, scope).await;
        write!(table, "\n{who:<22}").unwrap();
        for (number, (what, rule)) in rules.iter().enumerate() {
            let rule = with(rule.clone(), "name", json!(format!("rule-{index}-{number}")));
            let saved = send(&world, &token, ("POST", RULES), &rule).await;
            write!(table, "{:<17}", saved.status).unwrap();
            let checked = send(&world, &token, ("POST", "/v1/tuning/check"), &rule).await;
            let may_save = checked.body["maySave"].as_bool().unwrap();
            assert_eq!(may_save, saved.status == 201, "{who}, {what}: {}", checked.body);
            if saved.status == 403 {
                assert_eq!(saved.code(), "forbidden");
            }
        }
    }
    let table: Vec<&str> = table.lines().map(str::trim_end).collect();
    let table = format!("{}\n", table.join("\n"));
    assert!(table == include_str!("tuning.txt"), "tuning.txt should be\n{table}");
}

#[tokio::test]
async fn a_refusal_says_what_is_missing() {
    let world = world().await;
    let leaks = [ServiceSource::DataLossPrevention];
    let operator = world.token_for("securityOperator", scope(&leaks, &[])).await;
    let check = async |rule: Value, expected: &str| {
        let answer = send(&world, &operator, ("POST", RULES), &rule).await;
        let detail = answer.body["detail"].as_str().unwrap();
        assert_eq!(answer.status, 403);
        assert!(detail.contains(expected), "{detail}");
    };
    let organisation = with(rule("a"), "scope", json!("organisation"));
    check(organisation, "needs the permission `manageTuningForAll`").await;
    let sources = with(rule("a"), "serviceSources", json!([ENDPOINT]));
    check(sources, &format!("lets you tune alerts of `{ENDPOINT}`")).await;
}

#[tokio::test]
async fn what_is_out_of_scope_is_not_there() {
    let world = world().await;
    let other = with(rule("other"), "serviceSources", json!([LEAKS, ENDPOINT]));
    let made = send(&world, DEVELOPMENT, ("POST", RULES), &other).await;
    assert_eq!(made.status, 201, "{}", made.body);
    send(&world, DEVELOPMENT, ("POST", RULES), &rule("own")).await;
    let leaks = [ServiceSource::DataLossPrevention];
    let scoped = world.token_for("securityAdministrator", scope(&leaks, &[])).await;
    let names = |answer: &Answered| -> Vec<String> {
        let rules = answer.body["rules"].as_array().unwrap().iter();
        rules.map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    };
    let all = get(&world, DEVELOPMENT, RULES).await;
    assert_eq!(names(&all), ["attack-simulation", "backup-agent", "other", "own"]);
    assert_eq!(names(&get(&world, &scoped, RULES).await), ["own"]);
    for (asked, body) in [
        (("GET", "/v1/tuning-rules/other"), ""),
        (("GET", "/v1/tuning-rules/backup-agent"), ""),
        (("GET", "/v1/tuning-rules/other/why?alert=dl1"), ""),
        (("POST", "/v1/tuning-rules/other/off"), ""),
        (("POST", "/v1/tuning-rules/other/release"), ""),
        (("DELETE", "/v1/tuning-rules/other"), ""),
    ] {
        let answer = world.ask(&scoped, asked, &[], body).await;
        assert_eq!((answer.status, answer.code()), (404, "notFound"), "for {asked:?}");
    }
    assert_eq!(put(&world, &scoped, ("other", "\"1\""), &other).await.status, 404);
    let labs = world.token_for("securityOperator", scope(&[], &["Labs"])).await;
    assert_eq!(names(&get(&world, &labs, RULES).await), Vec::<String>::new());
    // Whoever may see no rule at all is told so.
    let nobody = world.token("noSuchRole", None).await;
    assert_eq!(get(&world, &nobody, RULES).await.status, 403);
}

#[tokio::test]
async fn a_list_is_filtered_and_paged() {
    let world = world().await;
    send(&world, DEVELOPMENT, ("POST", RULES), &rule("a")).await;
    send(&world, DEVELOPMENT, ("POST", RULES), &rule("b")).await;
    world.ask(DEVELOPMENT, ("POST", "/v1/tuning-rules/b/off"), &[], "").await;
    for (query, expected) in [
        ("", "a attack-simulation b backup-agent"),
        ("?from=saved", "a b"),
        ("?state=off", "b"),
        ("?serviceSource=dataLossPrevention&state=on", "a"),
        ("?limit=2&after=a", "attack-simulation b"),
    ] {
        let answer = get(&world, DEVELOPMENT, &format!("{RULES}{query}")).await;
        let rules = answer.body["rules"].as_array().unwrap().iter();
        let names: Vec<&str> = rules.map(|it| it["name"].as_str().unwrap()).collect();
        assert_eq!(names.join(" "), expected, "for {query}");
    }
    for query in ["?state=of", "?serviceSource=sentinel", "?from=", "?x=1"] {
        let answer = get(&world, DEVELOPMENT, &format!("{RULES}{query}")).await;
        assert_eq!((answer.status, answer.code()), (400, "badQuery"), "for {query}");
    }
}

#[tokio::test]
async fn of_two_who_write_one_rule_one_is_told() {
    let world = world().await;
    let made = send(&world, DEVELOPMENT, ("POST", RULES), &rule("r")).await;
    assert_eq!(made.etag.as_deref(), Some("\"1\""));
    let text = |reason: &str| with(rule("r"), "reason", json!(reason));
    let (left, right) = (text("left"), text("right"));
    let (left, right) = tokio::join!(
        put(&world, DEVELOPMENT, ("r", "\"1\""), &left),
        put(&world, DEVELOPMENT, ("r", "\"1\""), &right),
    );
    let mut codes = [(left.status, left.code()), (right.status, right.code())];
    codes.sort_unstable();
    assert_eq!(codes, [(200, ""), (412, "versionMoved")]);
    let shown = get(&world, DEVELOPMENT, "/v1/tuning-rules/r").await.body;
    assert_eq!((&shown["version"], shown["history"].as_array().unwrap().len()), (&json!(2), 2));

    let path = ("PUT", "/v1/tuning-rules/r");
    let none = world.ask(DEVELOPMENT, path, &[], &rule("r").to_string()).await;
    assert_eq!((none.status, none.code()), (428, "versionMissing"));
    let other = put(&world, DEVELOPMENT, ("r", "\"2\""), &rule("s")).await;
    assert_eq!((other.status, other.code()), (422, "unfit"));
    let deployed = rule("backup-agent");
    let deployed = put(&world, DEVELOPMENT, ("backup-agent", "\"1\""), &deployed).await;
    assert!(deployed.body["detail"].as_str().unwrap().contains("is deployed from a file"));
}

#[tokio::test]
async fn a_rule_that_is_sent_twice_is_saved_once() {
    let world = world().await;
    let key = [("idempotency-key", "k1")];
    let body = rule("r").to_string();
    let first = world.ask(DEVELOPMENT, ("POST", RULES), &key, &body).await;
    let again = world.ask(DEVELOPMENT, ("POST", RULES), &key, &body).await;
    assert_eq!((first.status, &first.etag, &first.body), (201, &again.etag, &again.body));
    // A repeat whose answer was lost has no key of before.
    let lost = send(&world, DEVELOPMENT, ("POST", RULES), &rule("r")).await;
    assert_eq!((lost.status, &lost.body["version"]), (201, &json!(1)));
    let taken = with(rule("r"), "reason", json!("another"));
    for taken in [taken, rule("backup-agent")] {
        let answer = send(&world, DEVELOPMENT, ("POST", RULES), &taken).await;
        assert_eq!((answer.status, answer.code()), (422, "unfit"));
        assert!(answer.body["detail"].as_str().unwrap().contains("is taken"));
    }
}

#[tokio::test]
async fn every_mistake_of_a_rule_is_said() {
    let world = world().await;
    let mut bad = with(rule("Not A Name"), "action", json!("hid"));
    bad = with(bad, "expires", json!("2030-01-01T00:00:00Z"));
    bad["condition"] = json!({ "alert": { "title": "x" } });
    bad.as_object_mut().unwrap().remove("owner");
    for path in [RULES, "/v1/tuning/check", "/v1/tuning/preview"] {
        let answer = send(&world, DEVELOPMENT, ("POST", path), &bad).await;
        assert_eq!((answer.status, answer.code()), (422, "invalid"), "for {path}");
        let problems = answer.body["problems"].as_array().unwrap();
        let paths: Vec<&str> = problems.iter().map(|it| it["path"].as_str().unwrap()).collect();
        for expected in ["name", "action", "condition", "owner"] {
            let is_named = paths.contains(&expected)
                || problems.iter().any(|it| it["message"].as_str().unwrap().contains(expected));
            assert!(is_named, "{expected} is not in {problems:?}");
        }
    }
    let late = with(rule("late"), "expires", json!("2030-01-01T00:00:00Z"));
    let late = send(&world, DEVELOPMENT, ("POST", RULES), &late).await;
    assert_eq!(late.body["problems"][0]["code"], "P022");
    let range = json!({ "all": [{ "alert": { "severity": { "atMost": "low" } } },
        { "evidence": "any" }, { "addressInNamedRange": "nowhere" }] });
    let range = with(rule("r"), "condition", range);
    assert_eq!(send(&world, DEVELOPMENT, ("POST", RULES), &range).await.status, 422);
    for (body, expected) in [
        ("kind: TuningRule", (400, "notJson")),
        ("", (400, "notJson")),
        ("[]", (422, "invalid")),
        (r#"{ "kind": "TuningRule", "kind": "TuningRule" }"#, (422, "invalid")),
    ] {
        let answer = world.ask(DEVELOPMENT, ("POST", RULES), &[], body).await;
        assert_eq!((answer.status, answer.code()), expected, "for {body}");
    }
}

#[tokio::test]
async fn letters_beyond_the_first_plane_are_kept() {
    let world = world().await;
    // JSON writes such a letter as a pair of escapes, which YAML knows nothing of.
    let body = rule("r").to_string().replace("A yearly archive.", "An archive \\ud83d\\uddc4.");
    assert_eq!(world.ask(DEVELOPMENT, ("POST", RULES), &[], &body).await.status, 201);
    let shown = get(&world, DEVELOPMENT, "/v1/tuning-rules/r").await.body;
    assert_eq!(
        (&shown["reason"], &shown["rule"]["reason"]),
        (&json!("An archive \u{1f5c4}."), &json!("An archive \u{1f5c4}."),)
    );
}

#[tokio::test]
async fn a_preview_counts_what_is_in_scope() {
    let world = world().await;
    alert(&world, "dl1", LEAKS).await;
    alert(&world, "dl2", LEAKS).await;
    alert(&world, "ed1", ENDPOINT).await;
    let both = with(rule("both"), "serviceSources", json!([LEAKS, ENDPOINT]));
    send(&world, DEVELOPMENT, ("POST", RULES), &with(both.clone(), "name", json!("other"))).await;
    let leaks = [ServiceSource::DataLossPrevention];
    let scoped = world.token_for("securityAdministrator", scope(&leaks, &[])).await;
    let preview = ("POST", "/v1/tuning/preview?days=2&newest=1");
    let all = send(&world, DEVELOPMENT, preview, &both).await;
    assert_eq!(all.status, 200, "{}", all.body);
    let counts = |it: &Answered| (it.body["alerts"].clone(), it.body["taken"].clone());
    assert_eq!(counts(&all), (json!(3), json!(3)));
    assert_eq!(
        (&all.body["overlaps"], &all.body["unreadable"]),
        (&json!({ "other": 3 }), &json!(0))
    );
    assert_eq!(
        (&all.body["isWhole"], all.body["newest"].as_array().unwrap().len()),
        (&json!(true), 1)
    );
    let own = send(&world, &scoped, preview, &both).await;
    assert_eq!(counts(&own), (json!(2), json!(2)));
    assert_eq!((&own.body["overlaps"], &own.body["unreadable"]), (&json!({}), &json!(null)));
    assert!(!own.body.to_string().contains("ed1"));
    let bad = send(&world, &scoped, ("POST", "/v1/tuning/preview?days=0"), &both).await;
    assert_eq!(bad.code(), "badQuery");
    let reader = world.token("securityReader", None).await;
    assert_eq!(send(&world, &reader, preview, &both).await.status, 403);
}

#[tokio::test]
async fn the_past_of_a_rule_is_in_scope_too() {
    let world = world().await;
    let wide = with(rule("r"), "serviceSources", json!([LEAKS, ENDPOINT]));
    send(&world, DEVELOPMENT, ("POST", RULES), &wide).await;
    let name = TuningRuleName::parse("r").unwrap();
    world.store.count(&[name], &AlertId::parse("ed1").unwrap(), now()).await.unwrap();
    assert_eq!(put(&world, DEVELOPMENT, ("r", "\"1\""), &rule("r")).await.status, 200);
    let leaks = [ServiceSource::DataLossPrevention];
    let scoped = world.token_for("securityReader", scope(&leaks, &[])).await;
    let shown = get(&world, &scoped, "/v1/tuning-rules/r").await.body;
    assert_eq!((&shown["matches"], &shown["perDay"]), (&json!(null), &json!(null)));
    assert_eq!(shown["history"][0]["text"], json!(null));
    assert!(shown["history"][1]["text"].is_string());
    assert!(!shown.to_string().contains(ENDPOINT));
    let listed = get(&world, &scoped, RULES).await.body;
    assert_eq!(listed["rules"][0]["matches"], json!(null));
    let shown = get(&world, DEVELOPMENT, "/v1/tuning-rules/r").await.body;
    assert_eq!((&shown["matches"], &shown["perDay"]), (&json!(1), &json!({ "2026-11-23": 1 })));
}

#[tokio::test]
async fn a_rule_is_filled_in_from_an_alert_and_explained() {
    let world = world().await;
    alert(&world, "dl1", LEAKS).await;
    let filled = get(&world, DEVELOPMENT, "/v1/alerts/dl1/tuning-rule").await;
    assert_eq!(filled.status, 200, "{}", filled.body);
    assert_eq!(filled.body["leftToWrite"], json!(["owner", "reason"]));
    let filled = with(filled.body["rule"].clone(), "owner", json!("secops@contoso.example"));
    let filled = with(filled, "reason", json!("A yearly archive."));
    let made = send(&world, DEVELOPMENT, ("POST", RULES), &filled).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let name = made.body["name"].as_str().unwrap();
    let why = get(&world, DEVELOPMENT, &format!("{RULES}/{name}/why?alert=dl1")).await.body;
    assert_eq!((&why["answer"], &why["alert"]), (&json!("true"), &json!("dl1")));
    let why = get(&world, DEVELOPMENT, "/v1/tuning-rules/backup-agent/why?alert=dl1").await.body;
    assert_eq!(why["answer"], "false");
    assert!(why["missing"].as_str().unwrap().contains("service source"), "{why}");

    let scoped = world.token("securityReader", Some(ServiceSource::DefenderForEndpoint)).await;
    assert_eq!(get(&world, &scoped, "/v1/alerts/dl1/tuning-rule").await.status, 404);
    let none = get(&world, DEVELOPMENT, "/v1/tuning-rules/backup-agent/why").await;
    assert_eq!((none.status, none.code()), (400, "badQuery"));
    world.alert("dl2", LEAKS).await;
    let bare = get(&world, DEVELOPMENT, "/v1/alerts/dl2/tuning-rule?anyAlertType=true").await;
    assert_eq!((bare.status, bare.code()), (422, "unfit"));
}

#[tokio::test]
async fn what_a_deleted_rule_hid_is_taken_out_again() {
    let world = world().await;
    send(&world, DEVELOPMENT, ("POST", RULES), &rule("r")).await;
    let facts = FixedFacts::new(|_, _| Err(Unknown::because(UnknownReason::NotAsked)));
    let triage = Triage::new(RuleBook::default(), facts, world.store.clone());
    let name = TuningRuleName::parse("r").unwrap();
    for id in ["dl1", "dl2"] {
        alert(&world, id, LEAKS).await;
        let id = AlertId::parse(id).unwrap();
        triage.triage(&id, now()).await.unwrap();
        world.store.count(std::slice::from_ref(&name), &id, now()).await.unwrap();
    }
    let state = async |id: &str| {
        get(&world, DEVELOPMENT, &format!("/v1/alerts/{id}")).await.body["state"].clone()
    };
    assert_eq!((state("dl1").await, state("dl2").await), (json!("hidden"), json!("hidden")));
    let off = world.ask(DEVELOPMENT, ("POST", "/v1/tuning-rules/r/off"), &[], "").await;
    assert_eq!((&off.body["state"], off.etag.as_deref()), (&json!("off"), Some("\"2\"")));
    let on = world.ask(DEVELOPMENT, ("POST", "/v1/tuning-rules/r/on"), &[], "").await;
    assert_eq!(on.body["state"], "on");
    let path = ("DELETE", "/v1/tuning-rules/r?release=true");
    let deleted = world.ask(DEVELOPMENT, path, &[], "").await;
    assert_eq!(deleted.body["released"], json!({ "released": ["dl1", "dl2"], "failed": [] }));
    assert_eq!((state("dl1").await, state("dl2").await), (json!("pending"), json!("pending")));
    let release = ("POST", "/v1/tuning-rules/r/release");
    let again = world.ask(DEVELOPMENT, release, &[], "").await;
    assert_eq!((again.status, &again.body["released"]), (200, &json!([])));
    assert_eq!(get(&world, DEVELOPMENT, "/v1/tuning-rules/r").await.body["state"], "deleted");
    let changes = world.store.changes(&name).await.unwrap();
    assert_eq!(changes.len(), 4);
    assert!(changes.iter().all(|it| it.by == "development"));
}

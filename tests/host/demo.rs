//! `defuse demo --once`: its stories end as they should, and every event file is played.

use std::{collections::BTreeSet, fs, process::Output};

use defuse_domain::{UnknownFact, read_body};
use serde_json::Value;
use tokio::{sync::OnceCell, time::timeout};

use crate::{
    binary::root,
    dev::command,
    world::{LIMIT, texts, words},
};

const LEGITIMATE_TRAVEL: [&str; 2] = ["informationalExpectedActivity", "confirmedActivity"];

async fn run(arguments: &[&str]) -> Output {
    let mut command = command();
    command.args(arguments);
    timeout(2 * LIMIT, command.output()).await.unwrap().unwrap()
}

/// Everything the demo says, an object each
async fn played() -> &'static [Value] {
    static PLAYED: OnceCell<Vec<Value>> = OnceCell::const_new();
    PLAYED
        .get_or_init(async || {
            let output = run(&["demo", "--once", "--json"]).await;
            let (out, said) = (output.stdout, String::from_utf8(output.stderr).unwrap());
            assert_eq!((output.status.code(), said.as_str()), (Some(0), ""));
            let out = String::from_utf8(out).unwrap();
            out.lines().map(|it| serde_json::from_str(it).unwrap()).collect()
        })
        .await
}

/// The alerts of an event file, in order
fn ids(file: &str) -> Vec<(String, String)> {
    let body = fs::read(root().join("events/receive").join(file)).unwrap();
    let alerts = read_body(&body).into_iter().map(Result::unwrap);
    alerts.map(|it| (it.id.to_string(), it.revision().to_string())).collect()
}

/// What became of the only alert of a file
async fn story(file: &str) -> &'static Value {
    let (id, revision) = ids(file).remove(0);
    let mut of_it = played().await.iter().filter(|it| it["alert"] == id.as_str());
    of_it.find(|it| it["revision"] == revision.as_str()).unwrap()
}

fn effects(played: &Value) -> Vec<(&str, &Value)> {
    let effects = played["effects"].as_array().unwrap();
    effects.iter().map(|it| (it["target"].as_str().unwrap(), it)).collect()
}

#[tokio::test]
async fn travel_of_a_user_on_leave_is_resolved_at_graph_and_then_told() {
    for file in ["impossible-travel.json", "atypical-travel-entra.json"] {
        let (id, _) = ids(file).remove(0);
        let played = story(file).await;
        assert_resolved(played);
        let [(patch, patched), (comment, commented), (card, told)] = effects(played)[..] else {
            panic!("{file}: {:#}", played["effects"]);
        };
        assert_eq!(patch, format!("PATCH /v1.0/security/alerts_v2/{id}"));
        assert_eq!(patched["sent"]["status"], "resolved");
        assert_eq!(patched["sent"]["classification"], LEGITIMATE_TRAVEL[0]);
        assert_eq!(patched["sent"]["determination"], LEGITIMATE_TRAVEL[1]);
        assert_eq!(comment, format!("POST /v1.0/security/alerts_v2/{id}/comments"));
        assert_told_last(&[patched, commented, told]);
        assert_eq!(card, "POST /teams/soc");
        assert!(texts(&told["sent"]).contains("Alert resolved"));
    }
}

#[tokio::test]
async fn an_alert_that_cloud_apps_sent_is_closed_there_as_benign() {
    let played = story("infrequent-country-cloud-apps.json").await;
    assert_resolved(played);
    let [(close, closed), (card, told)] = effects(played)[..] else {
        panic!("{:#}", played["effects"]);
    };
    assert_eq!(close, "POST /cas/api/v1/alerts/close_benign/");
    assert_eq!(closed["sent"]["reasonId"], 5);
    assert_eq!(closed["sent"]["filters"]["id"]["eq"][0], "6b003c136ca18f87c57aad11");
    assert!(closed["sent"]["comment"].as_str().unwrap().starts_with("Legitimate travel"));
    assert_told_last(&[closed, told]);
    assert_eq!(card, "POST /teams/soc");
}

#[track_caller]
fn assert_resolved(played: &Value) {
    assert_eq!(played["outcome"], "resolved", "{played:#}");
    let given = [&played["classification"], &played["determination"]];
    assert_eq!(given, LEGITIMATE_TRAVEL);
    assert_eq!(played["determinedBy"], serde_json::json!(["legitimate-travel"]));
}

/// Every effect succeeded, one after the other
#[track_caller]
fn assert_told_last(effects: &[&Value]) {
    assert!(effects.iter().all(|it| (200..300).contains(&it["answer"].as_u64().unwrap())));
    let times: Vec<jiff::Timestamp> =
        effects.iter().map(|it| it["at"].as_str().unwrap().parse().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
}

#[tokio::test]
async fn what_stays_open_is_told_with_everything_that_was_unknown() {
    for file in [
        "impossible-travel-high-risk-user.json",
        "impossible-travel-not-away.json",
        "impossible-travel-no-user.json",
        "impossible-travel-account-name-only.json",
        "impossible-travel-no-first-activity.json",
        "impossible-travel-entra.json",
        "impossible-travel-flow.json",
        "infrequent-country-new-country.json",
        "wrong-types.json",
    ] {
        let played = story(file).await;
        assert_eq!(played["outcome"], "open", "{file}");
        let [(target, told)] = effects(played)[..] else {
            panic!("{file}: {:#}", played["effects"]);
        };
        assert_eq!((target, &told["answer"]), ("POST /teams/soc", &202.into()), "{file}");
        let card = words(&texts(&told["sent"]));
        assert!(card.contains("Alertneedsyoureyes"), "{file}");
        for unknown in played["unknown"].as_array().unwrap() {
            let unknown: UnknownFact = serde_json::from_value(unknown.clone()).unwrap();
            let said = words(&unknown.to_string());
            assert!(card.contains(&said), "{file}: the card does not say {said}: {card}");
        }
    }
    let unknown_of = async |file| story(file).await["unknown"].as_array().unwrap().len();
    assert_eq!(unknown_of("impossible-travel-high-risk-user.json").await, 0);
    assert!(unknown_of("impossible-travel-no-user.json").await >= 3);
}

#[tokio::test]
async fn what_is_expected_is_resolved_or_hidden_and_what_just_misses_a_rule_says_why() {
    let resolved = story("tuned-attack-simulation.json").await;
    assert_eq!(resolved["tunedBy"], serde_json::json!(["attack-simulation"]));
    assert_eq!(
        [&resolved["outcome"], &resolved["classification"], &resolved["determination"]],
        ["resolved", "informationalExpectedActivity", "securityTesting"]
    );
    let [(patch, _), (_, comment)] = effects(resolved)[..] else {
        panic!("{:#}", resolved["effects"]);
    };
    assert!(patch.starts_with("PATCH /v1.0/security/alerts_v2/da3c5f7a90"), "{patch}");
    let said = comment["sent"]["comment"].as_str().unwrap();
    assert!(said.starts_with("Expected, by tuning rule attack-simulation: The red team"), "{said}");

    let hidden = story("tuned-backup-agent.json").await;
    assert_eq!((&hidden["outcome"], effects(hidden).len()), (&"hidden".into(), 0));
    assert_eq!(hidden["tunedBy"], serde_json::json!(["backup-agent"]));

    let missed = story("tuned-near-miss.json").await;
    assert_eq!(missed["outcome"], "open");
    let [rule] = &missed["notTunedBy"].as_array().unwrap()[..] else { panic!("{missed:#}") };
    assert_eq!(rule["rule"], "backup-agent");
    let missing = rule["missing"].as_str().unwrap();
    for part in ["process: imageFile.sha256 is `eb370ccced91", "but the alert has `92491513da3d"] {
        assert!(missing.contains(part), "{missing}");
    }
}

#[tokio::test]
async fn nothing_but_what_is_resolved_is_changed_at_its_source() {
    for played in played().await {
        let changed = effects(played).iter().any(|(target, _)| !target.starts_with("POST /teams/"));
        // Only what a rule determined; what was resolved at its source is left alone.
        let by = |it: &str| played[it].as_array().is_some_and(|it| !it.is_empty());
        let resolved = played["outcome"] == "resolved" && (by("determinedBy") || by("tunedBy"));
        assert_eq!(changed, resolved, "{played:#}");
    }
}

#[tokio::test]
async fn every_effect_stands_with_its_own_alert() {
    for played in played().await {
        let Some(id) = played["alert"].as_str() else { continue };
        for (target, effect) in effects(played) {
            let said = words(&format!("{target} {}", effect["sent"]));
            let provider_id = id.strip_prefix("ca").unwrap_or(id);
            assert!(said.contains(&words(provider_id)), "{id}: {effect:#}");
        }
    }
}

#[tokio::test]
async fn repeats_and_older_revisions_have_no_effect() {
    let repeated = ids("impossible-travel-repeated.ndjson");
    assert_eq!(repeated.len(), 3);
    let times = |id: &str| {
        let id = id.to_owned();
        async move { played().await.iter().filter(|it| it["alert"] == id.as_str()).count() }
    };
    assert_eq!(times(&repeated[0].0).await, 1);
    // Files are played by name: the newer revision comes first.
    let (newer, older) = (
        ids("impossible-travel-newer-revision.json").remove(0),
        ids("impossible-travel-older-revision.json").remove(0),
    );
    assert!(newer.0 == older.0 && newer.1 > older.1);
    assert_eq!(times(&newer.0).await, 1);
    let notes = played().await.iter().filter(|it| it.get("note").is_some());
    let notes: Vec<(&str, usize)> =
        notes.map(|it| (it["note"].as_str().unwrap(), effects(it).len())).collect();
    assert!(notes.iter().all(|(_, n_effects)| *n_effects == 0), "{notes:?}");
    assert!(notes.iter().any(|(note, _)| note.contains("2 repeats")), "{notes:?}");
    assert!(notes.iter().any(|(note, _)| note.contains(&newer.0)), "{notes:?}");
}

#[tokio::test]
async fn every_event_file_is_accounted_for() {
    let of_events: BTreeSet<String> = fs::read_dir(root().join("events/receive"))
        .unwrap()
        .flat_map(|it| ids(it.unwrap().file_name().to_str().unwrap()))
        .map(|(id, _)| id)
        .collect();
    let of_demo = played().await.iter().filter_map(|it| it["alert"].as_str().map(str::to_owned));
    let of_demo: BTreeSet<String> = of_demo.collect();
    assert!(of_events.len() > 40);
    assert_eq!(of_demo, of_events);
}

#[tokio::test]
async fn what_a_person_sees_is_harmless_and_whole() {
    let output = run(&["demo", "--once"]).await;
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
    let out = String::from_utf8(output.stdout).unwrap();

    let moves_or_turns = |it: char| {
        (it.is_control() && it != '\n')
            || matches!(it, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}')
    };
    assert_eq!(out.chars().find(|it| moves_or_turns(*it)), None);
    for file in fs::read_dir(root().join("events/receive")).unwrap() {
        let file = file.unwrap().file_name().into_string().unwrap();
        assert!(out.contains(&format!(": {file}\n")), "{file} is not named");
        for (id, _) in ids(&file) {
            assert!(out.contains(&id), "{id} of {file} is not named");
        }
    }
    assert!(out.contains("RESOLVED as informational, expected activity: confirmed activity"));
    assert!(out.contains("OPEN, for a person"));
    assert!(out.contains("HIDDEN, kept and left out of the queue"));
    assert!(out.contains("not by tuning rule backup-agent: process: imageFile.sha256 is"));
}

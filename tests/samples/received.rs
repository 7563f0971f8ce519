//! Reads each file as `receive` does, and puts each alert into the store and back.

use std::{
    collections::BTreeSet,
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use aws_sdk_dynamodb::Client;
use defuse_adapters::{DynamoDbStore, create_table};
use defuse_domain::{Alert, read_body};
use defuse_flow::{AlertStore as _, RunStore as _, Stored};
use dynoxide::Database;

use crate::embedded::{client_of, served};

/// Requests, answers and settings: what is in these files is no alert
const NO_ALERTS: [&str; 26] = [
    "automatic_replies_disabled.json",
    "automatic_replies_scheduled_windows_tz.json",
    "close_benign_request.json",
    "close_benign_response_not_found.json",
    "close_benign_response_ok.json",
    "close_false_positive_request.json",
    "close_false_positive_response_not_found.json",
    "close_false_positive_response_ok.json",
    "close_true_positive_request.json",
    "close_true_positive_response_not_found.json",
    "close_true_positive_response_ok.json",
    "get_mail_tips_request.json",
    "get_mail_tips_response.json",
    "graph_error_throttled_429.json",
    "graph_patch_alert_request.json",
    "graph_post_comment_request.json",
    "graph_post_comment_response.json",
    "lifecycle_missed.json",
    "lifecycle_reauthorizationRequired.json",
    "lifecycle_subscriptionRemoved.json",
    "mailbox_settings.json",
    "mailbox_settings_automatic_replies.json",
    "risky_user_not_found_404.json",
    "slack_webhook_request.json",
    "subscription_create_request.json",
    "teams_workflow_request.json",
];

/// No alerts either, but each has an id, and whatever has one is kept for a person: with flags
/// that say how little it has of an alert
const HARDLY_ALERTS: [&str; 4] = [
    "change_notification.json",
    "risk_detection_list_response.json",
    "risky_user.json",
    "subscription_create_response.json",
];

/// What is odd in alerts that we know: by file, in order of the alphabet
const ODD: [(&str, &[&str]); 4] = [
    ("alert_sample_three.json", &["title invisibleCharacters"]),
    ("alert_sample_two.json", &["title invisibleCharacters"]),
    (
        "microsoft_graph_passthrough.tests.ndjson",
        &["evidence[0].@odata.type rewrittenKey", "evidence[1].@odata.type rewrittenKey"],
    ),
    ("test_list_incidents.json", &["detectionSource unknownMember"]),
];

/// Every file there is; none where there is no folder
fn files() -> Vec<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/samples");
    let folder = env::var("DEFUSE_SAMPLES").map_or(beside, PathBuf::from);
    let mut files = Vec::new();
    let mut folders = vec![folder.clone()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|it| it.unwrap().path()) {
            let is_body = path.extension().is_some_and(|it| it == "json" || it == "ndjson");
            if path.is_dir() {
                folders.push(path);
            } else if is_body {
                files.push(path);
            }
        }
    }
    if files.is_empty() {
        let said = writeln!(std::io::stderr(), "no samples in {}", folder.display());
        drop(said);
    }
    files.sort();
    files
}

fn name(file: &Path) -> &str {
    file.file_name().unwrap().to_str().unwrap()
}

fn alerts(file: &Path) -> Vec<Alert> {
    let read = read_body(&fs::read(file).unwrap());
    read.into_iter()
        .map(|it| it.unwrap_or_else(|it| panic!("{}: {it:?}", file.display())))
        .collect()
}

/// Every file but those that have no alerts
fn files_of_alerts() -> Vec<PathBuf> {
    files().into_iter().filter(|it| !NO_ALERTS.contains(&name(it))).collect()
}

#[test]
fn what_is_no_alert_is_refused_with_its_reason() {
    for file in files().iter().filter(|it| NO_ALERTS.contains(&name(it))) {
        for read in read_body(&fs::read(file).unwrap()) {
            let refused = read.expect_err(name(file));
            assert!(!refused.message.is_empty() && refused.line > 0, "{}", file.display());
        }
    }
}

#[test]
fn what_is_odd_in_an_alert_is_flagged_and_nothing_else_is() {
    for file in files_of_alerts() {
        let read = alerts(&file);
        let flags = read.iter().flat_map(|it| &it.flags);
        let flags: BTreeSet<String> =
            flags.map(|it| format!("{} {}", it.property, it.problem)).collect();
        if HARDLY_ALERTS.contains(&name(&file)) {
            assert!(flags.contains("lastUpdateDateTime missing"), "{}: {flags:?}", file.display());
            assert!(flags.contains("serviceSource missing"), "{}: {flags:?}", file.display());
            continue;
        }
        let known = ODD.iter().find(|(it, _)| *it == name(&file)).map_or(&[][..], |(_, it)| it);
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        assert_eq!(flags, known, "{}", file.display());
        for alert in read {
            assert!(alert.title.is_some(), "{}: {} has no title", file.display(), alert.id);
        }
    }
}

#[tokio::test]
async fn every_alert_comes_back_as_it_was_sent() {
    let now = "2026-11-23T12:00:00Z".parse().unwrap();
    for file in files_of_alerts() {
        let body = fs::read_to_string(&file).unwrap();
        for alert in alerts(&file) {
            assert!(body.contains(&alert.raw), "{}: not what was sent", file.display());
            // Samples share ids, so each has a store to itself.
            let store = store().await;
            assert_eq!(store.store(&alert, now).await.unwrap(), Stored::New);
            let stored = store.load(&alert.id).await.unwrap().unwrap();
            assert!(stored.alert.raw == alert.raw, "{}: came back otherwise", file.display());
            assert_eq!(store.store(&alert, now).await.unwrap(), Stored::Again);
            let alert = Alert { received: Some(now), ..alert };
            assert!(stored.alert == alert, "{}: read otherwise when stored", file.display());
        }
    }
}

#[tokio::test]
async fn of_two_revisions_the_newer_one_stays() {
    let now = "2026-11-23T12:00:00Z".parse().unwrap();
    let files = files();
    let read = |wanted: &str| {
        let file = files.iter().find(|it| name(it) == wanted)?;
        alerts(file).into_iter().next()
    };
    let revisions = read("alert_sample_two.json").zip(read("alert_sample_three.json"));
    let Some((older, newer)) = revisions else { return };
    let store = store().await;
    assert_eq!(store.store(&newer, now).await.unwrap(), Stored::New);
    assert_eq!(store.store(&older, now).await.unwrap(), Stored::Again);
    let newer = Alert { received: Some(now), ..newer };
    assert_eq!(store.load(&older.id).await.unwrap().unwrap().alert, newer);
}

/// A store of its own, in memory
async fn store() -> DynamoDbStore {
    let endpoint = served(Database::memory().unwrap()).await;
    let config = client_of(&endpoint).build();
    let client = Client::from_conf(config);
    create_table(&client, "defuse").await.unwrap();
    DynamoDbStore::new(client, "defuse".to_owned())
}

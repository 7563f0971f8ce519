//! The permission matrix: every route, asked by every role, for what is in its scope and what is
//! not. What is expected stands in `permissions/*.txt`, for a reviewer to read.

use std::{fmt::Write as _, fs, path::Path};

use defuse_api::{Route, routes};
use defuse_domain::ServiceSource;

use crate::world::{DEVELOPMENT, World, world};

const ROLES: [&str; 8] = [
    "globalAdministrator",
    "securityAdministrator",
    "organizationManagement",
    "securityOperator",
    "complianceAdministrator",
    "globalReader",
    "securityReader",
    "noSuchRole",
];

/// Of this source is what is in scope; a compliance administrator sees it too
const OWN: ServiceSource = ServiceSource::DataLossPrevention;

/// A tuning rule of the deployment, which is about another source than that in scope
const DEPLOYED: &str = "backup-agent";

/// A tuning rule for alerts of whoever is in scope, as text
const RULE: &str = r#"{
    "apiVersion": "defuse/v1", "kind": "TuningRule", "name": "copies",
    "owner": "secops@contoso.example", "reason": "A yearly archive.",
    "serviceSources": ["dataLossPrevention"], "alertTypes": "any",
    "scope": { "deviceGroups": ["Archive"] },
    "condition": { "all": [{ "alert": { "severity": { "atMost": "low" } } }, { "evidence": "any" }] },
    "action": "hide", "expires": "2027-05-31T00:00:00Z"
}"#;

/// What is sent to a route that wants something; an answer of 422 would hide what is allowed
fn body_for(operation: &str, alert: &str, version: &str) -> String {
    let body = match operation {
        "changeAlerts" => {
            let version = version.trim_matches('"');
            return format!(
                r#"{{ "alerts": [{{ "id": "{alert}", "version": {version} }}],
                "change": {{ "tags": {{ "add": ["x"] }} }} }}"#
            );
        }
        "commentOnAlert" => r#"{ "comment": "seen" }"#,
        "createToken" => {
            r#"{ "name": "x", "grants": [{ "role": "securityReader",
                "scope": { "serviceSources": ["dataLossPrevention"] } }] }"#
        }
        "createTuningRule" | "changeTuningRule" | "checkTuningRule" | "previewTuningRule" => RULE,
        "changeSettings" => r#"{ "entraIdProtection": "all" }"#,
        _ => "{}",
    };
    body.to_owned()
}

/// What stands in the place of `{id}`
async fn id_for(world: &World, route: &Route, alert: &str) -> String {
    let made = async |asked: (&str, &str), body: &str| {
        let version = world.version(alert).await;
        let headers = [("if-match", version.as_str())];
        world.ask(DEVELOPMENT, asked, &headers, body).await.body
    };
    if route.path.starts_with("/v1/alerts/") {
        alert.to_owned()
    } else if route.path.starts_with("/v1/actions/") {
        made(("PATCH", &format!("/v1/alerts/{alert}")), r#"{ "tags": { "add": ["x"] } }"#).await;
        format!("act,1,{alert}")
    } else if route.path.starts_with("/v1/bulk/") {
        let version = world.version(alert).await;
        let body = body_for("changeAlerts", alert, &version);
        let changed = made(("POST", "/v1/alerts/bulk"), &body).await;
        changed["bulkId"].as_str().unwrap().to_owned()
    } else if route.path.starts_with("/v1/tuning-rules/") {
        DEPLOYED.to_owned()
    } else if route.path.starts_with("/v1/channels/") {
        "soc".to_owned()
    } else {
        "0123456789abcdef".to_owned()
    }
}

async fn status(world: &World, route: &Route, token: &str, alert: &str) -> u16 {
    let id = id_for(world, route, alert).await;
    let path = route.path.replace("{id}", &id);
    let path = if path.ends_with("/why") { format!("{path}?alert={alert}") } else { path };
    let version = world.version(alert).await;
    let headers = [("if-match", version.as_str())];
    // Each cell saves a rule of its own.
    let body = body_for(route.operation, alert, &version).replace("copies", &alert.to_lowercase());
    world.ask(token, (route.method, &path), &headers, &body).await.status
}

/// What each role is answered in one scope, as the file says; `DEFUSE_RENEW=1` writes it anew
async fn check(file: &str, source: Option<ServiceSource>, alert: &str) {
    let world = world().await;
    let of = if alert == "dl1" { OWN.name() } else { "azureAdIdentityProtection" };
    let (mut table, mut tokens) = (format!("{:<44}", ""), Vec::new());
    for role in ROLES {
        write!(table, "{role:<25}").unwrap();
        tokens.push((role, world.token(role, source).await));
    }
    for route in routes() {
        let asked = format!("{} {}", route.method, route.path);
        write!(table, "\n{asked:<44}").unwrap();
        for (role, token) in &tokens {
            // Each cell with an alert of its own, so that none changes another's.
            let id = format!("{alert}-{role}-{}", route.operation);
            world.alert(&id, of).await;
            let status = status(&world, route, token, &id).await;
            write!(table, "{status:<25}").unwrap();
        }
    }
    let table: Vec<&str> = table.lines().map(str::trim_end).collect();
    let table = format!("{}\n", table.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("api/permissions").join(file);
    if std::env::var("DEFUSE_RENEW").is_ok() {
        fs::write(&path, &table).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(table == expected, "{file} is stale, DEFUSE_RENEW=1 renews it:\n{table}");
}

#[tokio::test]
async fn whoever_sees_all_alerts_may_do_what_the_table_says() {
    check("all-alerts.txt", None, "dl1").await;
}

#[tokio::test]
async fn whoever_sees_one_source_may_do_there_what_the_table_says() {
    check("own-source.txt", Some(OWN), "dl1").await;
}

#[tokio::test]
async fn what_is_of_another_source_is_not_there() {
    check("other-source.txt", Some(OWN), "ad1").await;
}

#[tokio::test]
async fn nobody_gives_away_more_than_they_have() {
    let world = world().await;
    let scoped = world.token("securityAdministrator", Some(OWN)).await;
    let body = r#"{ "name": "x", "grants": [{ "role": "globalReader" }] }"#;
    let answer = world.ask(&scoped, ("POST", "/v1/tokens"), &[], body).await;
    assert_eq!((answer.status, answer.code()), (403, "forbidden"));

    let made = world.ask(DEVELOPMENT, ("POST", "/v1/tokens"), &[], body).await;
    assert_eq!(made.status, 201);
    let token = made.body["token"].as_str().unwrap();
    assert_eq!(world.ask(token, ("GET", "/v1/me"), &[], "").await.status, 200);
    let id = made.body["stored"]["id"].as_str().unwrap();
    let path = format!("/v1/tokens/{id}");
    assert_eq!(world.ask(DEVELOPMENT, ("DELETE", &path), &[], "").await.status, 200);
    // Shown again after it was revoked, it opens nothing.
    assert_eq!(world.ask(token, ("GET", "/v1/me"), &[], "").await.status, 401);
    let listed = world.ask(DEVELOPMENT, ("GET", "/v1/tokens"), &[], "").await.body;
    assert!(!listed.to_string().contains(token.rsplit('_').next().unwrap()));
}

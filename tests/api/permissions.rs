//! The permission matrix: every route, asked by every role, for what is in its scope and what is
//! not. What is expected stands in `permissions.txt`, for a reviewer to read.

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

/// What of a request is in the scope of whoever asks
const SCOPES: [(&str, Option<ServiceSource>, &str); 3] = [
    ("all alerts", None, "dl1"),
    ("own source", Some(OWN), "dl1"),
    ("other source", Some(OWN), "ad1"),
];

/// What is sent to a route that wants something; an answer of 422 would hide what is allowed
fn body_for(operation: &str) -> &'static str {
    match operation {
        "commentOnAlert" => r#"{ "comment": "seen" }"#,
        "createToken" => {
            r#"{ "name": "x", "grants": [{ "role": "securityReader",
                "scope": { "serviceSources": ["dataLossPrevention"] } }] }"#
        }
        _ => "{}",
    }
}

async fn status(world: &World, route: &Route, token: &str, alert: &str) -> u16 {
    let id = if route.path.starts_with("/v1/alerts/") { alert } else { "0123456789abcdef" };
    let path = route.path.replace("{id}", id);
    let version = world.version(alert).await;
    let headers = [("if-match", version.as_str())];
    world.ask(token, (route.method, &path), &headers, body_for(route.operation)).await.status
}

/// `DEFUSE_RENEW=1` writes the file anew
#[tokio::test]
async fn every_role_may_do_what_the_table_says() {
    let world = world().await;
    let mut table = String::new();
    write!(table, "{:<32}{:<14}", "", "").unwrap();
    for role in ROLES {
        write!(table, "{role:<25}").unwrap();
    }
    for route in routes() {
        for (scope, source, alert) in SCOPES {
            let asked = format!("{} {}", route.method, route.path);
            write!(table, "\n{asked:<32}{scope:<14}").unwrap();
            for role in ROLES {
                // Each cell with an alert of its own, so that none changes another's.
                let id = format!("{alert}-{role}-{}-{}", route.operation, source.is_some());
                let of = if alert == "dl1" { OWN.name() } else { "azureAdIdentityProtection" };
                world.alert(&id, of).await;
                let token = world.token(role, source).await;
                let status = status(&world, route, &token, &id).await;
                write!(table, "{status:<25}").unwrap();
            }
        }
    }
    let table: Vec<&str> = table.lines().map(str::trim_end).collect();
    let table = format!("{}\n", table.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("api/permissions.txt");
    if std::env::var("DEFUSE_RENEW").is_ok() {
        fs::write(&path, &table).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(table == expected, "permissions.txt is stale: DEFUSE_RENEW=1 renews it");
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

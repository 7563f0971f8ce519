//! The `OpenAPI` document: checked in, served, and what answers really look like.

use std::{fs, path::Path};

use defuse_api::{document, document_text, routes};

use crate::world::{DEVELOPMENT, world};

const FILE: &str = "docs/reference/openapi.json";

/// `DEFUSE_RENEW=1` writes the file anew
#[test]
fn the_file_is_what_the_code_makes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(FILE);
    if std::env::var("DEFUSE_RENEW").is_ok() {
        fs::write(&path, document_text()).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == document_text(), "{FILE} is stale: DEFUSE_RENEW=1 renews it");
}

#[tokio::test]
async fn it_is_served_to_whoever_has_a_token() {
    let world = world().await;
    let served = world.ask(DEVELOPMENT, ("GET", "/v1/openapi.json"), &[], "").await;
    assert_eq!((served.status, served.body), (200, document()));
    assert_eq!(world.ask("", ("GET", "/v1/openapi.json"), &[], "").await.status, 401);
}

#[test]
fn every_route_is_in_it_with_its_permission() {
    let document = document();
    for route in routes() {
        let operation = &document["paths"][route.path][route.method.to_lowercase()];
        let about = operation["description"].as_str().unwrap();
        assert!(about.contains(route.permission.name()), "{} {}", route.method, route.path);
        assert!(operation["responses"]["401"].is_object());
    }
}

#[tokio::test]
async fn an_alert_has_the_fields_of_its_schema_and_no_others() {
    let world = world().await;
    world.alert("ad1", "azureAdIdentityProtection").await;
    let alert = world.ask(DEVELOPMENT, ("GET", "/v1/alerts/ad1"), &[], "").await.body;
    let schema = document()["components"]["schemas"]["Alert"]["properties"].clone();
    let names = |it: &serde_json::Value| -> Vec<String> {
        let mut names: Vec<String> = it.as_object().unwrap().keys().cloned().collect();
        names.sort();
        names
    };
    assert_eq!(names(&alert), names(&schema));
}

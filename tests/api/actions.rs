//! The action center over the API: what is listed, to whom, and what undoing it answers.

use defuse_adapters::DynamoDbStore;
use defuse_domain::{ActionId, Actor, Alert, AlertId, Run, ServiceSource};
use defuse_flow::{AlertStore as _, RunStore as _, Undone};
use serde_json::{Value, json};

use crate::world::{DEVELOPMENT, World, now, world};

async fn list(world: &World, token: &str, query: &str) -> Value {
    let path = format!("/v1/actions{query}");
    let answer = world.ask(token, ("GET", &path), &[], "").await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    answer.body
}

async fn ids(world: &World, token: &str, query: &str) -> Vec<String> {
    let listed = list(world, token, query).await;
    let actions = listed["actions"].as_array().unwrap().iter();
    actions.map(|it| it["id"].as_str().unwrap().to_owned()).collect()
}

async fn undo(world: &World, token: &str, id: &str) -> (u16, Value) {
    let path = format!("/v1/actions/{id}/undo");
    let answer = world.ask(token, ("POST", &path), &[], "").await;
    (answer.status, answer.body)
}

/// What a playbook did to the alert, recorded, and what another who lost the race would have done
async fn resolved_by_rule(store: &DynamoDbStore, id: &str) -> Run {
    let id = AlertId::parse(id).unwrap();
    let version = store.load(&id).await.unwrap().unwrap().version;
    let classification = json!({ "informationalExpectedActivity": "confirmedActivity" });
    let run = |bundle: &str| -> Run {
        serde_json::from_value(json!({
            "key": { "alertId": id, "revision": "2026-11-23T11:00:00Z", "look": 0 },
            "bundle": bundle,
            "decided": now(),
            "decision": {
                "outcome": { "resolved": classification },
                "determinedBy": ["legitimate-travel"],
                "reasons": [], "unknown": [], "trace": [],
            },
            "facts": [],
            "effects": [{ "id": "resolve", "action": {
                "resolve": { "classification": classification, "comment": null } } }],
            "ifRefused": [],
        }))
        .unwrap()
    };
    store.record(&run("first"), &[].into(), version).await.unwrap();
    store.record(&run("late"), &[].into(), version).await.unwrap();
    run("first")
}

#[tokio::test]
async fn actions_are_listed_by_what_is_asked_and_in_scope() {
    let world = world().await;
    for (id, source) in [("ad1", "azureAdIdentityProtection"), ("dl1", "dataLossPrevention")] {
        world.alert(id, source).await;
        world.change(id, r#"{ "tags": { "add": ["vip"] } }"#).await;
    }
    resolved_by_rule(&world.store, "ad1").await;
    world.change("dl1", r#"{ "status": "inProgress" }"#).await;
    let run = "run,2026-11-23T11:00:00.000000000Z,0,ad1";
    let all = ids(&world, DEVELOPMENT, "").await;
    assert_eq!(all.len(), 4, "{all:?}");
    for (query, expected) in [
        ("?kind=tag", &["act,1,dl1", "act,1,ad1"][..]),
        ("?state=pending", &[run, "act,2,dl1"]),
        ("?state=done&serviceSource=dataLossPrevention", &["act,1,dl1"]),
        ("?rule=legitimate-travel", &[run]),
        ("?person=nobody", &[]),
        ("?alert=dl1", &["act,2,dl1", "act,1,dl1"]),
        ("?alert=dl9", &[]),
        ("?until=2026-11-22T00:00:00Z", &[]),
        ("?after=2026-11-24T00:00:00Z,0a,act,1,dl1&kind=tag", &["act,1,dl1", "act,1,ad1"]),
        ("?after=2026-09-01T00:00:00Z,0a,act,1,dl1", &[]),
    ] {
        let mut found = ids(&world, DEVELOPMENT, query).await;
        let mut expected: Vec<String> = expected.iter().map(|it| (*it).to_owned()).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "for {query}");
    }
    let (mut paged, mut query) = (Vec::new(), "?limit=1".to_owned());
    loop {
        let page = list(&world, DEVELOPMENT, &query).await;
        paged.extend(page["actions"].as_array().unwrap().iter().map(|it| it["id"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        let after: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        query = format!("?limit=1&after={after}");
    }
    assert_eq!(paged, all);

    let scoped = world.token("securityReader", Some(ServiceSource::DataLossPrevention)).await;
    let seen = ids(&world, &scoped, "").await;
    assert!(seen.len() == 2 && seen.iter().all(|it| it.ends_with(",dl1")), "{seen:?}");
    assert!(ids(&world, &scoped, "?alert=ad1").await.is_empty());
    assert_eq!(undo(&world, &scoped, "act,1,ad1").await.0, 404);
    assert_eq!(undo(&world, &scoped, "act,1,dl1").await.0, 403);
    let shown = world.ask(&scoped, ("GET", "/v1/actions/act,1,ad1"), &[], "").await;
    assert_eq!(shown.status, 404);
}

#[tokio::test]
async fn what_is_wrong_with_a_list_is_said() {
    let world = world().await;
    for query in [
        "?state=open",
        "?kind=isolate",
        "?alert=a%20b",
        "?since=yesterday",
        "?since=2026-11-23T00:00:00Z&until=2026-11-22T00:00:00Z",
        "?since=2020-01-01T00:00:00Z",
        "?after=x",
        "?after=2026-11-23T00:00:00Z,%0a,act,1,ad1",
        "?format=xml",
        "?serviceSource=Graph",
    ] {
        let path = format!("/v1/actions{query}");
        let answer = world.ask(DEVELOPMENT, ("GET", &path), &[], "").await;
        assert_eq!((answer.status, answer.code()), (400, "badQuery"), "for {query}");
    }
}

#[tokio::test]
async fn a_spreadsheet_meets_no_formula() {
    let world = world().await;
    let text = json!({
        "id": "ad1", "title": "=HYPERLINK(\"http://a.example\")", "status": "new",
        "lastUpdateDateTime": "2026-11-23T11:00:00Z",
    });
    let alert = Alert::read(&text.to_string()).unwrap();
    world.store.store(&alert, now()).await.unwrap();
    world.change("ad1", r#"{ "tags": { "add": ["@x", "a,b"] } }"#).await;
    let by_header = [("accept", "text/csv")];
    let accepted = world.ask(DEVELOPMENT, ("GET", "/v1/actions"), &by_header, "").await.body;
    let asked = list(&world, DEVELOPMENT, "?format=csv").await;
    assert_eq!(accepted, asked);
    let csv = asked.as_str().unwrap();
    let lines: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!(lines.len(), 3, "{csv}");
    assert!(lines[0].starts_with("id,at,state,alertId,title,"));
    assert!(lines[1].contains("\"'=HYPERLINK(\"\"http://a.example\"\")\""), "{csv}");
    assert!(lines[1].contains("\"'@x, a,b\""), "{csv}");
}

#[tokio::test]
async fn undoing_answers_what_became_of_it() {
    let world = world().await;
    world.alert("ad1", "azureAdIdentityProtection").await;
    resolved_by_rule(&world.store, "ad1").await;
    let run = "run,2026-11-23T11:00:00.000000000Z,0,ad1";
    let (status, undone) = undo(&world, DEVELOPMENT, run).await;
    assert_eq!((status, &undone["wasUndone"]), (200, &json!(false)), "{undone}");
    assert_eq!(
        (&undone["alert"]["state"], &undone["alert"]["status"]),
        (&json!("open"), &json!("new"))
    );
    let (status, again) = undo(&world, DEVELOPMENT, run).await;
    assert_eq!((status, &again["wasUndone"]), (200, &json!(true)));
    let listed = list(&world, DEVELOPMENT, "?state=undone").await;
    let [action] = listed["actions"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!((&action["id"], &action["undoneBy"]), (&json!(run), &json!("act,1,ad1")));

    world.change("ad1", r#"{ "status": "resolved" }"#).await;
    world.change("ad1", r#"{ "status": "inProgress" }"#).await;
    let (status, refused) = undo(&world, DEVELOPMENT, "act,2,ad1").await;
    assert_eq!((status, &refused["code"]), (409, &json!("changedSince")), "{refused}");
    let version = world.version("ad1").await;
    let path = "/v1/alerts/ad1/comments";
    let headers = [("if-match", version.as_str())];
    world.ask(DEVELOPMENT, ("POST", path), &headers, r#"{ "comment": "seen" }"#).await;
    let (status, refused) = undo(&world, DEVELOPMENT, "act,4,ad1").await;
    assert_eq!((status, &refused["code"]), (422, &json!("cannotUndo")), "{refused}");
    for id in ["act,9,ad1", "act,1,ad9", "x"] {
        assert_eq!(undo(&world, DEVELOPMENT, id).await.0, 404, "for {id}");
    }
    let check = ("GET", "/v1/alerts/ad1/history/check");
    let checked = world.ask(DEVELOPMENT, check, &[], "").await.body;
    assert_eq!((&checked["entries"], &checked["isWhole"]), (&json!(6), &json!(true)), "{checked}");
}

#[tokio::test]
async fn an_undo_races_with_another_and_with_a_change() {
    let world = world().await;
    for race in 0..50 {
        let name = format!("ad{race}");
        world.alert(&name, "azureAdIdentityProtection").await;
        world.change(&name, r#"{ "status": "inProgress" }"#).await;
        let id = ActionId::act(AlertId::parse(&name).unwrap(), 1);
        let who = |name: &str| (Actor { id: name.to_owned(), name: name.to_owned() }, None);
        let center = &world.app.center;
        let (left, right, _) = tokio::join!(
            center.undo(&id, who("Kim"), now()),
            center.undo(&id, who("Lee"), now()),
            world.tag(&name, "raced"),
        );
        let outcomes = [left.unwrap(), right.unwrap()];
        let n_done = outcomes.iter().filter(|it| matches!(it, Undone::Done(..))).count();
        assert_eq!(n_done, 1, "race {race}: {outcomes:?}");
        let stands = world.app.manage.show(&id.alert_id).await.unwrap().unwrap();
        assert!(stands.n_acts <= 3 && stands.managed.status.is_some());
        let check = format!("/v1/alerts/{name}/history/check");
        let checked = world.ask(DEVELOPMENT, ("GET", &check), &[], "").await.body;
        assert_eq!(checked["isWhole"], true, "{checked}");
    }
}

#[tokio::test]
async fn an_alert_is_linked_to_another_incident_here() {
    let world = world().await;
    let text = json!({
        "id": "ad1", "status": "new", "incidentId": "28282",
        "lastUpdateDateTime": "2026-11-23T11:00:00Z",
    });
    world.store.store(&Alert::read(&text.to_string()).unwrap(), now()).await.unwrap();
    let shown = async |body: &str| {
        let alert = world.change("ad1", body).await;
        ["incidentId", "incidentAtSource", "isLinkedHere"].map(|it| alert[it].clone())
    };
    let [linked, own] = ["77", "28282"].map(Value::from);
    assert_eq!(shown(r#"{ "incident": "77" }"#).await, [linked, own.clone(), true.into()]);
    assert_eq!(shown(r#"{ "incident": null }"#).await, [own.clone(), own, false.into()]);
    let told = world.ask(DEVELOPMENT, ("GET", "/v1/alerts/ad1"), &[], "").await.body;
    assert_eq!(told["sourceTold"], json!([]), "the source is told nothing of it");
    assert_eq!(ids(&world, DEVELOPMENT, "?kind=link").await.len(), 2);
}

//! The history of alerts: an entry that is taken out or changed is found, whichever it is.

use std::{collections::HashMap, env};

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_domain::{Actor, AlertId, Wish};
use defuse_flow::{HistoryAudit as _, ManageOutcome};
use serde_json::{Value, json};

use crate::world::{DEVELOPMENT, World, now, world};

/// How many alerts share the entries
const ALERTS: usize = 10;

type Item = HashMap<String, AttributeValue>;

/// How many acts there are; `DEFUSE_HISTORY_ENTRIES=100000` is the long run
fn n_acts() -> usize {
    env::var("DEFUSE_HISTORY_ENTRIES").ok().and_then(|it| it.parse().ok()).unwrap_or(300)
}

/// An alert with that many acts
async fn with_acts(world: &World, id: &str, n: usize) {
    world.alert(id, "azureAdIdentityProtection").await;
    let manage = &world.app.manage;
    let mut shown = manage.show(&AlertId::parse(id).unwrap()).await.unwrap().unwrap();
    for index in 0..n {
        let (add, remove) = (index % 2, (index + 1) % 2);
        let text = format!(r#"{{ "tags": {{ "add": ["t{add}"], "remove": ["t{remove}"] }} }}"#);
        let kim = Actor { id: "1".to_owned(), name: "Kim".to_owned() };
        let wish = Wish::parse(&text).unwrap();
        match manage.act(shown, &wish, (kim, None), now()).await.unwrap() {
            ManageOutcome::Done(stands) => shown = *stands,
            other @ (ManageOutcome::Overtaken | ManageOutcome::Refused(_)) => panic!("{other:?}"),
        }
    }
}

/// The items of an alert whose sort keys begin like that
async fn items(world: &World, id: &str, prefix: &str) -> Vec<Item> {
    let query = world
        .client
        .query()
        .table_name("defuse")
        .key_condition_expression("pk = :pk AND begins_with(sk, :sk)")
        .expression_attribute_values(":pk", AttributeValue::S(format!("A#{id}")))
        .expression_attribute_values(":sk", AttributeValue::S(prefix.to_owned()));
    let pages = query.into_paginator().items().send();
    pages.collect::<Result<Vec<Item>, _>>().await.unwrap()
}

async fn put(world: &World, item: Item) {
    world.client.put_item().table_name("defuse").set_item(Some(item)).send().await.unwrap();
}

async fn delete(world: &World, item: &Item) {
    let key = |name: &str| item[name].clone();
    let delete = world.client.delete_item().table_name("defuse");
    delete.key("pk", key("pk")).key("sk", key("sk")).send().await.unwrap();
}

async fn check(world: &World, id: &str) -> Value {
    let path = format!("/v1/alerts/{id}/history/check");
    world.ask(DEVELOPMENT, ("GET", &path), &[], "").await.body
}

/// What a look at every alert finds, with how many entries it looked at
async fn check_all(world: &World) -> (u64, Vec<Value>) {
    let (mut entries, mut broken, mut path) = (0, Vec::new(), "/v1/history/check".to_owned());
    loop {
        let page = world.ask(DEVELOPMENT, ("GET", &path), &[], "").await;
        assert_eq!(page.status, 200, "{}", page.body);
        entries += page.body["entries"].as_u64().unwrap();
        broken.extend(page.body["broken"].as_array().unwrap().iter().cloned());
        let Some(next) = page.body["next"].as_str() else { return (entries, broken) };
        let after: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        path = format!("/v1/history/check?after={after}");
    }
}

#[tokio::test]
async fn an_entry_that_is_taken_out_or_changed_is_found() {
    let world = world().await;
    with_acts(&world, "ad1", 5).await;
    let whole = json!({ "alerts": 1, "entries": 6, "isWhole": true, "broken": [] });
    assert_eq!(check(&world, "ad1").await, whole);
    for (index, item) in items(&world, "ad1", "M#").await.into_iter().enumerate() {
        let found = |is_changed: bool| {
            let entry = format!("act {}", index + 1);
            json!([{ "alertId": "ad1", "entry": entry, "isChanged": is_changed }])
        };
        let mut edited = item.clone();
        let text = item["act"].as_s().unwrap().replace("Kim", "Sam");
        edited.insert("act".to_owned(), AttributeValue::S(text));
        put(&world, edited).await;
        assert_eq!(check(&world, "ad1").await["broken"], found(true));
        delete(&world, &item).await;
        assert_eq!(check(&world, "ad1").await["broken"], found(false));
        put(&world, item).await;
        assert_eq!(check(&world, "ad1").await, whole);
    }
}

#[tokio::test]
async fn what_a_rule_decided_and_what_the_source_sent_are_looked_at_too() {
    let world = world().await;
    world.alert("ad1", "azureAdIdentityProtection").await;
    world.decided("ad1").await;
    assert_eq!(check(&world, "ad1").await["entries"], 2);
    let id = AlertId::parse("ad1").unwrap();
    for prefix in ["R#", "B#"] {
        let item = items(&world, "ad1", prefix).await.remove(0);
        let mut edited = item.clone();
        let AttributeValue::B(content) = &item["content"] else { panic!() };
        let mut content = content.clone().into_inner();
        *content.last_mut().unwrap() ^= 1;
        edited.insert("content".to_owned(), AttributeValue::B(content.into()));
        put(&world, edited).await;
        let found = world.store.audit(&id).await.unwrap().unwrap().broken;
        assert_eq!((found.len(), found[0].is_changed), (1, true), "{prefix} {found:?}");
        delete(&world, &item).await;
        let found = world.store.audit(&id).await.unwrap().unwrap().broken;
        assert_eq!((found.len(), found[0].is_changed), (1, false), "{prefix} {found:?}");
        put(&world, item).await;
    }
    assert_eq!(check(&world, "ad1").await["isWhole"], true);
}

#[tokio::test]
async fn one_entry_among_all_is_found() {
    let world = world().await;
    let each = n_acts().div_ceil(ALERTS);
    for index in 0..ALERTS {
        with_acts(&world, &format!("ad{index}"), each).await;
    }
    let n_entries = ALERTS * (each + 1);
    assert_eq!(check_all(&world).await, (n_entries as u64, Vec::new()));

    let item = items(&world, "ad7", "M#").await.remove(each / 3);
    delete(&world, &item).await;
    let (_, broken) = check_all(&world).await;
    assert_eq!((broken.len(), &broken[0]["alertId"]), (1, &json!("ad7")));
    assert_eq!(broken[0]["isChanged"], false);

    let mut edited = item.clone();
    let text = item["act"].as_s().unwrap().replace("Kim", "Sam");
    edited.insert("act".to_owned(), AttributeValue::S(text));
    put(&world, edited).await;
    let (_, broken) = check_all(&world).await;
    assert_eq!((broken.len(), &broken[0]["isChanged"]), (1, &json!(true)));
    put(&world, item).await;
    assert_eq!(check_all(&world).await.1, Vec::<Value>::new());
}

#[tokio::test]
async fn whoever_sees_not_all_alerts_looks_not_at_all_histories() {
    let world = world().await;
    let source = Some(defuse_domain::ServiceSource::DataLossPrevention);
    let scoped = world.token("securityAdministrator", source).await;
    let answer = world.ask(&scoped, ("GET", "/v1/history/check"), &[], "").await;
    assert_eq!((answer.status, answer.code()), (403, "forbidden"));
}

#[tokio::test]
async fn a_history_comes_in_pages_that_nothing_moves() {
    let world = world().await;
    with_acts(&world, "ad1", 5).await;
    let ask = async |query: &str| {
        let path = format!("/v1/alerts/ad1/history{query}");
        world.ask(DEVELOPMENT, ("GET", &path), &[], "").await.body
    };
    let all = ask("").await["entries"].as_array().unwrap().clone();
    let (mut paged, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = ask(&query).await;
        paged.extend(page["entries"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { break };
        let after: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        query = format!("?limit=2&after={after}");
    }
    assert_eq!(paged, all);
}

//! `defuse dev` with a source that it reads by itself, and with a mailbox that asks beforehand.

use std::{fs, slice::from_ref};

use defuse_adapters::{DynamoDbStore, create_table};
use defuse_domain::{Answer, AutomaticReplies, Fact, Need, Question, User};
use defuse_flow::{FactCache, Found};
use defuse_testkit::{Tenant, UserRecord};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    dev::Dev,
    state::State,
    world::{World, eventually, id},
};

const SOC: &str = "soc@contoso.example";
const MAIL_TIPS: &str = "/v1.0/users/soc@contoso.example/getMailTips";

/// Has the settings name Microsoft Graph, with what else is said of it
fn name_graph(world: &World, more: &Value) {
    let settings = world.config().join("settings.yaml");
    let text = fs::read_to_string(&settings).unwrap();
    let mut graph = json!({
        "baseUrl": world.tenant.graph_url(),
        "tokenUrl": world.tenant.token_url(),
        "clientId": Tenant::CLIENT_ID,
        "clientSecret": { "env": "DEFUSE_GRAPH_CLIENT_SECRET" },
    });
    graph.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    fs::write(settings, format!("{text}graph: {graph}\n")).unwrap();
}

#[tokio::test]
async fn a_feed_is_read_and_its_alert_resolved_once_although_it_is_pushed_too() {
    let world = World::new();
    name_graph(&world, &json!({}));
    let (alert, later) = (world.travel(1), world.travel(2));
    let host = Dev::start(&world).await;
    host.decided(&id(&alert)).await;
    host.push("one", from_ref(&alert)).await;
    eventually("resolved", async || {
        [&alert, &later].iter().all(|it| world.at_source(&id(it))["status"] == "resolved")
    })
    .await;
    eventually("told", async || [&alert, &later].iter().all(|it| world.cards(&id(it)).len() == 1))
        .await;
    for it in [&alert, &later] {
        world.assert_resolved_once(&id(it));
    }
    let lists = world.tenant.requests_to("GET", "/v1.0/security/alerts_v2");
    assert!(!lists.is_empty(), "the feed was read");

    // A host that is killed and starts again goes on where the feed stands.
    host.kill().await;
    let third = world.travel(3);
    let host = Dev::start(&world).await;
    host.decided(&id(&third)).await;
    eventually("resolved", async || world.at_source(&id(&third))["status"] == "resolved").await;
    world.assert_resolved_once(&id(&alert));
}

/// Has an alert ask about the user, more than a day ago
async fn asked_before(state: &State, name: &str) {
    create_table(&state.client, "defuse").await.unwrap();
    let store = DynamoDbStore::new(state.client.clone(), "defuse".to_owned());
    let asker = store.with_watch_list(true);
    let user = User { principal_name: Some(name.to_owned()), ..User::default() };
    let question = Question::AutomaticReplies(user);
    let before = Timestamp::now() - SignedDuration::from_hours(30);
    let need = Need { question: question.clone(), max_age: SignedDuration::from_mins(15) };
    let found = asker.find(&need, std::time::Duration::ZERO, before).await.unwrap();
    let Found::Ask(lease) = found else { panic!("{found:?}") };
    let answer = Ok(Answer::AutomaticReplies(AutomaticReplies::Disabled));
    let source = "Microsoft Graph".to_owned();
    let fact = Fact { question, answer, source, read: before, history: None };
    asker.keep(&lease, fact, before).await.unwrap();
}

#[tokio::test]
async fn a_mailbox_that_was_looked_at_tells_that_replies_were_set_beforehand() {
    let world = World::new();
    name_graph(&world, &json!({ "mailTipsFrom": SOC, "poll": false }));
    world.tenant.put_user(UserRecord::new("6f1d2c3b-2222-4a5b-8c6d-0a1b2c999999", SOC));
    let mut alert = world.travel(1);
    let account = alert["evidence"][0]["userAccount"].clone();
    let (user_id, name) = (&account["azureAdUserId"], &account["userPrincipalName"]);
    let mut user = UserRecord::new(user_id.as_str().unwrap(), name.as_str().unwrap());
    // On, and nobody can say since when: only what was seen can tell.
    user.automatic_replies = Some(json!({ "status": "alwaysEnabled" }));
    world.tenant.put_user(user);
    // The alert names the user as the list does.
    alert["evidence"][0]["userAccount"]["azureAdUserId"] = Value::Null;
    let state = State::in_memory().await;
    asked_before(&state, name.as_str().unwrap()).await;
    let before = state.facts().await;

    let mut variables = world.variables(world.tenant.base_url());
    variables.push(("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), state.endpoint.clone()));
    let host = Dev::start_with(&world, variables).await;
    eventually("looked at", async || world.tenant.posts_to(MAIL_TIPS).len() == 1).await;
    let asked = &world.tenant.posts_to(MAIL_TIPS)[0].body;
    assert_eq!(asked["EmailAddresses"], json!([name]));
    eventually("kept", async || state.facts().await != before).await;

    alert["firstActivityDateTime"] = json!(Timestamp::now());
    alert["lastActivityDateTime"] = json!(Timestamp::now());
    world.tenant.put_alert(alert.clone()).unwrap();
    host.push("one", from_ref(&alert)).await;
    let run = host.decided(&id(&alert)).await;
    assert_ne!(run["decision"]["outcome"], "open", "{:#}", run["decision"]["reasons"]);
    let seen = run["facts"].to_string();
    assert!(seen.contains("seenSince"), "{seen}");
    assert_eq!(world.tenant.posts_to(MAIL_TIPS).len(), 1, "once an hour");
}

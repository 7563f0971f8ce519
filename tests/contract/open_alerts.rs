//! A user's open alerts are found by either name, and nobody's by none.

use defuse_adapters::StoredAlertFacts;
use defuse_domain::{Answer, Need, OPEN_ALERTS_MAX, Question, Severity, UnknownReason, User};
use defuse_flow::{AlertStore, FactSource, RunStore};
use jiff::{SignedDuration, ToSpan};
use serde_json::{Value, json};

use crate::{
    emulator::emulator,
    samples::{alert, alert_of, at, now, read, run, run_that_keeps},
};

#[tokio::test]
async fn the_open_alerts_of_a_user_are_those_not_resolved_newest_first() {
    let emulator = emulator().await;
    let store = &emulator.store;
    let both = json!({ "azureAdUserId": "ID-KIM", "userPrincipalName": "Kim@contoso.example" });
    let by_id = json!({ "azureAdUserId": "id-kim" });
    let other = json!({ "userPrincipalName": "ann@contoso.example" });
    for (id, account) in [("pending", &both), ("open", &by_id), ("closed", &both), ("ann", &other)]
    {
        store.store(&alert_of(id, 10, account), now()).await.unwrap();
        // A newer revision makes no second one of it.
        store.store(&alert_of(id, 20, account), now()).await.unwrap();
    }
    let [open, closed] = ["open", "closed"].map(|it| alert(it, 20));
    store.record(&run_that_keeps(&open, 0), &[].into(), 2).await.unwrap();
    store.record(&run(&closed, 0), &[].into(), 2).await.unwrap();
    let old = read(&json!({
        "id": "old", "createdDateTime": now() - (30 * 24 + 1).hours(),
        "evidence": alert_of("old", 0, &both).evidence[0].properties.clone(),
    }));
    store.store(&old, now()).await.unwrap();

    let kim = User {
        id: Some("id-kim".to_owned()),
        principal_name: Some("kim@contoso.example".to_owned()),
        account_name: None,
    };
    let by_name = User { id: None, ..kim.clone() };
    let ann = User { principal_name: Some("ann@contoso.example".to_owned()), ..User::default() };
    let found = async |user: &User| {
        let open = store.open_alerts_of(user, now()).await.unwrap();
        open.into_iter().map(|it| it.id.to_string()).collect::<Vec<String>>()
    };
    assert_eq!(found(&kim).await, ["pending", "open"]);
    assert_eq!(found(&by_name).await, ["pending"]);
    assert_eq!(found(&ann).await, ["ann"]);

    let open = store.open_alerts_of(&ann, now()).await.unwrap();
    assert_eq!(open[0].severity, Some(Severity::Medium));
    assert_eq!(open[0].created, at("2026-11-21T09:00:00Z"));
}

#[tokio::test]
async fn the_newest_hundred_are_named_of_more() {
    let emulator = emulator().await;
    for index in 0..150_i64 {
        let alert = read(&json!({
            "id": format!("ad{index}"),
            "createdDateTime": now() - index.minutes(),
            "evidence": [{ "@odata.type": "#microsoft.graph.security.userEvidence",
                "userAccount": { "userPrincipalName": "kim@contoso.example" } }],
        }));
        emulator.store.store(&alert, now()).await.unwrap();
        if index < 40 {
            emulator.store.record(&run(&alert, 0), &[].into(), 1).await.unwrap();
        }
    }
    let kim = User { principal_name: Some("kim@contoso.example".to_owned()), ..User::default() };
    let open = emulator.store.open_alerts_of(&kim, now()).await.unwrap();
    assert_eq!(open.len(), OPEN_ALERTS_MAX);
    assert!(open.is_sorted_by(|left, right| left.created >= right.created));
    assert_eq!((open[0].id.as_str(), open[99].id.as_str()), ("ad40", "ad139"));
}

#[tokio::test]
async fn each_of_many_users_is_linked() {
    let emulator = emulator().await;
    let user = |index: usize| User {
        id: Some(format!("id-{index}")),
        principal_name: Some(format!("user{index}@contoso.example")),
        account_name: None,
    };
    let evidence = |index: usize| {
        json!({ "@odata.type": "#microsoft.graph.security.userEvidence", "userAccount": {
            "azureAdUserId": user(index).id, "userPrincipalName": user(index).principal_name } })
    };
    let evidence: Vec<Value> = (0..40).map(evidence).collect();
    let alert = read(&json!({ "id": "ad1", "createdDateTime": now(), "evidence": evidence }));
    emulator.store.store(&alert, now()).await.unwrap();

    assert_eq!(emulator.items("E#").await.len(), 80);
    for index in [0, 39] {
        let open = emulator.store.open_alerts_of(&user(index), now()).await.unwrap();
        assert_eq!(open.len(), 1);
    }
}

#[tokio::test]
async fn the_question_is_answered_with_its_source_or_unknown_with_a_reason() {
    let emulator = emulator().await;
    emulator.store.store(&alert("ad1", 10), now()).await.unwrap();
    let kim = User { principal_name: Some("kim@contoso.example".to_owned()), ..User::default() };
    let nameless = User { account_name: Some("root".to_owned()), ..User::default() };
    let questions = [
        Question::OpenAlerts(kim.clone()),
        Question::OpenAlerts(nameless.clone()),
        Question::Risk(kim.clone()),
    ];
    let max_age = SignedDuration::ZERO;
    let needs = questions.clone().map(|question| Need { question, max_age });

    let facts = StoredAlertFacts::new(emulator.store.clone()).answer(&needs, now()).await;

    let fact = facts.get(&questions[0]).unwrap();
    assert_eq!((fact.source.as_str(), fact.read), ("stored alerts", now()));
    let Ok(Answer::OpenAlerts(open)) = &fact.answer else { panic!("answered {fact:?}") };
    assert_eq!(open.len(), 1);
    let reason = |index: usize| {
        let fact = facts.get(&questions[index]).unwrap();
        fact.answer.as_ref().unwrap_err().reason.clone()
    };
    assert_eq!(reason(1), UnknownReason::UserNotNamed.name());
    assert_eq!(reason(2), UnknownReason::NotAsked.name());

    // Without a table nobody can say, and no alert is not the same as none known.
    emulator.client.delete_table().table_name("defuse").send().await.unwrap();
    let facts = StoredAlertFacts::new(emulator.store.clone()).answer(&needs, now()).await;
    let fact = facts.get(&questions[0]).unwrap();
    assert_eq!(fact.answer.as_ref().unwrap_err().reason, UnknownReason::Unavailable.name());
    assert!(emulator.store.open_alerts_of(&nameless, now()).await.is_err());
}

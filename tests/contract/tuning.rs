//! Tuning rules that people save, since when each is in force, what they did, and hidden alerts
//! that people take out again.

use defuse_domain::{Outcome, Release, TuningRule, TuningRuleName};
use defuse_flow::{
    AlertState, AlertStore, ChangedRule, DeployedTuning, HistoryStore, MatchLog, MatchReport,
    ReleaseStore, Released, RuleVerb, RunStore, StoredRule, StoredTuning, TuningStore,
    note_deployed,
};
use defuse_testkit::a_tuning_rule;
use jiff::{Timestamp, ToSpan};
use tokio::task::JoinSet;

use crate::{
    emulator::{TABLE, emulator},
    samples::{alert, now, run_that_keeps},
};

fn name(text: &str) -> TuningRuleName {
    TuningRuleName::parse(text).unwrap()
}

fn stored(rule: &str, by: &str, version: u64) -> StoredRule {
    StoredRule {
        name: name(rule),
        text: a_tuning_rule(rule, "hide"),
        is_on: true,
        is_deleted: false,
        since: now(),
        changed: now(),
        by: by.to_owned(),
        version,
    }
}

#[tokio::test]
async fn a_rule_is_kept_as_it_was_written_and_each_change_is_counted() {
    let store = emulator().await.store;
    assert_eq!(store.generation().await.unwrap(), 0);
    assert_eq!(store.stored_rules().await.unwrap(), []);
    assert_eq!(store.stored_rule(&name("oslo")).await.unwrap(), None);

    let first = stored("oslo", "kim", 0);
    assert_eq!(store.change(&first, RuleVerb::Saved).await.unwrap(), ChangedRule::Changed);
    let off = StoredRule { is_on: false, by: "lee".to_owned(), version: 1, ..first.clone() };
    assert_eq!(store.change(&off, RuleVerb::TurnedOff).await.unwrap(), ChangedRule::Changed);
    assert_eq!(store.change(&off, RuleVerb::TurnedOff).await.unwrap(), ChangedRule::Overtaken);
    assert_eq!(store.change(&first, RuleVerb::Saved).await.unwrap(), ChangedRule::Overtaken);

    let kept = StoredRule { version: 2, ..off };
    assert_eq!(store.stored_rule(&name("oslo")).await.unwrap().as_ref(), Some(&kept));
    assert_eq!(store.stored_rules().await.unwrap(), [kept]);
    assert_eq!(store.generation().await.unwrap(), 2);
    let changes = store.changes(&name("oslo")).await.unwrap();
    let told: Vec<_> = changes.iter().map(|it| (it.version, it.what, it.by.as_str())).collect();
    assert_eq!(told, [(1, RuleVerb::Saved, "kim"), (2, RuleVerb::TurnedOff, "lee")]);
    assert_eq!(changes[0].text, first.text);
}

#[tokio::test]
async fn of_several_who_change_a_rule_one_does_and_the_history_has_only_that() {
    let store = emulator().await.store;
    for version in 0..3 {
        let mut people = JoinSet::new();
        for person in 0..8 {
            let store = store.clone();
            let rule = stored("oslo", &format!("person {person}"), version);
            people.spawn(async move {
                let changed = store.change(&rule, RuleVerb::Saved).await.unwrap();
                (changed == ChangedRule::Changed).then_some(rule.by)
            });
        }
        let done: Vec<String> = people.join_all().await.into_iter().flatten().collect();
        assert_eq!(done.len(), 1, "version {version}");
        let changes = store.changes(&name("oslo")).await.unwrap();
        assert_eq!(changes.len() as u64, version + 1);
        assert_eq!(changes.last().unwrap().by, done[0]);
    }
}

#[tokio::test]
async fn thousands_of_rules_are_read_page_by_page() {
    let emulator = emulator().await;
    let mut savers = JoinSet::new();
    // Noise, so that they are more than one page.
    let noise = crate::samples::noise(4_000);
    for index in 0..400 {
        let store = emulator.store.clone();
        let rule = stored(&format!("rule-{index:04}"), "kim", 0);
        let rule = StoredRule { text: format!("# {index} {noise}\n{}", rule.text), ..rule };
        savers.spawn(async move { store.change(&rule, RuleVerb::Saved).await.unwrap() });
    }
    savers.join_all().await;
    let rules = emulator.store.stored_rules().await.unwrap();
    assert_eq!(rules.len(), 400);
    assert!(rules.is_sorted_by(|left, right| left.name < right.name));
    assert_eq!(emulator.store.generation().await.unwrap(), 400);
}

#[tokio::test]
async fn since_when_deployed_rules_are_in_force_is_noted_by_one_at_a_time() {
    let store = emulator().await.store;
    let rules: Vec<TuningRule> = (0..2_000)
        .map(|it| {
            let text = a_tuning_rule(&format!("rule-{it}"), "hide");
            TuningRule::parse("rule.yaml", &text).unwrap()
        })
        .collect();
    note_deployed(&store, &rules, now()).await.unwrap();
    note_deployed(&store, &rules, now() + 1.hour()).await.unwrap();

    let noted = store.deployed().await.unwrap();
    assert_eq!((noted.version, noted.current.len()), (1, 2_000));
    assert!(rules.iter().all(|it| noted.since(it) == Some(now())));
    assert!(store.keep_deployed(&noted).await.unwrap());
    assert!(!store.keep_deployed(&noted).await.unwrap(), "somebody noted them meanwhile");
}

#[tokio::test]
async fn an_alert_counts_once_for_a_rule_whoever_counts_it() {
    let emulator = emulator().await;
    let rules = [name("oslo"), name("bergen")];
    let mut counters = JoinSet::new();
    for _ in 0..16 {
        let (store, rules) = (emulator.store.clone(), rules.clone());
        let id = alert("ad1", 0).id;
        counters.spawn(async move { store.count(&rules, &id, now()).await.unwrap() });
    }
    counters.join_all().await;
    let (store, tomorrow) = (&emulator.store, now() + 24.hours());
    store.count(&rules[..1], &alert("ad2", 0).id, tomorrow).await.unwrap();
    store.count(&rules[..1], &alert("ad1", 0).id, tomorrow).await.unwrap();

    let matches = store.matches(&rules[0]).await.unwrap();
    assert_eq!((matches.total, matches.last), (2, Some(tomorrow)));
    let days: Vec<_> = matches.per_day.iter().map(|(day, n)| (day.to_string(), *n)).collect();
    assert_eq!(days, [("2026-11-21".to_owned(), 1), ("2026-11-22".to_owned(), 1)]);
    assert_eq!(store.matches(&rules[1]).await.unwrap().total, 1);
    let alerts = store.matched_alerts(&rules[0]).await.unwrap();
    assert_eq!(alerts, [alert("ad1", 0).id, alert("ad2", 0).id]);
    assert_eq!(store.matches(&name("none")).await.unwrap().total, 0);
}

#[tokio::test]
async fn an_alert_keeps_when_it_first_came() {
    let emulator = emulator().await;
    let store = &emulator.store;
    let received =
        async |id: &str| store.load(&alert(id, 0).id).await.unwrap().unwrap().alert.received;
    for (hour, updated) in [(0, 10), (1, 20), (2, 5), (3, 30)] {
        store.store(&alert("ad1", updated), now() + hour.hours()).await.unwrap();
        assert_eq!(received("ad1").await, Some(now()), "after {hour} h");
    }

    // One that came before this was kept: in doubt it came when it was created.
    let created = alert("ad1", 0).created;
    let update = emulator.client.update_item().table_name(TABLE);
    let key = |text: &str| aws_sdk_dynamodb::types::AttributeValue::S(text.to_owned());
    let update = update.key("pk", key("A#ad1")).key("sk", key("H"));
    update.update_expression("REMOVE received").send().await.unwrap();
    assert_eq!(received("ad1").await, created);
    store.store(&alert("ad1", 40), now() + 4.hours()).await.unwrap();
    assert_eq!(received("ad1").await, created);
}

#[tokio::test]
async fn a_hidden_alert_is_released_once_and_keeps_the_mark() {
    let emulator = emulator().await;
    let store = &emulator.store;
    let (first, newer) = (alert("ad1", 0), alert("ad1", 60));
    let release = Release { at: now(), by: "kim".to_owned() };
    store.store(&first, now()).await.unwrap();
    let early = store.release(&first.id, 1, &release).await.unwrap();
    assert_eq!(early, Released::Overtaken, "it is not hidden");
    let mut run = run_that_keeps(&first, 0);
    run.decision.outcome = Outcome::Hidden;
    store.record(&run, &[].into(), 1).await.unwrap();

    let mut people = JoinSet::new();
    for _ in 0..8 {
        let (store, id, release) = (store.clone(), first.id.clone(), release.clone());
        people.spawn(async move { store.release(&id, 2, &release).await.unwrap() });
    }
    let done = people.join_all().await;
    assert_eq!(done.iter().filter(|it| **it == Released::Released).count(), 1);

    let stored = store.load(&first.id).await.unwrap().unwrap();
    assert_eq!((stored.state, stored.looks), (AlertState::Pending, 1));
    assert_eq!(stored.released.as_ref(), Some(&release));
    let pending = store.work(defuse_adapters::WorkKind::Pending, Timestamp::MAX).await.unwrap();
    assert_eq!(pending.as_slice(), std::slice::from_ref(&first.id));
    store.store(&newer, now() + 1.hour()).await.unwrap();
    let stored = store.load(&first.id).await.unwrap().unwrap();
    assert_eq!(stored.released.as_ref(), Some(&release), "a newer revision keeps it");
    let history = store.history(&first.id).await.unwrap().unwrap();
    assert_eq!(history.released, Some(release));
}

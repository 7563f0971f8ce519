//! What each step costs, and how large each item is: this is what the bill is made of.

use std::{collections::BTreeSet, fmt::Write, time::Duration};

use defuse_adapters::{DynamoDbStore, StoredAlertFacts};
use defuse_domain::{
    Act, Actor, Alert, Answer, AtEndpoint, AutomaticReplies, Effect, EffectAction, EffectId,
    EffectState, Fact, Need, Outcome, Question, Release, Sighting, TuningRuleName, User, Wish,
};
use defuse_flow::{
    ActStore, ActionLog, AlertStore, AllowList, AllowListOutbox, Bulk, BulkLog, DeployedTuning,
    FactCache, FactSource, Found, LeftOutLog, LimitClaim, LimitStore, MatchLog, NotificationLog,
    Outbox, ReleaseStore, Released, RuleVerb, RunStore, StoredRule, StoredTuning, TuningStore,
    WatchList, WebhookLog,
};
use defuse_testkit::a_tuning_rule;
use jiff::{SignedDuration, tz::TimeZone};

use crate::{
    allow_list,
    emulator::{Emulator, bytes, emulator, text},
    samples::{alert_of, notification, now, run, run_that_keeps, typical_alert},
};

#[tokio::test]
async fn the_request_units_of_each_step() {
    let emulator = emulator().await;
    let store = &emulator.store;
    let alert = typical_alert();
    let (first, id) = (run(&alert, 0), &alert.id);
    let mut steps = Steps::new(&emulator);

    store.store(&alert, now()).await.unwrap();
    steps.took("store, new");
    store.store(&alert, now()).await.unwrap();
    steps.took("store, again");
    store.load(id).await.unwrap();
    steps.took("load");
    store.open_alerts_of(&alert.users()[0], now()).await.unwrap();
    steps.took("open alerts of a user, 1");
    let need = ask(store, alert.users()[0].clone()).await;
    steps.took("fact, asked for");
    store.find(&need, Duration::ZERO, now()).await.unwrap();
    steps.took("fact, found");
    ask(&store.clone().with_watch_list(true), lee()).await;
    steps.took("fact of a watched mailbox, asked for");
    store.saw(&lee(), Sighting::Silent, now()).await.unwrap();
    steps.took("mailbox, looked at");
    let limit = LimitClaim { counter: "legitimate-travel/hour/2026-11-21T10".to_owned(), max: 30 };
    LimitStore::claim(store, &first.key.alert_id, &[limit], now()).await.unwrap();
    steps.took("limit, each");
    let tags = BTreeSet::from(["legitimate-travel".to_owned()]);
    store.record(&first, &tags, 1).await.unwrap();
    steps.took("record, 3 effects");
    store.outstanding(id).await.unwrap();
    steps.took("outstanding");
    mark(&emulator, &alert, 0).await;
    steps.took("mark, not the last");
    mark(&emulator, &alert, 1).await;
    steps.took("mark, not the last");
    mark(&emulator, &alert, 2).await;
    steps.took("mark, the last");
    store.outstanding(id).await.unwrap();
    steps.took("outstanding, nothing");
    messages(&mut steps, store).await;
    tuned_alert(&mut steps, store).await;
    left_out(&mut steps, store).await;

    insta::assert_snapshot!(steps.table, @r"
    store, new: 5 + 1 write, 0.5 read
    store, again: 0 + 0 write, 0.5 read
    load: 0 + 0 write, 2 read
    open alerts of a user, 1: 0 + 0 write, 3 read
    fact, asked for: 2 + 0 write, 2 read
    fact, found: 0 + 0 write, 1 read
    fact of a watched mailbox, asked for: 3 + 0 write, 2 read
    mailbox, looked at: 1 + 0 write, 1 read
    limit, each: 1 + 0 write, 0 read
    record, 3 effects: 2 + 3 write, 0 read
    outstanding: 0 + 0 write, 3 read
    mark, not the last: 1 + 0 write, 1 read
    mark, not the last: 1 + 0 write, 1 read
    mark, the last: 1 + 1 write, 1 read
    outstanding, nothing: 0 + 0 write, 1 read
    notification, claimed and posted: 2 + 0 write, 0 read
    webhook message: 1 + 0 write, 1 read
    tuning rule, saved: 3 + 0 write, 1 read
    tuning rules, unchanged: 0 + 0 write, 0.5 read
    tuning rules, loaded, 1: 0 + 0 write, 2 read
    store, new, of no user: 2 + 1 write, 0.5 read
    record, hidden: 2 + 3 write, 0 read
    outstanding, the count: 0 + 0 write, 3 read
    count, for a rule: 2 + 0 write, 0 read
    mark, the count: 1 + 1 write, 1 read
    release: 1 + 1 write, 0 read
    leave out, new: 2 + 0 write, 2 read
    leave out, again: 0 + 0 write, 2 read
    ");
}

#[tokio::test]
async fn the_request_units_of_the_allow_list() {
    let emulator = emulator().await;
    let store = &emulator.store;
    let mut steps = Steps::new(&emulator);
    let entry = allow_list::entry("updates.contoso.example", "Updates");
    store.put(&entry, now()).await.unwrap();
    steps.took("allow list, put");
    store.put(&entry, now() + SignedDuration::from_secs(1)).await.unwrap();
    steps.took("allow list, put again");
    let read = store.entry(entry.indicator()).await.unwrap().unwrap();
    store.mark_entry(&read, &AtEndpoint::OursAlone { at: now() }).await.unwrap();
    steps.took("allow list, written elsewhere");
    let question = Question::AllowListed(entry.indicator().clone());
    let need = Need { question, max_age: SignedDuration::from_mins(15) };
    StoredAlertFacts::new(store.clone()).answer(&[need], now()).await;
    steps.took("allow list, asked");

    insta::assert_snapshot!(steps.table, @r"
    allow list, put: 1 + 1 write, 1 read
    allow list, put again: 1 + 2 write, 1 read
    allow list, written elsewhere: 1 + 1 write, 1 read
    allow list, asked: 0 + 0 write, 1 read
    ");
}

#[tokio::test]
async fn the_request_units_of_what_persons_do() {
    let emulator = emulator().await;
    let store = &emulator.store;
    let alert = typical_alert();
    store.store(&alert, now()).await.unwrap();
    store.record(&run(&alert, 0), &[].into(), 1).await.unwrap();
    let mut steps = Steps::new(&emulator);
    let shown = store.managed(&alert.id).await.unwrap().unwrap();
    steps.took("alert, shown");
    let wish = Wish::parse(r#"{ "status": "inProgress" }"#).unwrap();
    let kim = Actor { id: "1".to_owned(), name: "Kim".to_owned() };
    let on = (&shown.alert, &shown.managed, &shown.tags);
    let acted = Act::of(&wish, on, kim.clone(), now(), (1, String::new())).unwrap();
    let (act, managed) = acted.unwrap();
    store.act(&act, &managed, shown.version).await.unwrap();
    steps.took("act");
    let day = now().to_zoned(TimeZone::UTC).date();
    let between = (now() - SignedDuration::from_hours(1), now());
    let listed = store.listed(day, between, None, 50).await.unwrap();
    assert_eq!(listed.len(), 2);
    steps.took("actions of a day, 2");
    store.record_of(&alert.id).await.unwrap();
    steps.took("everything of an alert");
    let bulk = Bulk { id: "0a".to_owned(), by: kim, at: now(), alerts: vec![alert.id.clone()] };
    store.keep_bulk(&bulk).await.unwrap();
    steps.took("change of many, kept");
    insta::assert_snapshot!(steps.table, @r"
    alert, shown: 0 + 0 write, 2 read
    act: 2 + 1 write, 1 read
    actions of a day, 2: 0 + 0 write, 0.5 read
    everything of an alert: 0 + 0 write, 1 read
    change of many, kept: 1 + 0 write, 0 read
    ");
}

#[tokio::test]
async fn the_bytes_of_each_item() {
    let emulator = emulator().await;
    let alert = typical_alert();
    let tags = BTreeSet::from(["legitimate-travel".to_owned()]);
    emulator.store.store(&alert, now()).await.unwrap();
    emulator.store.record(&run(&alert, 0), &tags, 1).await.unwrap();
    for index in 0..3 {
        mark(&emulator, &alert, index).await;
    }

    let mut sizes: Vec<String> = emulator
        .items("")
        .await
        .iter()
        .map(|it| format!("{} / {}: {}", text(it, "pk"), text(it, "sk"), bytes(it)))
        .collect();
    sizes.sort();

    let head = bytes(&emulator.head(alert.id.as_str()).await);
    assert!(head <= 1_024, "the head has {head} bytes");
    insta::assert_snapshot!(sizes.join("\n"), @r"
    A#ca6b016779f552cc5023d8319a / B#2026-11-21T09:42:17.782935300Z#3e473c8faa69fb09#0000: 1616
    A#ca6b016779f552cc5023d8319a / H: 840
    A#ca6b016779f552cc5023d8319a / R#2026-11-21T09:42:17.782935300Z#0#6fc5eb085b2da2e7: 984
    E#6f1d2c3b-1111-4a5b-8c6d-0a1b2c3d4e01 / 2026-11-21T09:42:17.782935300Z#ca6b016779f552cc5023d8319a: 130
    E#kim@contoso.example / 2026-11-21T09:42:17.782935300Z#ca6b016779f552cc5023d8319a: 113
    ");
}

/// A message to chat, and one from a sender
async fn messages(steps: &mut Steps<'_>, store: &DynamoDbStore) {
    let resolved = notification("ad1", "soc", "resolved");
    NotificationLog::claim(store, &resolved, now()).await.unwrap();
    store.posted(&resolved, "200", now()).await.unwrap();
    steps.took("notification, claimed and posted");
    store.was_taken("msg_2L3k9").await.unwrap();
    store.took("msg_2L3k9", now()).await.unwrap();
    steps.took("webhook message");
}

/// An alert that the settings leave out
async fn left_out(steps: &mut Steps<'_>, store: &DynamoDbStore) {
    let left_out = alert_of("ad9", 0, &serde_json::Value::Null);
    store.leave_out(&left_out, now()).await.unwrap();
    steps.took("leave out, new");
    store.leave_out(&left_out, now()).await.unwrap();
    steps.took("leave out, again");
}

/// A tuning rule is saved and loaded, hides an alert and counts it, and a person releases that
async fn tuned_alert(steps: &mut Steps<'_>, store: &DynamoDbStore) {
    let rule = StoredRule {
        name: TuningRuleName::parse("oslo").unwrap(),
        text: a_tuning_rule("oslo", "hide"),
        is_on: true,
        is_deleted: false,
        since: now(),
        changed: now(),
        by: "kim".to_owned(),
        version: 0,
    };
    store.change(&rule, RuleVerb::Saved).await.unwrap();
    steps.took("tuning rule, saved");
    store.generation().await.unwrap();
    steps.took("tuning rules, unchanged");
    store.deployed().await.unwrap();
    store.stored_rules().await.unwrap();
    steps.took("tuning rules, loaded, 1");
    let alert = alert_of("ad8", 0, &serde_json::Value::Null);
    store.store(&alert, now()).await.unwrap();
    steps.took("store, new, of no user");
    let mut hidden = run_that_keeps(&alert, 0);
    hidden.decision.outcome = Outcome::Hidden;
    let id = EffectId("count".to_owned());
    let action = EffectAction::Count { rules: vec![rule.name.clone()] };
    hidden.effects.push(Effect { id: id.clone(), action });
    store.record(&hidden, &[].into(), 1).await.unwrap();
    steps.took("record, hidden");
    store.outstanding(&alert.id).await.unwrap();
    steps.took("outstanding, the count");
    store.count(std::slice::from_ref(&rule.name), &alert.id, now()).await.unwrap();
    steps.took("count, for a rule");
    let done = EffectState::Done { at: now(), answer: "counted".to_owned() };
    store.mark(&hidden, &id, &done).await.unwrap();
    steps.took("mark, the count");
    let release = Release { at: now(), by: "kim".to_owned() };
    assert_eq!(store.release(&alert.id, 3, &release).await.unwrap(), Released::Released);
    steps.took("release");
}

fn lee() -> User {
    User { principal_name: Some("lee@contoso.example".to_owned()), ..User::default() }
}

/// Asks for a fact that nobody has yet, and keeps the answer
async fn ask(store: &DynamoDbStore, user: User) -> Need {
    let question = Question::AutomaticReplies(user);
    let need = Need { question: question.clone(), max_age: SignedDuration::from_mins(15) };
    let found = store.find(&need, Duration::ZERO, now()).await.unwrap();
    let Found::Ask(lease) = found else { panic!("{found:?}") };
    let answer = Ok(Answer::AutomaticReplies(AutomaticReplies::Disabled));
    let source = "Microsoft Graph".to_owned();
    let fact = Fact { question, answer, source, read: now(), history: None };
    store.keep(&lease, fact, now()).await.unwrap();
    need
}

/// Marks an effect with an answer as long as the head takes
async fn mark(emulator: &Emulator, alert: &Alert, index: usize) {
    let run = run(alert, 0);
    let state = EffectState::Done { at: now(), answer: "x".repeat(1_000) };
    let effect: &EffectId = &run.effects[index].id;
    emulator.store.mark(&run, effect, &state).await.unwrap();
}

/// The units that each step took
struct Steps<'a> {
    emulator: &'a Emulator,
    table: String,
}

impl<'a> Steps<'a> {
    fn new(emulator: &'a Emulator) -> Self {
        emulator.meter.take();
        Self { emulator, table: String::new() }
    }

    fn took(&mut self, step: &str) {
        let (writes, index, reads) = self.emulator.meter.take();
        writeln!(self.table, "{step}: {writes} + {index} write, {reads} read").unwrap();
    }
}

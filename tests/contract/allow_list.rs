//! The allow list: put, changed, listed, asked about, and written to Defender for Endpoint, with the
//! adapters of production.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use defuse_adapters::{
    Application, Credential, DynamoDbStore, Endpoint, EndpointSettings, Http, Reach, Secret,
    StoredAlertFacts, Work, work_of,
};
use defuse_domain::{
    AllowListDraft, AllowListEntry, Answer, AtEndpoint, Indicator, Need, Question,
};
use defuse_flow::{Allow, AllowList, AllowListOutbox, FactSource, Put, StoredEntry};
use defuse_testkit::{Fault, FaultKind, LimitedService, MemoryTopic, Tenant};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::json;

use crate::{
    emulator::{Emulator, emulator, text},
    samples::now,
};

const DOMAIN: &str = "updates.contoso.example";

pub(crate) fn entry(value: &str, title: &str) -> AllowListEntry {
    entry_until(value, title, now() + 24.hours())
}

fn entry_until(value: &str, title: &str, expires: Timestamp) -> AllowListEntry {
    let draft = AllowListDraft {
        kind: None,
        value: value.to_owned(),
        title: title.to_owned(),
        description: "Our own servers".to_owned(),
        device_groups: Vec::new(),
        expires,
        by: "kim@contoso.example".to_owned(),
        from: None,
    };
    AllowListEntry::new(draft, now()).unwrap()
}

fn indicator(text: &str) -> Indicator {
    Indicator::guess(text).unwrap()
}

async fn stored(store: &DynamoDbStore, text: &str) -> StoredEntry {
    store.entry(&indicator(text)).await.unwrap().unwrap()
}

fn endpoint(tenant: &Tenant) -> Endpoint {
    let settings = EndpointSettings {
        base_url: tenant.endpoint_url(),
        application: Application {
            token_url: tenant.token_url(),
            client_id: Tenant::CLIENT_ID.to_owned(),
            credential: Credential::ClientSecret(Secret::new(Tenant::CLIENT_SECRET)),
        },
        change_within: Duration::from_secs(10),
    };
    let http = Http::new(Reach::Anywhere, Duration::from_secs(10)).unwrap();
    Endpoint::new(&settings, http).unwrap()
}

/// With nobody to be told
fn allowing(emulator: &Emulator, tenant: &Tenant) -> Allow<DynamoDbStore, Endpoint, MemoryTopic> {
    Allow::new(emulator.store.clone(), Some(endpoint(tenant)), MemoryTopic::default(), None)
}

async fn waiting(emulator: &Emulator) -> Vec<Indicator> {
    emulator.store.allow_work(now() + 1.hour()).await.unwrap()
}

#[tokio::test]
async fn an_entry_is_put_changed_and_put_again() {
    let emulator = emulator().await;
    let store = &emulator.store;
    assert_eq!(store.put(&entry(DOMAIN, "Updates"), now()).await.unwrap(), Put::New);
    assert_eq!(store.put(&entry(DOMAIN, "Updates"), now()).await.unwrap(), Put::Again);
    assert_eq!(store.put(&entry(DOMAIN, "Patches"), now()).await.unwrap(), Put::Changed);

    let StoredEntry { entry: kept, endpoint, history, .. } = stored(store, DOMAIN).await;
    assert_eq!((kept, endpoint), (entry(DOMAIN, "Patches"), AtEndpoint::Outstanding));
    let what: Vec<&[String]> = history.iter().map(|it| it.what.as_slice()).collect();
    assert_eq!(what, [&[][..], &["title from `Updates` to `Patches`".to_owned()]]);
    assert!(history.iter().all(|it| it.by == "kim@contoso.example"));
}

#[tokio::test]
async fn two_at_once_leave_one_entry_with_the_history_of_both() {
    let emulator = emulator().await;
    let (one, other) = (entry(DOMAIN, "One"), entry(DOMAIN, "Other"));
    let (left, right) =
        tokio::join!(emulator.store.put(&one, now()), emulator.store.put(&other, now()));
    let mut came = [left.unwrap(), right.unwrap()].map(|it| format!("{it:?}"));
    came.sort();
    assert_eq!(came, ["Changed", "New"]);
    assert_eq!(stored(&emulator.store, DOMAIN).await.history.len(), 2);
}

#[tokio::test]
async fn all_entries_are_listed_page_by_page() {
    let emulator = emulator().await;
    for number in 0..130 {
        let entry = entry(&format!("a{number:03}.example"), "t");
        emulator.store.put(&entry, now()).await.unwrap();
    }
    let first = emulator.store.page(None).await.unwrap();
    let second = emulator.store.page(first.next.as_ref()).await.unwrap();
    assert_eq!((first.entries.len(), second.entries.len(), second.next), (100, 30, None));
    assert_eq!(second.entries[0].entry.indicator(), &indicator("a100.example"));
}

#[tokio::test]
async fn the_list_is_asked_about_many_indicators_at_once() {
    let emulator = emulator().await;
    let over = entry_until("over.example", "Over", now() + 1.nanosecond());
    for entry in [entry(DOMAIN, "Updates"), over] {
        emulator.store.put(&entry, now()).await.unwrap();
    }
    let many: Vec<String> = (0..150).map(|it| format!("a{it}.example")).collect();
    let asked = [DOMAIN, "over.example", DOMAIN].into_iter().chain(many.iter().map(String::as_str));
    let needs: Vec<Need> = asked
        .map(|it| Need {
            question: Question::AllowListed(indicator(it)),
            max_age: SignedDuration::from_mins(1),
        })
        .collect();
    let facts = StoredAlertFacts::new(emulator.store.clone()).answer(&needs, now()).await;
    assert_eq!(facts.iter().count(), 152);
    let of = |text: &str| {
        let fact = facts.get(&Question::AllowListed(indicator(text))).unwrap();
        assert_eq!((fact.source.as_str(), fact.read), ("own allow list", now()));
        let Ok(Answer::AllowListed(listed)) = fact.answer.clone() else { panic!("{fact:?}") };
        listed.map(|it| (it.title, it.expires))
    };
    assert_eq!(of(DOMAIN), Some(("Updates".to_owned(), now() + 24.hours())));
    // It is there until DynamoDB takes it away; that it is over is for who decides to say.
    assert_eq!(of("over.example"), Some(("Over".to_owned(), now() + 1.nanosecond())));
    assert_eq!(of("a149.example"), None);
}

#[tokio::test]
async fn an_entry_calls_for_being_written_and_is_written_once() {
    let (tenant, emulator) = (Tenant::start().unwrap(), emulator().await);
    emulator.store.put(&entry(DOMAIN, "Updates"), now()).await.unwrap();
    let item = emulator.items("I#").await.pop().unwrap();
    assert_eq!((text(&item, "pk"), text(&item, "work")), ("I#allowed", "allow"));
    assert_eq!(work_of(&item.into()), Some(Work::Allow(indicator(DOMAIN))));
    assert_eq!(waiting(&emulator).await, [indicator(DOMAIN)]);

    let allow = allowing(&emulator, &tenant);
    for _ in 0..2 {
        allow.allow(&indicator(DOMAIN), now()).await.unwrap();
    }
    assert_eq!(waiting(&emulator).await, []);
    assert_eq!(tenant.posts_to("/mde/api/indicators").len(), 1);
    let written = &tenant.indicators()[0];
    assert_eq!(written["indicatorValue"], DOMAIN);
    assert_eq!(written["expirationTime"], json!(now() + 24.hours()));
    let answer = "indicator 1".to_owned();
    let state = stored(&emulator.store, DOMAIN).await.endpoint;
    assert_eq!(state, AtEndpoint::Written { at: now(), answer });

    // The same value again is an update, there as here.
    emulator.store.put(&entry(DOMAIN, "Patches"), now()).await.unwrap();
    allow.allow(&indicator(DOMAIN), now() + 3.seconds()).await.unwrap();
    assert_eq!(
        (tenant.indicators().len(), &tenant.indicators()[0]["title"]),
        (1, &json!("Patches"))
    );
}

#[tokio::test]
async fn a_refusal_stands_on_the_entry_until_it_is_put_again() {
    let (tenant, emulator) = (Tenant::start().unwrap(), emulator().await);
    let allow = allowing(&emulator, &tenant);
    let refusal = async |value: &str, at: Timestamp| {
        emulator.store.put(&entry(value, "Updates"), now()).await.unwrap();
        allow.allow(&indicator(value), at).await.unwrap();
        let state = stored(&emulator.store, value).await.endpoint;
        let AtEndpoint::Refused { answer, .. } = state else { panic!("{state:?}") };
        answer
    };
    tenant.set_indicators_max(0);
    let answer = refusal(DOMAIN, now()).await;
    assert_eq!(
        answer,
        "Defender for Endpoint answered 400 (BadRequest: Max capacity of 0 indicators reached.)"
    );
    tenant.let_write_indicators(false);
    let answer = refusal("b.example", now() + 3.seconds()).await;
    assert!(answer.ends_with(": grant `Ti.ReadWrite.All`"), "{answer}");
    assert_eq!(waiting(&emulator).await, []);

    tenant.set_indicators_max(15_000);
    tenant.let_write_indicators(true);
    assert_eq!(emulator.store.put(&entry(DOMAIN, "Updates"), now()).await.unwrap(), Put::Again);
    allow.allow(&indicator(DOMAIN), now() + 6.seconds()).await.unwrap();
    assert_eq!(tenant.indicators().len(), 1);
}

#[tokio::test]
async fn all_writers_together_keep_the_limits() {
    let (tenant, emulator) = (Tenant::start().unwrap(), emulator().await);
    tenant.keep_limits();
    let clock = Arc::new(Mutex::new(now()));
    let told = Arc::clone(&clock);
    tenant.set_clock(move || *told.lock().unwrap());
    let allow = [(); 2].map(|()| allowing(&emulator, &tenant));
    for number in 0..120 {
        let value = format!("a{number}.example");
        emulator.store.put(&entry(&value, "t"), now()).await.unwrap();
        let at = *clock.lock().unwrap();
        allow[number % 2].allow(&indicator(&value), at).await.unwrap();
        // As soon as the table gives a turn: 1,500 an hour, one in 2.4 s.
        *clock.lock().unwrap() += SignedDuration::from_millis(2_400);
    }
    assert_eq!(tenant.indicators().len(), 120);
    assert_eq!(tenant.highest_rate(LimitedService::EndpointIndicators), 25);
    let busy = emulator.items("P#endpointIndicators").await;
    assert_eq!(busy.len(), 1, "one rate for all");
}

#[tokio::test]
async fn what_is_busy_is_tried_again_and_nothing_is_lost() {
    let (tenant, emulator) = (Tenant::start().unwrap(), emulator().await);
    emulator.store.put(&entry(DOMAIN, "Updates"), now()).await.unwrap();
    let allow = allowing(&emulator, &tenant);
    let busy = [
        FaultKind::Status { status: 429, retry_after: Some(30) },
        FaultKind::Status { status: 503, retry_after: None },
        FaultKind::CrashAfter,
        FaultKind::GarbageBody,
    ];
    for (number, kind) in busy.into_iter().enumerate() {
        tenant.fault(Fault::once("POST", "/mde/api/indicators", kind.clone()));
        let at = now() + SignedDuration::from_secs(3 * i64::try_from(number).unwrap());
        allow.allow(&indicator(DOMAIN), at).await.unwrap_err();
        assert_eq!(waiting(&emulator).await, [indicator(DOMAIN)], "after {kind:?}");
    }
    allow.allow(&indicator(DOMAIN), now() + 1.minute()).await.unwrap();
    assert_eq!(tenant.indicators().len(), 1);
}

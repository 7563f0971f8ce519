//! The allow list on its way to who keeps one too: written once, whatever fails, and the newest last.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::{sync::Mutex, time::Duration};

use defuse_domain::{
    About, AllowListDraft, AllowListEntry, AllowListTemplate, AtEndpoint, Indicator, Notification,
};
use defuse_flow::{
    Allow, AllowList, AllowListOutbox, DeliveryError, IndicatorClient, Marked, Pace, Put, Rate,
    StoreError, StoredEntry, Turn,
};
use defuse_testkit::{FaultPlan, Faulty, MemoryIndicators, MemoryStore, MemoryTopic, PortFault};
use jiff::{Timestamp, ToSpan};

const DOMAIN: &str = "updates.contoso.example";

fn now() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

fn indicator() -> Indicator {
    Indicator::guess(DOMAIN).unwrap()
}

fn entry(title: &str) -> AllowListEntry {
    let draft = AllowListDraft {
        kind: None,
        value: DOMAIN.to_owned(),
        title: title.to_owned(),
        description: "Our own servers".to_owned(),
        device_groups: Vec::new(),
        expires: now() + 24.hours(),
        by: "kim@contoso.example".to_owned(),
        from: None,
    };
    AllowListEntry::new(draft, now()).unwrap()
}

async fn state_of(store: &MemoryStore) -> AtEndpoint {
    store.entry(&indicator()).await.unwrap().unwrap().endpoint
}

fn titles(client: &MemoryIndicators) -> Vec<String> {
    client.allowed().iter().map(|it| it.title().to_owned()).collect()
}

/// A store and a client whose calls go wrong as the plan says
type Faulted = Allow<Faulty<MemoryStore>, Faulty<MemoryIndicators>, Faulty<MemoryTopic>>;

fn faulted(store: &MemoryStore, client: &MemoryIndicators, plan: &FaultPlan) -> Faulted {
    let store = Faulty::new(store.clone(), plan.clone());
    let topic = Faulty::new(MemoryTopic::default(), plan.clone());
    let client = Faulty::new(client.clone(), plan.clone());
    Allow::new(store, Some(client), topic, Some("soc".to_owned()))
}

/// With nobody to be told
fn untold<S, C>(store: &S, client: C) -> Allow<S, C, MemoryTopic>
where
    S: AllowListOutbox + Pace + Clone + Sync,
    C: IndicatorClient + Sync,
{
    Allow::new(store.clone(), Some(client), MemoryTopic::default(), None)
}

#[tokio::test]
async fn whatever_fails_an_entry_is_written_in_the_end() {
    let plan = FaultPlan::default();
    let (store, client) = (MemoryStore::default(), MemoryIndicators::default());
    store.put(&entry("Updates"), now()).await.unwrap();
    faulted(&store, &client, &plan).allow(&indicator(), now()).await.unwrap();
    let calls = plan.calls();
    assert_eq!(
        calls,
        [
            "AllowListOutbox::entry",
            "Pace::turn",
            "IndicatorClient::allow",
            "AllowListOutbox::mark_entry"
        ]
    );

    for (number, call) in calls.into_iter().enumerate() {
        for fault in PortFault::ALL {
            let plan = FaultPlan::default().at(number, fault);
            let (store, client) = (MemoryStore::default(), MemoryIndicators::default());
            store.put(&entry("Updates"), now()).await.unwrap();
            let allow = faulted(&store, &client, &plan);
            let outcome = plan.run(allow.allow(&indicator(), now())).await;
            let state = state_of(&store).await;
            let is_there = titles(&client) == ["Updates"];
            match state {
                AtEndpoint::Written { .. } => assert!(is_there, "{fault:?} at {call}"),
                AtEndpoint::Outstanding => {
                    assert!(!matches!(outcome, Some(Ok(()))), "{fault:?} at {call}");
                }
                AtEndpoint::Refused { .. } => {
                    assert_eq!((fault, call), (PortFault::Refuse, "IndicatorClient::allow"));
                    // Putting it there again is what people do about a refusal.
                    assert_eq!(store.put(&entry("Updates"), now()).await.unwrap(), Put::Again);
                }
                AtEndpoint::OursAlone { .. } => panic!("{fault:?} at {call}"),
            }
            plan.heal();
            allow.allow(&indicator(), now()).await.unwrap();
            allow.allow(&indicator(), now()).await.unwrap();
            let state = state_of(&store).await;
            assert!(matches!(state, AtEndpoint::Written { .. }), "{state:?}: {fault:?} at {call}");
            assert_eq!(titles(&client), ["Updates"]);
        }
    }
}

#[tokio::test]
async fn without_a_client_the_list_is_ours_alone_and_later_written() {
    let (store, client) = (MemoryStore::default(), MemoryIndicators::default());
    store.put(&entry("Updates"), now()).await.unwrap();
    let alone: Allow<_, MemoryIndicators, _> =
        Allow::new(store.clone(), None, MemoryTopic::default(), None);
    alone.allow(&indicator(), now()).await.unwrap();
    assert_eq!(state_of(&store).await, AtEndpoint::OursAlone { at: now() });

    assert_eq!(store.put(&entry("Updates"), now()).await.unwrap(), Put::Again);
    untold(&store, client.clone()).allow(&indicator(), now()).await.unwrap();
    assert_eq!(titles(&client), ["Updates"]);
}

#[tokio::test]
async fn what_expired_meanwhile_is_not_written() {
    let (store, client) = (MemoryStore::default(), MemoryIndicators::default());
    store.put(&entry("Updates"), now()).await.unwrap();
    let allow = untold(&store, client.clone());
    allow.allow(&indicator(), now() + 24.hours()).await.unwrap();
    let state = state_of(&store).await;
    assert!(matches!(state, AtEndpoint::Refused { .. }), "{state:?}");
    assert_eq!(client.allowed(), []);
}

/// Changes the entry while the first call is under way, and has that written by somebody else
struct Overtaking {
    store: MemoryStore,
    client: MemoryIndicators,
    others: Mutex<usize>,
}

impl IndicatorClient for Overtaking {
    fn rate(&self) -> Rate {
        self.client.rate()
    }

    async fn allow(&self, entry: &AllowListEntry) -> Result<String, DeliveryError> {
        let n_before = {
            let mut others = self.others.lock().unwrap();
            *others += 1;
            *others
        };
        if n_before == 1 {
            self.store.put(&newer(), now()).await.unwrap();
            let other = untold(&self.store, self.client.clone());
            other.allow(&indicator(), now()).await.unwrap();
        }
        self.client.allow(entry).await
    }
}

fn newer() -> AllowListEntry {
    entry("Patches")
}

#[tokio::test]
async fn the_newest_is_there_last_although_an_older_call_came_after_it() {
    let (store, client) = (MemoryStore::default(), MemoryIndicators::default());
    store.put(&entry("Updates"), now()).await.unwrap();
    let others = Mutex::new(0);
    let overtaking = Overtaking { store: store.clone(), client: client.clone(), others };
    untold(&store, overtaking).allow(&indicator(), now()).await.unwrap();
    assert_eq!(titles(&client), ["Patches"]);
    assert!(matches!(state_of(&store).await, AtEndpoint::Written { .. }));
}

/// A store at which there is no turn
#[derive(Clone, Debug)]
struct Crowded(MemoryStore);

impl Pace for Crowded {
    async fn turn(&self, _: Rate, _: Duration, now: Timestamp) -> Result<Turn, StoreError> {
        Ok(Turn::TooLate { free: now + 1.minute() })
    }
}

impl AllowListOutbox for Crowded {
    async fn entry(&self, indicator: &Indicator) -> Result<Option<StoredEntry>, StoreError> {
        self.0.entry(indicator).await
    }

    async fn mark_entry(
        &self,
        read: &StoredEntry,
        state: &AtEndpoint,
    ) -> Result<Marked, StoreError> {
        self.0.mark_entry(read, state).await
    }
}

#[tokio::test]
async fn without_a_turn_it_stays_to_be_written() {
    let (store, client) = (MemoryStore::default(), MemoryIndicators::default());
    store.put(&entry("Updates"), now()).await.unwrap();
    let allow = untold(&Crowded(store.clone()), client.clone());
    allow.allow(&indicator(), now()).await.unwrap_err();
    assert_eq!((state_of(&store).await, client.allowed()), (AtEndpoint::Outstanding, vec![]));
}

/// Takes nothing
struct Refusing(MemoryIndicators);

impl IndicatorClient for Refusing {
    fn rate(&self) -> Rate {
        self.0.rate()
    }

    async fn allow(&self, _: &AllowListEntry) -> Result<String, DeliveryError> {
        Err(DeliveryError::Refused {
            target: "Defender for Endpoint".to_owned(),
            answer: "answered 400 (Max capacity of 15000 indicators reached.)".to_owned(),
            source: "400".into(),
        })
    }
}

#[tokio::test]
async fn people_are_told_once_of_each_refusal() {
    let (store, topic) = (MemoryStore::default(), MemoryTopic::default());
    store.put(&entry("Updates"), now()).await.unwrap();
    let refusing = Refusing(MemoryIndicators::default());
    let allow = Allow::new(store.clone(), Some(refusing), topic.clone(), Some("soc".to_owned()));
    for _ in 0..2 {
        allow.allow(&indicator(), now()).await.unwrap();
    }
    let told = topic.take();
    let [first] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((first.channel.as_str(), first.title.as_str()), ("soc", "Updates"));
    let template = AllowListTemplate::Refused;
    assert_eq!(first.about, About::Indicator { template, indicator: indicator() });
    assert!(first.reasons[0].contains("Max capacity of 15000"), "{first:?}");
    let published: Notification =
        serde_json::from_str(&serde_json::to_string(first).unwrap()).unwrap();
    assert_eq!(published, *first);

    store.put(&entry("Updates"), now()).await.unwrap();
    allow.allow(&indicator(), now()).await.unwrap();
    let again = topic.take();
    assert_eq!(again.len(), 1);
    assert_ne!(again[0].id, first.id, "it was tried anew, and refused anew");
}

#[tokio::test]
async fn who_cannot_be_told_is_told_later() {
    let plan = FaultPlan::default().at(0, PortFault::Fail);
    let (store, topic) = (MemoryStore::default(), MemoryTopic::default());
    store.put(&entry("Updates"), now()).await.unwrap();
    let faulty = Faulty::new(topic.clone(), plan);
    let refusing = Refusing(MemoryIndicators::default());
    let allow = Allow::new(store.clone(), Some(refusing), faulty, Some("soc".to_owned()));
    allow.allow(&indicator(), now()).await.unwrap_err();
    assert_eq!((state_of(&store).await, topic.take()), (AtEndpoint::Outstanding, vec![]));
    allow.allow(&indicator(), now()).await.unwrap();
    assert_eq!(topic.take().len(), 1);
}

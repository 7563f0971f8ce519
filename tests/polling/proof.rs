//! Many alerts in a tenant that keeps its limits, fails now and then, answers slowly, has a clock of
//! its own, and changes while it is read.
//!
//! `DEFUSE_POLL_ALERTS=50000` plays it with as many, `DEFUSE_POLL_TABLE_ALERTS` does so in a table;
//! what came of that stands in `docs/reference/polling.md`.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use defuse_adapters::{
    Application, CloudAppsFeed, CloudAppsSettings, CloudAppsSignIn, CloudAppsSource, Credential,
    Feed, Graph, GraphFeed, GraphSettings, Http, Reach, Secret,
};
use defuse_domain::{Alert, Services};
use defuse_flow::{AlertStore, FeedStore, LeftOutLog, Pace, Poll, RejectStore, ServiceLevels};
use defuse_testkit::{LimitedService, MemoryTopic, Tenant};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::{
    emulator::{emulator, text},
    slow::{Draw, Slow},
    stores::{Counting, InMemory},
    world::{Clock, has_caught_up, missing, step},
};

const LIMIT: Duration = Duration::from_secs(20);
const FEEDS: [&str; 2] = ["graph", "cloud-apps"];

pub(crate) fn graph(tenant: &Tenant) -> Graph {
    let settings = GraphSettings {
        base_url: tenant.graph_url(),
        application: Application {
            token_url: tenant.token_url(),
            client_id: Tenant::CLIENT_ID.to_owned(),
            credential: Credential::ClientSecret(Secret::new(Tenant::CLIENT_SECRET)),
        },
        scope: "https://graph.microsoft.com/.default".to_owned(),
        answer_within: LIMIT,
        change_within: LIMIT,
    };
    Graph::new(&settings, Http::new(Reach::Anywhere, LIMIT).unwrap()).unwrap()
}

fn cloud_apps(tenant: &Tenant) -> CloudAppsFeed {
    let settings = CloudAppsSettings {
        base_url: tenant.cloud_apps_url(),
        sign_in: CloudAppsSignIn::Token(Secret::new(Tenant::CLOUD_APPS_KEY)),
        change_within: LIMIT,
    };
    let http = Http::new(Reach::Anywhere, LIMIT).unwrap();
    CloudAppsFeed::new(CloudAppsSource::new(&settings, http).unwrap())
}

/// Puts an alert there that was created so long ago, or changes it now.
///
/// Times are whole seconds and minutes, so that many are the same.
pub(crate) fn put(tenant: &Tenant, index: u32, age: SignedDuration) {
    let id = format!("da{index:08}");
    let now = tenant.now();
    let minute = SignedDuration::from_mins(1);
    let created = (now - age).as_second() / 60 * 60;
    let found = tenant.alert(&id);
    let created = match &found {
        Some(alert) => alert["createdDateTime"].clone(),
        None => json!(Timestamp::from_second(created).unwrap()),
    };
    let changed = if found.is_some() || age < minute {
        json!(Timestamp::from_second(now.as_second()).unwrap())
    } else {
        created.clone()
    };
    let alert = json!({
        "id": id, "title": "Alert", "severity": "medium", "status": "new",
        "serviceSource": "microsoftDefenderForEndpoint",
        "createdDateTime": created, "lastUpdateDateTime": changed,
    });
    tenant.put_alert(alert).unwrap();
}

/// The same at Cloud Apps, where what changes is that it is closed
fn put_cloud_apps(tenant: &Tenant, index: u32, age: SignedDuration) {
    let id = cloud_apps_id(index);
    let now = tenant.now();
    let mut alert = tenant.cloud_apps_alert(&id).unwrap_or_else(|| {
        let date = (now - age).as_second() / 60 * 60_000;
        json!({ "_id": id, "timestamp": date, "title": "Alert", "severityValue": 1, "resolutionStatusValue": 0 })
    });
    if age.is_zero() && alert["resolutionStatusValue"] == 0 {
        alert["resolutionStatusValue"] = json!(4);
        alert["resolveTime"] = json!(now);
    }
    tenant.put_cloud_apps_alert(alert).unwrap();
}

fn cloud_apps_id(index: u32) -> String {
    format!("6531f0a7c2d94b3e{index:08}")
}

/// The alerts of Graph as they are now
pub(crate) fn wanted(tenant: &Tenant, n_alerts: u32) -> Vec<Alert> {
    let alerts = (0..n_alerts).filter_map(|index| tenant.alert(&format!("da{index:08}")));
    alerts.map(|it| Alert::read(&it.to_string()).unwrap()).collect()
}

/// Plays it with a store in memory
async fn play_in_memory(n_alerts: u32, set_up: impl Fn(&Tenant, &Clock)) {
    let store = InMemory::default();
    let (tenant, wanted) = play(store.clone(), n_alerts, set_up).await;
    assert_eq!(missing(&store.store, &wanted).await, Vec::<String>::new());
    drop(tenant);
}

/// How many alerts somebody asks for
fn asked(variable: &str) -> Option<u32> {
    std::env::var(variable).ok()?.parse().ok()
}

#[tokio::test]
async fn every_alert_is_stored_once_and_as_it_is() {
    play_in_memory(asked("DEFUSE_POLL_ALERTS").unwrap_or(2_000), |_, _| {}).await;
}

#[tokio::test]
async fn also_where_the_source_s_clock_is_behind_ours() {
    play_in_memory(600, |tenant, clock| {
        set_clock(tenant, clock, |_| -SignedDuration::from_mins(4));
    })
    .await;
}

#[tokio::test]
async fn also_where_lists_give_no_links() {
    play_in_memory(600, |tenant, _| tenant.give_no_links()).await;
}

#[tokio::test]
async fn also_where_links_are_refused_from_some_page_on() {
    play_in_memory(600, |tenant, _| {
        tenant.set_page_size(20);
        tenant.set_skip_max(40);
    })
    .await;
}

#[tokio::test]
async fn also_in_a_table() {
    let emulator = emulator().await;
    let n_alerts = asked("DEFUSE_POLL_TABLE_ALERTS").unwrap_or(30);
    let (_tenant, wanted) = play(emulator.store.clone(), n_alerts, |_, _| {}).await;

    let heads = emulator.items("A#").await;
    let heads: Vec<_> = heads.iter().filter(|it| text(it, "sk") == "H").collect();
    assert_eq!(heads.len(), wanted.len());
    let revisions: BTreeMap<&str, &str> =
        heads.iter().map(|it| (text(it, "pk"), text(it, "revision"))).collect();
    for alert in wanted {
        let stored = revisions.get(format!("A#{}", alert.id).as_str()).copied();
        assert_eq!(stored, Some(alert.revision().to_string().as_str()), "{}", alert.id);
    }
}

/// Gives the tenant a clock that is off, by so much after some time has past
fn set_clock(
    tenant: &Tenant,
    clock: &Clock,
    off: impl Fn(SignedDuration) -> SignedDuration + Send + Sync + 'static,
) {
    let (clock, began) = (clock.clone(), clock.now());
    tenant.set_clock(move || clock.now() + off(clock.now().duration_since(began)));
}

/// Polls so many alerts, a fifth as many at Cloud Apps, until all is still; gives them as they are
#[expect(clippy::print_stdout, reason = "figures are for whoever runs the test")]
async fn play<S>(store: S, n_alerts: u32, set_up: impl Fn(&Tenant, &Clock)) -> (Tenant, Vec<Alert>)
where
    S: AlertStore + LeftOutLog + RejectStore + FeedStore + Pace + ServiceLevels + Clone + Sync,
{
    let (clock, mut draw, began) = (Clock::new(), Draw(7), Instant::now());
    let tenant = Tenant::start().unwrap();
    // From 4 minutes ahead to 4 behind, a second in ten: an hour and a half.
    set_clock(&tenant, &clock, |past| {
        (SignedDuration::from_mins(4) - past / 10).max(-SignedDuration::from_mins(4))
    });
    tenant.keep_limits();
    tenant.set_unreliable(10, 11);
    set_up(&tenant, &clock);
    let n_cloud_apps = n_alerts / 5;
    let age = |draw: &mut Draw| SignedDuration::from_mins(i64::from(draw.below(29 * 24 * 60)) + 2);
    let n_before = n_alerts / 10 * 9;
    for index in 0..n_before {
        put(&tenant, index, age(&mut draw));
    }
    for index in 0..n_cloud_apps {
        put_cloud_apps(&tenant, index, age(&mut draw));
    }

    let store = Counting { store, n_new: Arc::default() };
    let feeds = vec![
        Slow::new(Feed::Graph(GraphFeed::new(graph(&tenant))), clock.clone(), 13),
        Slow::new(Feed::CloudApps(cloud_apps(&tenant)), clock.clone(), 17),
    ];
    let poll = Poll::new(feeds, Services::ALL, store.clone(), MemoryTopic::default(), None);
    let (mut ready, start, mut n_there) = (Vec::new(), clock.now(), n_before);
    let mut n_steps = 0;
    loop {
        step(&poll, &mut ready, &clock).await;
        n_steps += 1;
        if n_there == n_alerts && has_caught_up(&store, &FEEDS).await {
            break;
        }
        // While each page is read, some alerts change, one is closed, and new ones come.
        for _ in 0..n_alerts.div_ceil(400) {
            put(&tenant, draw.below(n_there), SignedDuration::ZERO);
        }
        put_cloud_apps(&tenant, draw.below(n_cloud_apps), SignedDuration::ZERO);
        for _ in 0..n_alerts.div_ceil(400).min(n_alerts - n_there) {
            put(&tenant, n_there, SignedDuration::ZERO);
            n_there += 1;
        }
    }
    let caught_up = clock.now();
    // What changed last is read in pages of 100, each of which takes 3 s, with all that goes wrong.
    let end = clock.now()
        + SignedDuration::from_mins(5)
        + SignedDuration::from_secs(4 * i64::from(n_alerts) / 50);
    while clock.now() < end {
        step(&poll, &mut ready, &clock).await;
        n_steps += 1;
    }

    let at_cloud_apps =
        (0..n_cloud_apps).filter_map(|it| tenant.cloud_apps_alert(&cloud_apps_id(it)));
    let at_cloud_apps = at_cloud_apps.map(|it| Alert::read(&it.to_string()).unwrap());
    let all: Vec<Alert> = wanted(&tenant, n_alerts).into_iter().chain(at_cloud_apps).collect();
    let n_all = usize::try_from(n_alerts + n_cloud_apps).unwrap();
    let n_new = store.n_new.load(Ordering::SeqCst);
    assert_eq!((all.len(), n_new), (n_all, n_all), "there are, and were stored as new");
    let [graph, cloud_apps] = [LimitedService::GraphSecurity, LimitedService::CloudApps]
        .map(|it| (tenant.highest_rate(it), it.per_minute()));
    assert!(graph.0 <= graph.1 && cloud_apps.0 <= cloud_apps.1, "{graph:?}, {cloud_apps:?}");
    let (took, virtual_min) = (began.elapsed(), caught_up.duration_since(start).as_mins());
    println!(
        "{n_all} alerts, {n_steps} requests and waits; caught up after {virtual_min} min by the \
         test's clock; at most {} and {} requests a minute; {took:.0?} on this machine",
        graph.0, cloud_apps.0
    );
    (tenant, all)
}

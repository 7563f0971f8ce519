//! However many alerts need a fact at once, the tenant is asked for it once, and never too often.

use std::{collections::BTreeSet, time::Duration};

use defuse_adapters::{
    Application, Credential, DynamoDbStore, Graph, GraphFacts, GraphSettings, Http, Reach, Secret,
};
use defuse_domain::{Answer, Facts, Need, Question, RiskLevel, User};
use defuse_flow::{FactCache, FactSource, Found, Remembered};
use defuse_testkit::{Fault, FaultKind, Override, Tenant, UserEndpoint, UserRecord};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::task::JoinSet;

use crate::emulator::{Emulator, emulator};

type Asker = Remembered<GraphFacts<DynamoDbStore>, DynamoDbStore>;

/// How many alerts of one user arrive at once
const N_AT_ONCE: usize = 200;
/// How many, where each needs more of the table
const N_OF_ALL_KINDS: usize = 30;

fn id(number: usize) -> String {
    format!("11111111-2222-3333-4444-{number:012}")
}

fn user(number: usize) -> User {
    User { id: Some(id(number)), ..User::default() }
}

pub(crate) fn need(question: Question) -> Need {
    Need { question, max_age: SignedDuration::from_mins(15) }
}

/// A tenant of so many users, each of them at low risk
fn tenant(n_users: usize) -> Tenant {
    let tenant = Tenant::start().unwrap();
    tenant.limit_risky_users(Duration::from_secs(1));
    for number in 0..n_users {
        let mut user = UserRecord::new(&id(number), &format!("user{number}@contoso.example"));
        user.risk = Some(json!({ "id": id(number), "riskLevel": "low", "riskState": "atRisk" }));
        user.groups = vec![("1".to_owned(), "VPN users".to_owned())];
        tenant.put_user(user);
    }
    tenant
}

/// Graph at the tenant, with a sign-in of its own
pub(crate) fn graph(tenant: &Tenant) -> Graph {
    let settings = GraphSettings {
        base_url: tenant.graph_url(),
        application: Application {
            token_url: tenant.token_url(),
            client_id: Tenant::CLIENT_ID.to_owned(),
            credential: Credential::ClientSecret(Secret::new(Tenant::CLIENT_SECRET)),
        },
        scope: "https://graph.microsoft.com/.default".to_owned(),
        answer_within: Duration::from_secs(20),
        change_within: Duration::from_secs(20),
    };
    let http = Http::new(Reach::Anywhere, Duration::from_secs(10)).unwrap();
    Graph::new(&settings, http).unwrap()
}

/// One process: a sign-in of its own, and the table of all
fn asker(tenant: &Tenant, emulator: &Emulator) -> Asker {
    let store = emulator.store.clone();
    Remembered::new(GraphFacts::new(graph(tenant), store.clone()), store)
}

/// The answers of as many askers at once, in four processes
async fn all_at_once(tenant: &Tenant, emulator: &Emulator, needs: Vec<Vec<Need>>) -> Vec<Facts> {
    let processes: Vec<Asker> = (0..4).map(|_| asker(tenant, emulator)).collect();
    let mut askers = JoinSet::new();
    for (needs, process) in needs.into_iter().zip(processes.into_iter().cycle()) {
        askers.spawn(async move { process.answer(&needs, Timestamp::now()).await });
    }
    askers.join_all().await
}

fn places() -> [String; 3] {
    let id = id(0);
    [
        format!("/v1.0/users/{id}/mailboxSettings/automaticRepliesSetting"),
        format!("/v1.0/users/{id}/transitiveMemberOf/microsoft.graph.group"),
        format!("/v1.0/identityProtection/riskyUsers/{id}"),
    ]
}

fn everything() -> Vec<Need> {
    let kim = || user(0);
    [Question::AutomaticReplies(kim()), Question::Groups(kim()), Question::Risk(kim())]
        .map(need)
        .to_vec()
}

#[tokio::test]
async fn two_hundred_alerts_of_one_user_ask_once() {
    let (tenant, emulator) = (tenant(1), emulator().await);
    let needs = vec![need(Question::AutomaticReplies(user(0)))];
    let all = all_at_once(&tenant, &emulator, vec![needs; N_AT_ONCE]).await;

    let [replies, ..] = places();
    assert_eq!(tenant.requests_to("GET", &replies).len(), 1);
    assert_eq!(all.len(), N_AT_ONCE);
    assert!(all.iter().all(|it| it.iter().count() == 1 && it.iter().all(|it| it.answer.is_ok())));
    let read: BTreeSet<Timestamp> = all.iter().flat_map(Facts::iter).map(|it| it.read).collect();
    assert_eq!(read.len(), 1, "the fact is as old as its one reading: {read:?}");
}

#[tokio::test]
async fn where_the_first_to_ask_is_gone_one_other_asks() {
    let (tenant, emulator) = (tenant(1), emulator().await);
    for need in everything() {
        let long_ago = Timestamp::now() - SignedDuration::from_secs(13);
        let found = emulator.store.find(&need, Duration::ZERO, long_ago).await.unwrap();
        assert!(matches!(found, Found::Ask(_)), "{found:?}");
    }
    let all = all_at_once(&tenant, &emulator, vec![everything(); N_OF_ALL_KINDS]).await;
    for place in places() {
        assert_eq!(tenant.requests_to("GET", &place).len(), 1, "{place}");
    }
    assert!(all.iter().flat_map(Facts::iter).all(|it| it.answer.is_ok()));
}

#[tokio::test]
async fn where_the_first_to_ask_gets_no_answer_all_who_wait_have_none() {
    let (tenant, emulator) = (tenant(1), emulator().await);
    let mut kim = UserRecord::new(&id(0), "user0@contoso.example");
    kim.overrides.insert(UserEndpoint::AutomaticReplies, Override::Forbidden);
    tenant.put_user(kim);
    // Long enough for all to come and wait.
    let slow = FaultKind::SlowBy(Duration::from_secs(5));
    let [replies, ..] = places();
    tenant.fault(Fault::once("GET", &replies, slow));
    let needs = vec![need(Question::AutomaticReplies(user(0)))];

    let all = all_at_once(&tenant, &emulator, vec![needs.clone(); N_OF_ALL_KINDS]).await;
    assert_eq!(tenant.requests_to("GET", &replies).len(), 1);
    let reasons = all.iter().flat_map(Facts::iter).map(|it| it.answer.clone().unwrap_err().reason);
    assert!(reasons.eq(std::iter::repeat_n("refused".to_owned(), N_OF_ALL_KINDS)));

    // It is asked for again by the next run.
    tenant.put_user(UserRecord::new(&id(0), "user0@contoso.example"));
    let all = all_at_once(&tenant, &emulator, vec![needs]).await;
    assert!(all.iter().flat_map(Facts::iter).all(|it| it.answer.is_ok()));
    assert_eq!(tenant.requests_to("GET", &replies).len(), 2);
}

#[tokio::test]
async fn risks_of_many_users_are_asked_for_at_the_rate_that_the_tenant_bears() {
    let (tenant, emulator) = (tenant(20), emulator().await);
    let needs = (0..20).map(|it| vec![need(Question::Risk(user(it)))]).collect();
    let all = all_at_once(&tenant, &emulator, needs).await;

    assert_eq!(tenant.n_over_the_limit_of_risky_users(), 0);
    let known = |it: &&defuse_domain::Fact| match &it.answer {
        Ok(Answer::Risk(risk)) => {
            assert_eq!(risk.level, RiskLevel::Low);
            true
        }
        Ok(other) => panic!("{other:?}"),
        Err(why) => {
            assert_eq!(why.reason, "throttled");
            false
        }
    };
    let n_known = all.iter().flat_map(Facts::iter).filter(known).count();
    // Nine turns and the first come within the ten seconds that each is ready to wait.
    assert!((5..=10).contains(&n_known), "{n_known} of 20 are known");
}

//! A mailbox that was looked at before an alert asks: what was seen decides, with the adapters of
//! production.

use defuse_adapters::{DynamoDbStore, GraphFacts, GraphMailTips};
use defuse_domain::{Alert, Facts, Outcome, Playbook, Question, RuleBook, Settings, User, decide};
use defuse_flow::{FactSource, Remembered, Watch, WatchList, Watched};
use defuse_testkit::{Tenant, UserRecord};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::json;

use crate::{
    asking::{graph, need},
    emulator::{Emulator, emulator},
    samples::{now, read},
};

const SOC: &str = "alerts@contoso.example";
const KIM: &str = "kim@contoso.example";
const MAIL_TIPS: &str = "/v1.0/users/alerts@contoso.example/getMailTips";

const PLAYBOOK: &str = "apiVersion: defuse/v1\nkind: Playbook\nname: travel\ndescription: d\n\
    owner: o\nmode: enforce\ntrigger: { alert: { severity: { atMost: medium } } }\n\
    criteria: { all: [userOutOfOffice, not: { userRisk: { atLeast: high } }] }\n\
    limits: { perHour: 1 }\nthen: [{ resolve: { falsePositive: other } }]\n\
    otherwise: [{ notify: { channel: soc, template: needsEyes } }]\n";

/// A tenant and a table, with whoever looks at mailboxes and whoever asks for an alert
struct World {
    tenant: Tenant,
    emulator: Emulator,
    watch: Watch<GraphMailTips, DynamoDbStore>,
    facts: Remembered<GraphFacts<DynamoDbStore>, DynamoDbStore>,
}

impl World {
    async fn start(is_watched: bool) -> Self {
        let (tenant, emulator) = (Tenant::start().unwrap(), emulator().await);
        let (graph, store) = (graph(&tenant), emulator.store.clone());
        let watch = Watch::new(GraphMailTips::new(graph.clone(), SOC.to_owned()), store.clone());
        let kept = store.clone().with_watch_list(is_watched);
        let facts = Remembered::new(GraphFacts::new(graph, store), kept);
        let world = Self { tenant, emulator, watch, facts };
        world.set(SOC, "disabled");
        world.set(KIM, "disabled");
        world
    }

    fn set(&self, name: &str, status: &str) {
        let id = format!("11111111-2222-3333-4444-{:012}", name.len());
        let mut user = UserRecord::new(&id, name);
        user.automatic_replies = Some(json!({ "status": status }));
        self.tenant.put_user(user);
    }

    /// An alert about Kim asks
    async fn ask(&self, at: Timestamp) -> Facts {
        let questions = [Question::AutomaticReplies(kim()), Question::Risk(kim())];
        self.facts.answer(&questions.map(need), at).await
    }

    /// What becomes of an alert that is decided then
    async fn decided(&self, first_activity: Timestamp, at: Timestamp) -> (Outcome, String) {
        let rules = RuleBook::new(
            [Playbook::parse("p.yaml", PLAYBOOK).unwrap()],
            Settings::default().organisation,
        );
        let decision = decide(&alert(first_activity), &self.ask(at).await, &rules, at);
        (decision.outcome, decision.reasons.join("; "))
    }
}

fn kim() -> User {
    User { principal_name: Some(KIM.to_owned()), ..User::default() }
}

fn alert(first_activity: Timestamp) -> Alert {
    read(&json!({
        "id": "a", "severity": "low", "status": "new", "title": "Travel",
        "createdDateTime": first_activity, "lastUpdateDateTime": first_activity,
        "firstActivityDateTime": first_activity,
        "evidence": [{
            "@odata.type": "#microsoft.graph.security.userEvidence",
            "userAccount": { "userPrincipalName": KIM },
        }],
    }))
}

fn after(minutes: i64) -> Timestamp {
    now() + SignedDuration::from_mins(minutes)
}

#[tokio::test]
async fn replies_seen_off_and_then_on_before_the_first_activity_were_set_beforehand() {
    let world = World::start(true).await;
    world.ask(now()).await;
    let looked = Watched::Looked { seen: 1, unknown: 0 };
    assert_eq!(world.watch.watch(after(60)).await.unwrap(), looked);
    world.set(KIM, "alwaysEnabled");
    assert_eq!(world.watch.watch(after(120)).await.unwrap(), looked);

    // Without a start time in the setting only what was seen can tell.
    let (outcome, reasons) = world.decided(after(150), after(180)).await;
    assert!(matches!(outcome, Outcome::Resolved(_)), "{reasons}");
    // What began before anybody saw them on stays with a person.
    let (outcome, reasons) = world.decided(after(90), after(181)).await;
    assert_eq!(outcome, Outcome::Open);
    assert!(reasons.contains("unknown"), "{reasons}");
}

#[tokio::test]
async fn replies_seen_off_after_the_first_activity_were_not_set_beforehand() {
    let world = World::start(true).await;
    world.ask(now()).await;
    world.watch.watch(after(60)).await.unwrap();
    world.set(KIM, "alwaysEnabled");
    world.watch.watch(after(120)).await.unwrap();

    let (outcome, reasons) = world.decided(after(30), after(180)).await;
    assert_eq!(outcome, Outcome::Open);
    assert!(reasons.contains("seen otherwise at 2026-11-21T11:00:00Z"), "{reasons}");
}

#[tokio::test]
async fn of_all_who_look_one_does_in_an_hour() {
    let world = World::start(true).await;
    world.ask(now()).await;
    let looked = Watched::Looked { seen: 1, unknown: 0 };
    let (one, other) = tokio::join!(world.watch.watch(now()), world.watch.watch(now()));
    let too_soon = Watched::TooSoon { free: now() + 1.hour() };
    let came = [one.unwrap(), other.unwrap()];
    assert!(came.contains(&looked) && came.contains(&too_soon), "{came:?}");
    assert_eq!(world.watch.watch(after(59)).await.unwrap(), too_soon);
    assert_eq!(world.tenant.requests_to("POST", MAIL_TIPS).len(), 1);
    assert_eq!(world.watch.watch(after(60)).await.unwrap(), looked);
    assert_eq!(world.tenant.requests_to("POST", MAIL_TIPS).len(), 2);
}

#[tokio::test]
async fn where_nobody_looks_nobody_is_put_on_the_list() {
    let world = World::start(false).await;
    world.ask(now()).await;
    assert_eq!(world.emulator.store.watched(now()).await.unwrap(), []);
    assert_eq!(world.watch.watch(now()).await.unwrap(), Watched::Looked { seen: 0, unknown: 0 });
    assert_eq!(world.tenant.requests_to("POST", MAIL_TIPS).len(), 0);
}

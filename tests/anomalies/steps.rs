//! The steps of an alert's way on the real adapters, one by one, for tests that choose the order.

use std::ops::RangeInclusive;

use defuse_adapters::{ChatChannels, DynamoDbStore, Sources};
use defuse_domain::{AlertId, Notification};
use defuse_flow::{AlertState, Deliver, DeliverError, Outbox, Post, Receive, RunStore, Triage};
use defuse_lambda::AllFacts;
use defuse_testkit::{FaultPlan, Faulty, MemoryTopic, PortFault, TRAVEL};
use jiff::{SignedDuration, Timestamp};

use super::{
    TRAVEL_RESOLVED,
    ground::Ground,
    real::RealWorld,
    scenarios::{Scenario, scenarios},
    world::World,
};

/// A world, and every step in it
#[derive(Debug)]
pub(crate) struct Steps {
    pub(crate) world: RealWorld,
    plan: FaultPlan,
    pub(crate) id: AlertId,
    pub(crate) receive: Receive<DynamoDbStore>,
    pub(crate) triage: Triage<AllFacts, DynamoDbStore>,
    deliver: Deliver<Faulty<DynamoDbStore>, Faulty<Sources>, Faulty<MemoryTopic>>,
    pub(crate) post: Post<DynamoDbStore, ChatChannels>,
}

impl Steps {
    /// Of the main scenario
    pub(crate) async fn new(ground: &Ground) -> Self {
        let all = scenarios();
        let scenario = all.iter().find(|it| it.name == TRAVEL_RESOLVED).unwrap();
        let (world, plan) = (RealWorld::new(ground, scenario).await, FaultPlan::default());
        let deliver = Deliver::new(
            Faulty::new(world.store(), plan.clone()),
            Faulty::new(world.source(), plan.clone()),
            Faulty::new(world.topic(), plan.clone()),
        );
        Self {
            id: Scenario::id(),
            receive: Receive::new(world.store()),
            triage: Triage::new(scenario.rules.clone(), world.facts(), world.store()),
            deliver,
            post: Post::new(world.store(), world.chat()),
            world,
            plan,
        }
    }

    /// From now on that call goes wrong when something is delivered
    pub(crate) fn go_wrong(&self, call: &'static str, fault: PortFault) {
        // The plan is shared among its clones.
        drop(self.plan.clone().always(call, fault));
    }

    /// From now on all goes well
    pub(crate) fn heal(&self) {
        self.plan.heal();
    }

    /// The alert as it stands at its source arrives
    pub(crate) async fn poll(&self, now: Timestamp) {
        let text = self.world.polled(&self.id).await;
        self.receive.receive(text.as_bytes(), now).await.unwrap();
    }

    /// Carries out what is outstanding, unless it is killed over it
    pub(crate) async fn deliver(&self, now: Timestamp) -> Option<Result<(), DeliverError>> {
        self.plan.run(self.deliver.deliver(&self.id, now)).await
    }

    /// Decides and carries out, and posts what was published meanwhile
    pub(crate) async fn finish(&self, now: Timestamp) {
        self.triage.triage(&self.id, now).await.unwrap();
        self.deliver(now).await.unwrap().unwrap();
        for notification in self.world.published().await {
            self.post.post(&notification, now).await.unwrap();
        }
    }

    /// What was published so far and is not posted
    pub(crate) async fn published(&self) -> Vec<Notification> {
        self.world.published().await
    }

    /// Checks that the alert is resolved and told once, with so many changes and comments at its
    /// source, and that nothing is left to do
    pub(crate) async fn assert_all_is_done(&self, n_times: RangeInclusive<usize>) {
        let stored = self.world.store().load(&self.id).await.unwrap().unwrap();
        assert_eq!(stored.state, AlertState::Resolved);
        assert_eq!(self.world.store().outstanding(&self.id).await.unwrap(), None);
        let view = self.world.at_source(&self.id).await;
        assert_eq!((view.resolved, view.classification), (true, Some(TRAVEL)));
        assert!(n_times.contains(&view.n_resolved), "{view:?}");
        assert!(n_times.contains(&view.comments.len()), "{view:?}");
        let told = self.world.told().await;
        let ids: Vec<(&str, bool)> = told.iter().map(|it| (&*it.id, it.unsure)).collect();
        assert_eq!(ids, [(RESOLVED, false)]);
    }
}

/// What is told of the alert in the main scenario
const RESOLVED: &str = "ca-travel@2026-11-21T09:52:00.000000000Z#0/notify/soc/resolved";

/// So many minutes after the alert arrived
pub(crate) fn after(minutes: i64) -> Timestamp {
    Timestamp::constant(1_795_254_900, 0) + SignedDuration::from_mins(minutes)
}

//! Drives a scenario as the streams do: what fails is delivered again, and so is what did not.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use defuse_domain::{AlertId, Facts, Need, Notification, Template};
use defuse_flow::{
    AlertState, AlertStore, Deliver, FactSource, LeftOutLog, LimitStore, Outbox, Post, Receive,
    RejectStore, RunStore, ServiceLevels, Triage,
};
use defuse_testkit::{FaultPlan, Faulty, TRAVEL};
use jiff::{SignedDuration, Timestamp};

use super::{
    scenarios::{Event, Meanwhile, Scenario},
    world::World,
};

/// How long until something is delivered again
const REDELIVERY: SignedDuration = SignedDuration::from_mins(2);

/// What was seen on the way
#[derive(Debug, Default)]
pub(crate) struct Drive {
    /// Whether nothing was left to be done in the end
    pub(crate) at_rest: bool,
    /// Everything that was published, repeats included
    pub(crate) published: Vec<Notification>,
    /// What must never be, even for a moment
    pub(crate) wrong: Vec<String>,
}

/// Delivering, through ports that fail
type FaultyDeliver<W> =
    Deliver<Faulty<<W as World>::Store>, Faulty<<W as World>::Source>, Faulty<<W as World>::Topic>>;

/// A scenario under way
pub(crate) struct Driver<'a, W: World> {
    world: &'a W,
    scenario: &'a Scenario,
    plan: &'a FaultPlan,
    id: AlertId,
    now: Timestamp,
    receive: Receive<Faulty<W::Store>>,
    triage: Triage<Interrupted<'a, W>, Faulty<W::Store>>,
    deliver: FaultyDeliver<W>,
    post: Post<Faulty<W::Store>, Faulty<W::Chat>>,
    inbox: Vec<Event>,
    topic: Vec<Notification>,
    drive: Drive,
}

impl<'a, W: World + Sync> Driver<'a, W> {
    pub(crate) fn new(world: &'a W, scenario: &'a Scenario, plan: &'a FaultPlan) -> Self {
        let store = || Faulty::new(world.store(), plan.clone());
        let facts = Interrupted {
            facts: Faulty::new(world.facts(), plan.clone()),
            world,
            scenario,
            happened: Arc::default(),
        };
        Self {
            world,
            scenario,
            plan,
            id: Scenario::id(),
            now: Timestamp::constant(1_795_254_900, 0),
            receive: Receive::new(store()),
            triage: Triage::new(scenario.rules.clone(), facts, store()),
            deliver: Deliver::new(
                store(),
                Faulty::new(world.source(), plan.clone()),
                Faulty::new(world.topic(), plan.clone()),
            ),
            post: Post::new(store(), Faulty::new(world.chat(), plan.clone())),
            inbox: scenario.events.clone(),
            topic: Vec::new(),
            drive: Drive::default(),
        }
    }

    /// Goes on until nothing is left to be done and doing everything again changes nothing, or for
    /// `n_rounds`
    pub(crate) async fn go_on(&mut self, n_rounds: usize) {
        self.drive.at_rest = false;
        for _ in 0..n_rounds {
            let events = std::mem::take(&mut self.inbox);
            self.round(events, false).await;
            if !self.is_at_rest().await {
                continue;
            }
            self.round(self.scenario.events.clone(), true).await;
            if self.is_at_rest().await {
                self.drive.at_rest = true;
                return;
            }
        }
    }

    pub(crate) fn drive(&self) -> &Drive {
        &self.drive
    }

    /// Everything that waits is delivered; with `repeats`, what is done already, too
    async fn round(&mut self, events: Vec<Event>, repeats: bool) {
        if events.is_empty() {
            self.stream(repeats).await;
        }
        for event in events {
            let body = match &event {
                Event::Arrives(body) => body.clone(),
                Event::Polled => self.world.polled(&self.id).await,
            };
            let received = self.plan.run(self.receive.receive(body.as_bytes(), self.now)).await;
            if !matches!(received, Some(Ok(_))) {
                self.inbox.push(event);
            }
            self.stream(repeats).await;
        }
        self.now += REDELIVERY;
    }

    /// What stands in the store is worked on. What fails is not tried again here: it still stands
    /// there in the next round.
    async fn stream(&mut self, repeats: bool) {
        if repeats || self.is_pending().await {
            drop(self.plan.run(self.triage.triage(&self.id, self.now)).await);
        }
        if repeats || self.is_outstanding().await {
            drop(self.plan.run(self.deliver.deliver(&self.id, self.now)).await);
        }
        self.hand_on().await;
        if repeats {
            self.topic.extend(self.drive.published.clone());
        }
        for notification in std::mem::take(&mut self.topic) {
            let posted = self.plan.run(self.post.post(&notification, self.now)).await;
            if !matches!(posted, Some(Ok(_))) {
                self.topic.push(notification);
            }
        }
    }

    /// Moves what was published to the topic's subscriber
    async fn hand_on(&mut self) {
        let published = self.world.published().await;
        for notification in &published {
            let at_source = self.world.at_source(&self.id).await;
            let is_resolved = at_source.resolved && at_source.classification == Some(TRAVEL);
            if notification.about.template_name() == Template::Resolved.name() && !is_resolved {
                let wrong = format!("told as resolved, and is not: {}", notification.id);
                self.drive.wrong.push(wrong);
            }
        }
        self.drive.published.extend(published.clone());
        self.topic.extend(published);
    }

    async fn is_at_rest(&self) -> bool {
        self.inbox.is_empty()
            && self.topic.is_empty()
            && !self.is_pending().await
            && !self.is_outstanding().await
    }

    async fn is_pending(&self) -> bool {
        let stored = self.world.store().load(&self.id).await.unwrap();
        stored.is_some_and(|it| it.state == AlertState::Pending)
    }

    async fn is_outstanding(&self) -> bool {
        self.world.store().outstanding(&self.id).await.unwrap().is_some()
    }
}

/// A fact source during whose first answer something else happens
#[derive(Debug)]
struct Interrupted<'a, W: World> {
    facts: Faulty<W::Facts>,
    world: &'a W,
    scenario: &'a Scenario,
    happened: Arc<AtomicBool>,
}

impl<W: World + Sync> FactSource for Interrupted<'_, W>
where
    W::Store: AlertStore + LeftOutLog + RejectStore + RunStore + LimitStore + ServiceLevels,
{
    async fn answer(&self, needs: &[Need], now: Timestamp) -> Facts {
        if !self.happened.swap(true, Ordering::Relaxed) {
            match &self.scenario.meanwhile {
                Meanwhile::Nothing => {}
                Meanwhile::Arrives(body) => {
                    let receive = Receive::new(self.world.store());
                    receive.receive(body.as_bytes(), now).await.unwrap();
                }
                Meanwhile::TriagedToo => {
                    let rules = self.scenario.rules.clone();
                    let triage = Triage::new(rules, self.world.facts(), self.world.store());
                    triage.triage(&Scenario::id(), now).await.unwrap();
                }
            }
        }
        self.facts.answer(needs, now).await
    }
}

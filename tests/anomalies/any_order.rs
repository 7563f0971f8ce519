//! Our own changes come back, people lay hands on the alert, and steps stop half-way, in any order:
//! there is the effect of one pass, and in the end nothing moves any more.

use std::collections::BTreeSet;

use defuse_domain::{Alert, AlertId, Answer, AutomaticReplies, Question, RuleBook};
use defuse_flow::{AlertStore as _, Deliver, RunStore as _, Triage};
use defuse_testkit::{
    FaultPlan, Faulty, FixedFacts, LEGITIMATE_TRAVEL, MemorySource, MemoryStore, MemoryTopic,
    PortFault, an_alert, away, rule_book,
};
use jiff::{SignedDuration, Timestamp};
use proptest::{prelude::*, sample::select};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::constant(1_795_254_900, 0);

/// One thing that happens
#[derive(Clone, Copy, Debug)]
enum Happens {
    /// The source is asked how the alert stands
    Polled,
    /// What it said when it was asked first comes once more
    FirstAgain,
    /// The alert is decided, unless the step stops at that call
    Decided(Option<(usize, PortFault)>),
    /// What is to be done is done, unless the step stops at that call
    Delivered(Option<(usize, PortFault)>),
    /// A person says something at the source
    Said,
    /// A person takes the alert over, at the source
    Taken,
}

/// A playbook, what is known of the user, and what there must be once
#[derive(Clone, Copy, Debug)]
struct Case {
    playbook: Playbook,
    is_away: bool,
    n_resolved: usize,
}

#[derive(Clone, Copy, Debug)]
enum Playbook {
    Resolves,
    /// It says in both cases that it looked, and leaves the alert open
    Comments,
}

const CASES: [Case; 3] = [
    Case { playbook: Playbook::Resolves, is_away: true, n_resolved: 1 },
    Case { playbook: Playbook::Comments, is_away: true, n_resolved: 0 },
    Case { playbook: Playbook::Comments, is_away: false, n_resolved: 0 },
];

const COMMENTS: &str = r#"
apiVersion: defuse/v1
kind: Playbook
name: note-travel
description: Says what is known of the traveller.
owner: secops@contoso.example
mode: enforce
trigger:
  alert: { type: { in: [impossibleTravel] } }
criteria:
  userOutOfOffice: { coversFirstActivity: true, setBeforehand: true, maxAge: 10m }
then:
  - comment: "The user is away."
  - notify: { channel: soc, template: needsEyes }
otherwise:
  - comment: "The user is not away."
  - notify: { channel: soc, template: needsEyes }
"#;

#[derive(Debug)]
struct World {
    id: AlertId,
    first: Alert,
    store: MemoryStore,
    source: MemorySource,
    topic: MemoryTopic,
    facts: FixedFacts,
    rules: RuleBook,
    told: BTreeSet<String>,
}

impl World {
    fn new(case: Case) -> Self {
        let first = an_alert().read().unwrap();
        let source = MemorySource::default();
        source.put(&first.raw).unwrap();
        let answer = move |question: &Question, now| match question {
            Question::AutomaticReplies(_) if !case.is_away => {
                Ok(Answer::AutomaticReplies(AutomaticReplies::Disabled))
            }
            Question::AutomaticReplies(_)
            | Question::Risk(_)
            | Question::Groups(_)
            | Question::Tags(_)
            | Question::OpenAlerts(_)
            | Question::AllowListed(_) => Ok(away(question, now)),
        };
        Self {
            id: first.id.clone(),
            first,
            store: MemoryStore::default(),
            source,
            topic: MemoryTopic::default(),
            facts: FixedFacts::new(answer),
            rules: rule_book(&[match case.playbook {
                Playbook::Resolves => LEGITIMATE_TRAVEL,
                Playbook::Comments => COMMENTS,
            }])
            .unwrap(),
            told: BTreeSet::new(),
        }
    }

    async fn happen(&mut self, it: Happens) {
        let plan = |fault: Option<(usize, PortFault)>| {
            fault.map_or_else(FaultPlan::default, |(n, it)| FaultPlan::default().at(n, it))
        };
        match it {
            Happens::Polled => {
                let alert = Alert::read(&self.source.text(&self.id).unwrap()).unwrap();
                self.store.store(&alert, NOW).await.unwrap();
            }
            Happens::FirstAgain => {
                self.store.store(&self.first, NOW).await.unwrap();
            }
            Happens::Decided(fault) => {
                let plan = plan(fault);
                let store = Faulty::new(self.store.clone(), plan.clone());
                let triage = Triage::new(self.rules.clone(), self.facts.clone(), store);
                drop(plan.run(triage.triage(&self.id, NOW)).await);
            }
            Happens::Delivered(fault) => {
                let plan = plan(fault);
                let deliver = Deliver::new(
                    Faulty::new(self.store.clone(), plan.clone()),
                    Faulty::new(self.source.clone(), plan.clone()),
                    Faulty::new(self.topic.clone(), plan.clone()),
                );
                drop(plan.run(deliver.deliver(&self.id, NOW)).await);
            }
            Happens::Said => self.touch(|alert| {
                let comments = alert["comments"].as_array_mut().unwrap();
                comments.push(json!({ "comment": "I look at it.", "createdByDisplayName": "kim" }));
            }),
            // Who takes over an alert that is resolved reopens it; that is another test's.
            Happens::Taken => self.touch(|alert| {
                if alert["status"] != "resolved" {
                    alert["assignedTo"] = json!("lee@contoso.example");
                }
            }),
        }
        self.told.extend(self.topic.take().into_iter().map(|it| it.id));
    }

    /// Somebody changes the alert at its source
    fn touch(&self, change: impl FnOnce(&mut Value)) {
        let text = self.source.text(&self.id).unwrap();
        let updated = Alert::read(&text).unwrap().revision().updated();
        let mut alert: Value = serde_json::from_str(&text).unwrap();
        change(&mut alert);
        alert["lastUpdateDateTime"] = json!((updated + SignedDuration::from_secs(1)).to_string());
        self.source.put(&alert.to_string()).unwrap();
    }

    /// Once round, and nothing stops
    async fn go_round(&mut self) {
        for it in [Happens::Polled, Happens::Decided(None), Happens::Delivered(None)] {
            self.happen(it).await;
        }
    }
}

/// A call goes wrong in any way but that it is refused for good, which is no repeat's business
fn fault() -> impl Strategy<Value = Option<(usize, PortFault)>> {
    let faults =
        vec![PortFault::Fail, PortFault::TimeOut, PortFault::LoseAnswer, PortFault::CrashAfter];
    proptest::option::of((0_usize..8, select(faults)))
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        4 => Just(Happens::Polled),
        1 => Just(Happens::FirstAgain),
        4 => fault().prop_map(Happens::Decided),
        4 => fault().prop_map(Happens::Delivered),
        1 => Just(Happens::Said),
        1 => Just(Happens::Taken),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn in_any_order_there_is_the_effect_of_one_pass(
        case in select(CASES.to_vec()),
        all in proptest::collection::vec(happens(), 0..24),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(check(case, all))?;
    }
}

async fn check(case: Case, all: Vec<Happens>) -> Result<(), TestCaseError> {
    let mut world = World::new(case);
    for it in all {
        world.happen(it).await;
    }
    for _ in 0..4 {
        world.go_round().await;
    }

    let view = world.source.view(&world.id).unwrap();
    let ours = view.comments.iter().filter(|it| it.contains("(Defuse,")).count();
    prop_assert_eq!((view.n_resolved, ours), (case.n_resolved, 1), "{:?}", view);
    prop_assert_eq!(world.told.len(), 1, "{:?}", world.told);
    let counted = world.store.n_counted("legitimate-travel/hour/2026-11-21T09");
    prop_assert_eq!(counted, case.n_resolved);
    let at_rest = world.store.load(&world.id).await.unwrap().unwrap().version;
    world.go_round().await;
    let later = world.store.load(&world.id).await.unwrap().unwrap().version;
    prop_assert_eq!(at_rest, later, "it never comes to rest");
    Ok(())
}

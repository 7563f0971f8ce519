//! Managing: what a person decides happens once here and once at the source, and no rule undoes it.

#[cfg(test)]
mod manage {
    use std::collections::BTreeSet;

    use defuse_domain::{Actor, Alert, AlertId, EffectState, Kept, Outcome, Status, Wish};
    use defuse_flow::{
        ActStore, AlertState, AlertStore, Deliver, Manage, ManageOutcome, ManagedAlert, RunStore,
        Triage, Triaged,
    };
    use defuse_testkit::{
        FaultPlan, Faulty, FixedFacts, LEGITIMATE_TRAVEL, MemorySource, MemoryStore, MemoryTopic,
        PortFault, an_alert, away, rule_book,
    };
    use jiff::Timestamp;

    const NOW: Timestamp = Timestamp::constant(1_795_254_900, 0);
    const RESOLVE: &str =
        r#"{ "status": "resolved", "classification": { "truePositive": "compromisedAccount" } }"#;

    /// An alert that a playbook would resolve, stored and not yet decided
    struct Bench {
        id: AlertId,
        store: MemoryStore,
        source: MemorySource,
        plan: FaultPlan,
    }

    impl Bench {
        async fn new() -> Self {
            let alert = an_alert().read().unwrap();
            let (store, source) = (MemoryStore::default(), MemorySource::default());
            source.put(&an_alert().text()).unwrap();
            store.store(&alert, NOW).await.unwrap();
            Self { id: alert.id, store, source, plan: FaultPlan::default() }
        }

        async fn triage(&self) -> Triaged {
            let facts = FixedFacts::new(|question, now| Ok(away(question, now)));
            let rules = rule_book(&[LEGITIMATE_TRAVEL]).unwrap();
            Triage::new(rules, facts, self.store.clone()).triage(&self.id, NOW).await.unwrap()
        }

        async fn act(&self, wish: Wish) -> ManagedAlert {
            let manage = Manage::new(self.store.clone());
            let shown = manage.show(&self.id).await.unwrap().unwrap();
            let kim = Actor { id: "1".to_owned(), name: "Kim".to_owned() };
            match manage.act(shown, &wish, (kim, None), NOW).await.unwrap() {
                ManageOutcome::Done(stands) => *stands,
                other @ (ManageOutcome::Overtaken | ManageOutcome::Refused(_)) => {
                    panic!("{other:?}")
                }
            }
        }

        async fn deliver(&self) {
            let step = Deliver::new(
                Faulty::new(self.store.clone(), self.plan.clone()),
                Faulty::new(self.source.clone(), self.plan.clone()),
                MemoryTopic::default(),
            );
            let delivered = self.plan.run(step.deliver(&self.id, NOW)).await;
            drop(delivered);
        }

        async fn stands(&self) -> ManagedAlert {
            self.store.managed(&self.id).await.unwrap().unwrap()
        }

        /// The alert comes back from its source as it stands there
        async fn comes_back(&self) {
            let text = self.source.text(&self.id).unwrap();
            self.store.store(&Alert::read(&text).unwrap(), NOW).await.unwrap();
        }
    }

    #[tokio::test]
    async fn what_a_person_decided_no_rule_undoes() {
        let bench = Bench::new().await;
        bench.act(Wish::parse(r#"{ "status": "inProgress" }"#).unwrap()).await;
        let Triaged::Decided(run) = bench.triage().await else { panic!("nothing was decided") };
        assert_eq!((run.decision.outcome, run.decision.kept), (Outcome::Open, Some(Kept::Managed)));
        assert_eq!(run.decision.reasons, ["Kim decided what becomes of it"]);

        bench.deliver().await;
        bench.comes_back().await;
        bench.triage().await;
        let stands = bench.stands().await;
        assert_eq!(stands.state, AlertState::Open);
        assert_eq!(stands.standing().status, Some(Status::InProgress));
    }

    #[tokio::test]
    async fn what_a_rule_had_begun_is_dropped() {
        let bench = Bench::new().await;
        bench.triage().await;
        assert_eq!(bench.stands().await.state, AlertState::Resolved);
        bench.act(Wish::parse(r#"{ "status": "inProgress" }"#).unwrap()).await;
        bench.deliver().await;
        let view = bench.source.view(&bench.id).unwrap();
        assert!(!view.resolved, "the playbook's resolve went out all the same");
        let states: BTreeSet<bool> = bench
            .store
            .effects(&bench.id)
            .iter()
            .map(|(_, state)| matches!(state, EffectState::Overtaken { .. }))
            .collect();
        assert_eq!(states, BTreeSet::from([true]));
    }

    #[tokio::test]
    async fn whatever_fails_the_source_is_changed_once() {
        for number in 0..12 {
            for fault in
                [PortFault::Fail, PortFault::TimeOut, PortFault::LoseAnswer, PortFault::CrashAfter]
            {
                let mut bench = Bench::new().await;
                bench.plan = FaultPlan::default().at(number, fault);
                let load = bench.store.load(&bench.id).await.unwrap().unwrap();
                assert_eq!(load.state, AlertState::Pending);
                bench.act(Wish::parse(RESOLVE).unwrap()).await;
                let said = Wish::parse_comment(r#"{ "comment": "It was not them." }"#).unwrap();
                bench.act(said).await;
                bench.triage().await;
                for _ in 0..3 {
                    bench.deliver().await;
                }
                let view = bench.source.view(&bench.id).unwrap();
                let comments: Vec<&String> =
                    view.comments.iter().filter(|it| it.starts_with("It was not")).collect();
                assert_eq!((view.resolved, comments.len()), (true, 1), "{fault:?} at {number}");
                bench.comes_back().await;
                bench.triage().await;
                let stands = bench.stands().await;
                assert_eq!(stands.state, AlertState::Resolved, "{fault:?} at {number}");
            }
        }
    }

    #[tokio::test]
    async fn what_the_source_does_not_take_is_as_the_source_has_it() {
        let bench = Bench::new().await;
        bench.triage().await;
        bench.source.refuse_to_resolve();
        bench.act(Wish::parse(RESOLVE).unwrap()).await;
        let stands = bench.stands().await;
        assert_eq!(stands.state, AlertState::Resolved);
        bench.deliver().await;
        let stands = bench.stands().await;
        assert_eq!(stands.state, AlertState::Open);
        assert_ne!(stands.standing().status, Some(Status::Resolved));
        assert!(matches!(stands.asked.values().next(), Some(EffectState::Refused { .. })));
    }
}

//! Delivering: the source first, then people, and nobody is told what is not so.

#[cfg(test)]
mod deliver {
    use defuse_domain::{AlertId, Classification, EffectState, Threat};
    use defuse_flow::{AlertState, AlertStore, Deliver, DeliverError, RunStore, Triage};
    use defuse_testkit::{
        FaultPlan, Faulty, FixedFacts, LEGITIMATE_TRAVEL, MemorySource, MemoryStore, MemoryTopic,
        PortFault, TRAVEL, TravelAlert, an_alert, away, rule_book,
    };
    use jiff::Timestamp;

    const NOW: Timestamp = Timestamp::constant(1_795_254_900, 0);

    const ATTACK: Classification = Classification::TruePositive(Threat::CompromisedAccount);

    /// An alert that was triaged, and the world to carry that out in
    struct Bench {
        id: AlertId,
        store: MemoryStore,
        source: MemorySource,
        topic: MemoryTopic,
        plan: FaultPlan,
    }

    impl Bench {
        /// The alert is decided by `playbook`, and stands at its source like that
        async fn new(playbook: &str, at_source: &TravelAlert, plan: FaultPlan) -> Self {
            let alert = an_alert().read().unwrap();
            let (store, source) = (MemoryStore::default(), MemorySource::default());
            source.put(&at_source.text()).unwrap();
            store.store(&alert, NOW).await.unwrap();
            let facts = FixedFacts::new(|question, now| Ok(away(question, now)));
            let triage = Triage::new(rule_book(&[playbook]).unwrap(), facts, store.clone());
            triage.triage(&alert.id, NOW).await.unwrap();
            Self { id: alert.id, store, source, topic: MemoryTopic::default(), plan }
        }

        async fn deliver(&self) -> Option<Result<(), DeliverError>> {
            let step = Deliver::new(
                Faulty::new(self.store.clone(), self.plan.clone()),
                Faulty::new(self.source.clone(), self.plan.clone()),
                Faulty::new(self.topic.clone(), self.plan.clone()),
            );
            self.plan.run(step.deliver(&self.id, NOW)).await
        }

        fn told(&self) -> Vec<&'static str> {
            self.topic.take().iter().map(|it| it.about.template_name()).collect()
        }

        async fn state(&self) -> AlertState {
            self.store.load(&self.id).await.unwrap().unwrap().state
        }

        fn n_outstanding(&self) -> usize {
            let effects = self.store.effects(&self.id);
            effects.iter().filter(|(_, state)| *state == EffectState::Outstanding).count()
        }
    }

    #[tokio::test]
    async fn the_source_first_then_people_each_marked_when_done() {
        let bench = Bench::new(LEGITIMATE_TRAVEL, &an_alert(), FaultPlan::default()).await;
        bench.deliver().await.unwrap().unwrap();

        let calls = [
            "Outbox::outstanding",
            "SourceClient::resolve",
            "Outbox::mark",
            "Notifier::publish",
            "Outbox::mark",
            "ActOutbox::asked",
        ];
        assert_eq!(bench.plan.calls(), calls);
        assert_eq!(bench.told(), ["resolved"]);
        assert_eq!(bench.source.view(&bench.id).unwrap().n_resolved, 1);

        bench.deliver().await.unwrap().unwrap();
        assert_eq!(bench.plan.calls().len(), calls.len() + 2);
    }

    #[tokio::test]
    async fn while_the_source_is_busy_nobody_is_told() {
        let plan = FaultPlan::default().at(1, PortFault::Fail);
        let bench = Bench::new(LEGITIMATE_TRAVEL, &an_alert(), plan).await;

        let busy = bench.deliver().await.unwrap();
        assert!(matches!(busy, Err(DeliverError::Effect { .. })));
        assert_eq!((bench.told(), bench.n_outstanding()), (vec![], 2));

        bench.deliver().await.unwrap().unwrap();
        assert_eq!((bench.told(), bench.n_outstanding()), (vec!["resolved"], 0));
    }

    #[tokio::test]
    async fn an_alert_that_the_source_will_not_resolve_is_open_and_told_so() {
        let bench = Bench::new(LEGITIMATE_TRAVEL, &an_alert(), FaultPlan::default()).await;
        bench.source.refuse_to_resolve();
        bench.deliver().await.unwrap().unwrap();

        assert_eq!(bench.told(), ["needsEyes"]);
        assert_eq!(bench.state().await, AlertState::Open);
    }

    const RESOLVE: &str = "  - resolve: { informationalExpectedActivity: confirmedActivity }\n";
    const ASSIGN: &str = "  - assign: lee@contoso.example\n";

    #[tokio::test]
    async fn an_alert_is_resolved_and_assigned_once_whatever_is_lost() {
        let playbook = LEGITIMATE_TRAVEL.replace(RESOLVE, &format!("{RESOLVE}{ASSIGN}"));
        for call in 0..7 {
            let plan = FaultPlan::default().at(call, PortFault::LoseAnswer);
            let bench = Bench::new(&playbook, &an_alert(), plan).await;
            for _ in 0..3 {
                drop(bench.deliver().await.unwrap());
            }
            let view = bench.source.view(&bench.id).unwrap();
            assert_eq!(view.assigned_to.as_deref(), Some("lee@contoso.example"), "for {call}");
            assert_eq!((view.n_resolved, bench.n_outstanding()), (1, 0), "for {call}");
        }
    }

    #[tokio::test]
    async fn an_alert_stays_open_with_whom_it_is_assigned_to_and_a_person_keeps_it() {
        let playbook = LEGITIMATE_TRAVEL.replace(RESOLVE, ASSIGN);
        for person in [None, Some("kim@contoso.example")] {
            let bench = Bench::new(&playbook, &an_alert(), FaultPlan::default()).await;
            if let Some(person) = person {
                let mut alert: serde_json::Value =
                    serde_json::from_str(&an_alert().later(1).text()).unwrap();
                alert["assignedTo"] = person.into();
                bench.source.put(&alert.to_string()).unwrap();
            }
            bench.deliver().await.unwrap().unwrap();

            let view = bench.source.view(&bench.id).unwrap();
            assert_eq!(view.assigned_to.as_deref(), person.or(Some("lee@contoso.example")));
            assert_eq!((bench.told(), bench.n_outstanding()), (vec!["resolved"], 0));
            assert_eq!(bench.state().await, AlertState::Open);
            let states = bench.store.effects(&bench.id);
            let is_refused = |it: &EffectState| matches!(it, EffectState::Refused { .. });
            assert_eq!(states.iter().any(|(_, it)| is_refused(it)), person.is_some());
        }
    }

    #[tokio::test]
    async fn a_comment_that_fails_does_not_keep_people_from_being_told() {
        let playbook = LEGITIMATE_TRAVEL
            .replace("  - resolve: { informationalExpectedActivity: confirmedActivity }\n", "");
        let plan = FaultPlan::default().at(1, PortFault::Fail);
        let bench = Bench::new(&playbook, &an_alert(), plan).await;

        let busy = bench.deliver().await.unwrap();
        assert!(matches!(busy, Err(DeliverError::Effect { .. })));
        assert_eq!((bench.told().len(), bench.n_outstanding()), (1, 1));

        bench.deliver().await.unwrap().unwrap();
        assert_eq!((bench.told().len(), bench.n_outstanding()), (0, 0));
        assert_eq!(bench.source.view(&bench.id).unwrap().comments.len(), 1);
    }

    #[tokio::test]
    async fn the_newer_state_is_stored_before_the_older_decision_is_dropped() {
        let newer = an_alert().also_of("lee@contoso.example").later(3);
        let bench = Bench::new(LEGITIMATE_TRAVEL, &newer, FaultPlan::default()).await;
        bench.deliver().await.unwrap().unwrap();

        let calls = bench.plan.calls();
        assert_eq!(calls[1..4], ["SourceClient::resolve", "AlertStore::store", "Outbox::mark"]);
        let stored = bench.store.load(&bench.id).await.unwrap().unwrap();
        assert_eq!(stored.state, AlertState::Pending);
        assert_eq!(stored.alert.raw, newer.read().unwrap().raw);
        assert_eq!(bench.told(), [""; 0]);
    }

    #[tokio::test]
    async fn a_crash_between_storing_the_newer_state_and_the_mark_loses_nothing() {
        let newer = an_alert().later(3);
        let plan = FaultPlan::default().at(2, PortFault::CrashAfter);
        let bench = Bench::new(LEGITIMATE_TRAVEL, &newer, plan).await;

        assert!(bench.deliver().await.is_none());
        bench.deliver().await.unwrap().unwrap();

        assert_eq!(bench.state().await, AlertState::Pending);
        assert_eq!(bench.source.view(&bench.id).unwrap().n_resolved, 0);
    }

    /// Cloud Apps has no time of the last change: what a person did there has the old revision.
    #[tokio::test]
    async fn a_change_at_the_source_that_does_not_look_newer_is_left_to_a_person() {
        let closed = an_alert().resolved_as(ATTACK);
        let bench = Bench::new(LEGITIMATE_TRAVEL, &closed, FaultPlan::default()).await;
        bench.deliver().await.unwrap().unwrap();

        assert_eq!(bench.state().await, AlertState::Open);
        assert_eq!(bench.told(), ["needsEyes"]);
        assert_ne!(bench.source.view(&bench.id).unwrap().classification, Some(TRAVEL));
    }
}

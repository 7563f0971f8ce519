//! A newer revision comes from the source: ours, or a person's.

#[cfg(test)]
mod comes_back {
    use defuse_domain::{Classification, EffectState, Kept, Outcome, Run, Threat};
    use defuse_flow::{AlertStore, Deliver, Triage, Triaged};
    use defuse_testkit::{
        FixedFacts, LEGITIMATE_TRAVEL, MemorySource, MemoryStore, MemoryTopic, TRAVEL, TravelAlert,
        an_alert, away, rule_book,
    };
    use jiff::Timestamp;

    const NOW: Timestamp = Timestamp::constant(1_795_254_900, 0);

    const ATTACK: Classification = Classification::TruePositive(Threat::CompromisedAccount);

    #[derive(Default)]
    struct Bench {
        store: MemoryStore,
        source: MemorySource,
        topic: MemoryTopic,
    }

    impl Bench {
        /// The source has the alert like that, and sends it; it is decided and carried out
        async fn comes(&self, alert: &TravelAlert) -> Run {
            let run = self.decided(alert).await;
            self.delivered(&run).await;
            run
        }

        async fn decided(&self, alert: &TravelAlert) -> Run {
            self.source.put(&alert.text()).unwrap();
            let alert = alert.read().unwrap();
            self.store.store(&alert, NOW).await.unwrap();
            let facts = FixedFacts::new(|question, now| Ok(away(question, now)));
            let rules = rule_book(&[LEGITIMATE_TRAVEL]).unwrap();
            let triage = Triage::new(rules, facts, self.store.clone());
            match triage.triage(&alert.id, NOW).await.unwrap() {
                Triaged::Decided(run) => *run,
                other @ (Triaged::Nothing | Triaged::Overtaken) => panic!("{other:?}"),
            }
        }

        async fn delivered(&self, run: &Run) {
            let deliver = Deliver::new(self.store.clone(), self.source.clone(), self.topic.clone());
            deliver.deliver(&run.key.alert_id, NOW).await.unwrap();
        }

        fn told(&self) -> Vec<&'static str> {
            self.topic.take().iter().map(|it| it.about.template_name()).collect()
        }
    }

    #[tokio::test]
    async fn what_a_person_reopened_is_not_resolved_again() {
        let bench = Bench::default();
        bench.comes(&an_alert()).await;
        assert_eq!(bench.told(), ["resolved"]);

        let reopened = bench.comes(&an_alert().later(5)).await;
        assert_eq!(reopened.decision.outcome, Outcome::Open);
        assert_eq!(reopened.decision.kept, Some(Kept::Reopened));
        assert_eq!(reopened.decision.reasons, ["it was reopened at Microsoft Graph"]);
        assert_eq!(bench.told(), ["needsEyes"]);

        let touched = bench.comes(&an_alert().assigned_to("lee@contoso.example").later(9)).await;
        assert_eq!(touched.decision.kept, Some(Kept::Reopened));
        assert_eq!(bench.told(), [""; 0], "and is told once");

        let closed = bench.comes(&an_alert().resolved_as(ATTACK).later(12)).await;
        assert_eq!(closed.decision.outcome, Outcome::ResolvedAtSource);
        let again = bench.comes(&an_alert().later(15)).await;
        assert_eq!(again.decision.kept, Some(Kept::Reopened), "whoever resolved it");
    }

    #[tokio::test]
    async fn it_shows_at_the_alert_that_we_resolved_it_before_we_stopped() {
        let bench = Bench::default();
        bench.decided(&an_alert()).await;
        // The source did it, nobody marked it, and a person reopened it before we looked again.
        let reopened = an_alert().resolved_as(TRAVEL).assigned_to("lee@contoso.example").later(5);
        let run = bench.decided(&reopened).await;
        assert_eq!(run.decision.kept, Some(Kept::Reopened));

        let bench = Bench::default();
        bench.decided(&an_alert()).await;
        let run = bench.decided(&an_alert().later(5)).await;
        assert_eq!(run.decision.outcome, Outcome::Resolved(TRAVEL), "it was only changed");
    }

    #[tokio::test]
    async fn what_a_person_works_on_is_left_to_them() {
        let run = Bench::default().comes(&an_alert().assigned_to("lee@contoso.example")).await;
        assert_eq!(run.decision.kept, Some(Kept::Taken));
        let reason = "lee@contoso.example works on it at Microsoft Graph";
        assert_eq!(run.decision.reasons, [reason]);
        for machine in ["Automation", "suppression rule", " "] {
            let run = Bench::default().comes(&an_alert().assigned_to(machine)).await;
            assert_eq!(run.decision.outcome, Outcome::Resolved(TRAVEL), "for {machine:?}");
        }
    }

    #[tokio::test]
    async fn what_is_closed_is_not_closed_again() {
        let bench = Bench::default();
        let run = bench.comes(&an_alert().resolved_as(ATTACK)).await;
        assert_eq!(run.decision.outcome, Outcome::ResolvedAtSource);
        assert_eq!(bench.source.view(&run.key.alert_id).unwrap().n_resolved, 0);
        assert_eq!(bench.told(), [""; 0]);
    }

    #[tokio::test]
    async fn another_decision_is_told_anew() {
        let bench = Bench::default();
        let doubtful = an_alert().also_of("lee@contoso.example").assigned_to("Automation");
        bench.comes(&doubtful.clone().assigned_to("lee@contoso.example")).await;
        assert_eq!(bench.told(), ["needsEyes"]);
        let run = bench.comes(&doubtful.later(3)).await;
        assert_eq!(run.decision.outcome, Outcome::Resolved(TRAVEL));
        assert_eq!(bench.told(), ["resolved"]);
    }

    #[tokio::test]
    async fn a_refusal_is_told_once_and_the_next_revision_tries_again() {
        let bench = Bench::default();
        bench.source.refuse_to_resolve();
        bench.comes(&an_alert()).await;
        assert_eq!(bench.told(), ["needsEyes"]);
        let again = bench.comes(&an_alert().later(3)).await;
        assert_eq!(again.decision.outcome, Outcome::Resolved(TRAVEL));
        assert_eq!(bench.told(), [""; 0]);
    }

    #[tokio::test]
    async fn a_run_says_what_became_of_the_one_before() {
        let bench = Bench::default();
        let first = bench.comes(&an_alert()).await;
        let echo = bench.comes(&an_alert().resolved_as(TRAVEL).later(1)).await;
        assert_eq!(echo.effects, []);
        let before = echo.before.unwrap();
        assert_eq!(before.key, first.key);
        assert_eq!(before.effects.len(), 2);
        assert!(before.effects.values().all(|it| matches!(it, EffectState::Done { .. })));
    }
}

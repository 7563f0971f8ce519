//! Triaging: the order of steps, what is asked, what is recorded.

#[cfg(test)]
mod triage {
    use std::collections::BTreeSet;

    use defuse_domain::{
        AlertId, Classification, Effect, EffectAction, Outcome, Question, Run, Severity, Threat,
    };
    use defuse_flow::{AlertState, AlertStore, LimitClaim, LimitStore, RunStore, Triage, Triaged};
    use defuse_testkit::{
        FaultPlan, Faulty, FixedFacts, LEGITIMATE_TRAVEL, MemoryStore, TRAVEL, TravelAlert,
        an_alert, away, rule_book,
    };
    use jiff::Timestamp;

    const NOW: Timestamp = Timestamp::constant(1_795_254_900, 0);

    const ATTACK: Classification = Classification::TruePositive(Threat::CompromisedAccount);

    /// A triage in memory, and what it was asked
    struct Bench {
        store: MemoryStore,
        facts: FixedFacts,
        plan: FaultPlan,
    }

    impl Bench {
        fn new() -> Self {
            let facts = FixedFacts::new(|question, now| Ok(away(question, now)));
            Self { store: MemoryStore::default(), facts, plan: FaultPlan::default() }
        }

        async fn triage(&self, alert: &TravelAlert) -> Triaged {
            let alert = alert.read().unwrap();
            self.store.store(&alert, NOW).await.unwrap();
            self.again(&alert.id).await
        }

        async fn again(&self, id: &AlertId) -> Triaged {
            let rules = rule_book(&[LEGITIMATE_TRAVEL]).unwrap();
            let facts = Faulty::new(self.facts.clone(), self.plan.clone());
            let store = Faulty::new(self.store.clone(), self.plan.clone());
            Triage::new(rules, facts, store).triage(id, NOW).await.unwrap()
        }

        async fn decided(&self, alert: &TravelAlert) -> Run {
            match self.triage(alert).await {
                Triaged::Decided(run) => *run,
                other @ (Triaged::Nothing | Triaged::Overtaken) => panic!("{other:?}"),
            }
        }

        async fn tags(&self, alert: &TravelAlert) -> BTreeSet<String> {
            let id = alert.read().unwrap().id;
            self.store.load(&id).await.unwrap().unwrap().tags
        }
    }

    #[tokio::test]
    async fn load_ask_count_record() {
        let bench = Bench::new();
        let run = bench.decided(&an_alert()).await;

        let calls = [
            "RunStore::load",
            // Once for all alerts, until something changes.
            "StoredTuning::generation",
            "DeployedTuning::deployed",
            "StoredTuning::stored_rules",
            "FactSource::answer",
            "LimitStore::claim",
            "RunStore::record",
        ];
        assert_eq!(bench.plan.calls(), calls);
        assert_eq!(run.decision.outcome, Outcome::Resolved(TRAVEL));
        assert_eq!(bench.store.run(&run.key).await.unwrap(), Some(run.clone()));
        let stored = bench.store.load(&run.key.alert_id).await.unwrap().unwrap();
        assert_eq!((stored.state, stored.looks), (AlertState::Resolved, 1));
        assert_eq!(stored.last_run, Some(run.key));
        assert_eq!(stored.tags, ["legitimate-travel".to_owned()].into());
    }

    #[tokio::test]
    async fn each_question_of_the_playbooks_is_asked_once_and_kept_with_its_answer() {
        let bench = Bench::new();
        let run = bench.decided(&an_alert()).await;

        let asked = bench.facts.asked();
        let distinct: BTreeSet<Question> = asked.iter().cloned().collect();
        assert_eq!(distinct.len(), asked.len());
        let kept: BTreeSet<Question> = run.facts.iter().map(|it| it.question.clone()).collect();
        assert_eq!(kept, distinct);
        assert!(asked.iter().any(|it| matches!(it, Question::AutomaticReplies(_))));
    }

    #[tokio::test]
    async fn nothing_is_asked_for_playbooks_that_are_not_about_the_alert() {
        let bench = Bench::new();
        let run = bench.decided(&an_alert().severity(Severity::High)).await;

        assert_eq!(bench.facts.asked(), []);
        assert_eq!(run.decision.outcome, Outcome::Open);
        assert_eq!(run.decision.reasons, ["no playbook is about this alert"]);
    }

    #[tokio::test]
    async fn nothing_is_asked_or_done_for_an_alert_resolved_at_its_source() {
        let bench = Bench::new();
        let run = bench.decided(&an_alert().resolved_as(TRAVEL)).await;

        assert_eq!(bench.facts.asked(), []);
        assert_eq!(run.decision.outcome, Outcome::ResolvedAtSource);
        assert_eq!(run.effects, []);
        assert!(!bench.plan.calls().contains(&"LimitStore::claim"));
    }

    #[tokio::test]
    async fn what_is_decided_is_not_decided_again() {
        let bench = Bench::new();
        let run = bench.decided(&an_alert()).await;
        let asked = bench.facts.asked();

        assert_eq!(bench.again(&run.key.alert_id).await, Triaged::Nothing);
        assert_eq!(bench.again(&AlertId::parse("ca-nobody").unwrap()).await, Triaged::Nothing);
        assert_eq!(bench.facts.asked(), asked);
    }

    #[tokio::test]
    async fn a_limit_that_is_used_up_keeps_the_alert_open_and_says_so() {
        let bench = Bench::new();
        let counter = "legitimate-travel/user/kim@contoso.example/day/2026-11-21".to_owned();
        let claims = [LimitClaim { counter: counter.clone(), max: 2 }];
        for id in ["ca1", "ca2"] {
            let id = AlertId::parse(id).unwrap();
            assert_eq!(bench.store.claim(&id, &claims, NOW).await.unwrap(), []);
        }

        let run = bench.decided(&an_alert()).await;

        assert_eq!(run.decision.outcome, Outcome::Open);
        let reason = format!("the limit of 2 for {counter} is used up");
        assert_eq!(run.decision.reasons, [reason]);
        let effects: Vec<String> = run.effects.iter().map(|it| it.id.to_string()).collect();
        assert_eq!(effects, ["notify/soc/needsEyes"]);
        assert!(bench.tags(&an_alert()).await.is_empty());
        assert_eq!(bench.store.n_counted(&counter), 2);
    }

    #[tokio::test]
    async fn a_tag_goes_with_the_decision_that_set_it() {
        let doubtful = an_alert().also_of("lee@contoso.example").severity(Severity::High);
        check_tags(&doubtful.later(3), &[]).await;
        check_tags(&an_alert().resolved_as(ATTACK).later(3), &[]).await;
        check_tags(&an_alert().resolved_as(TRAVEL).later(3), &["legitimate-travel"]).await;
        check_tags(&an_alert().later(3), &["legitimate-travel"]).await;
    }

    /// The alert was tagged, and then it changed
    async fn check_tags(newer: &TravelAlert, expected: &[&str]) {
        let bench = Bench::new();
        bench.decided(&an_alert()).await;
        bench.decided(newer).await;
        let tags = bench.tags(newer).await;
        assert!(tags.iter().eq(expected), "{tags:?} for {}", newer.text());
    }

    #[tokio::test]
    async fn what_the_source_sends_back_of_our_own_change_is_told_if_it_was_not() {
        let bench = Bench::new();
        let run = bench.decided(&an_alert()).await;

        let echo = bench.decided(&an_alert().resolved_as(TRAVEL).later(1)).await;
        let EffectAction::Resolve { comment: Some(comment), .. } = &run.effects[0].action else {
            panic!("{:?}", run.effects)
        };
        let said = |it: &Effect| it.action == EffectAction::Comment { text: comment.clone() };
        assert!(said(&echo.effects[0]), "the comment did not come back: {:?}", echo.effects);
        assert_eq!(echo.effects[1..], run.effects[1..], "the same notification, by the same id");
        let again = bench.decided(&an_alert().resolved_as(TRAVEL).later(2)).await;
        assert_eq!(again.effects, echo.effects, "and so with every echo");

        let bench = Bench::new();
        bench.decided(&an_alert()).await;
        let by_a_person = bench.decided(&an_alert().resolved_as(ATTACK).later(1)).await;
        assert_eq!(by_a_person.effects, []);
    }
}

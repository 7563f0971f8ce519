//! Tuning rules on an alert's way: which are in force, what people change about them meanwhile, and
//! hidden alerts that people take out again.

#[cfg(test)]
mod tuning {
    use std::{
        pin::pin,
        task::{Context, Waker},
    };

    use defuse_domain::{
        Alert, EffectState, Kept, Organisation, Outcome, RuleBook, Run, TuningRule, TuningRuleName,
    };
    use defuse_flow::{
        AlertState, AlertStore, Deliver, DeployedTuning, Draft, MatchReport, ReleaseError,
        Releasing, RuleVerb, RunStore, Triage, Triaged, Tuned, Tuning, TuningError, TuningStore,
        note_deployed,
    };
    use defuse_testkit::{
        FaultPlan, Faulty, FixedFacts, LEGITIMATE_TRAVEL, MemorySource, MemoryStore, MemoryTopic,
        PortFault, TravelAlert, a_tuning_rule, an_alert, away, rule_book,
    };
    use jiff::{SignedDuration, Timestamp};

    const NOW: Timestamp = Timestamp::constant(1_795_254_900, 0);
    const RESOLVE: &str = "{ resolve: { informationalExpectedActivity: confirmedActivity } }";

    fn later(minutes: i64) -> Timestamp {
        NOW + SignedDuration::from_mins(minutes)
    }

    fn name(text: &str) -> TuningRuleName {
        TuningRuleName::parse(text).unwrap()
    }

    fn rule(name: &str, action: &str) -> TuningRule {
        TuningRule::parse("rule.yaml", &a_tuning_rule(name, action)).unwrap()
    }

    type Bare = Triage<FixedFacts, MemoryStore>;

    struct Bench {
        store: MemoryStore,
        triage: Bare,
        deliver: Deliver<MemoryStore, MemorySource, MemoryTopic>,
        topic: MemoryTopic,
        source: MemorySource,
        tuning: Tuning<MemoryStore>,
        releasing: Releasing<MemoryStore>,
    }

    impl Bench {
        fn new(deployed: Vec<TuningRule>) -> Self {
            let rules = rule_book(&[LEGITIMATE_TRAVEL]).unwrap().tuned_by(deployed);
            Self::of(rules.telling(Some("operations".to_owned())))
        }

        fn of(rules: RuleBook) -> Self {
            let (store, topic) = (MemoryStore::default(), MemoryTopic::default());
            let source = MemorySource::default();
            source.put(&an_alert().text()).unwrap();
            Self {
                triage: Triage::new(rules, facts(), store.clone()),
                deliver: Deliver::new(store.clone(), source.clone(), topic.clone()),
                tuning: Tuning::new(store.clone(), Vec::new()),
                releasing: Releasing::new(store.clone()),
                topic,
                source,
                store,
            }
        }

        async fn saves(&self, text: &str, read: Option<u64>, at: Timestamp) -> Tuned {
            self.tuning.save(Draft { file: "rule.yaml", text, read }, "kim", at).await.unwrap()
        }

        /// The alert arrives, is decided and delivered
        async fn comes(&self, alert: &TravelAlert, at: Timestamp) -> Run {
            self.store.store(&alert.read().unwrap(), at).await.unwrap();
            self.decides(alert, at).await
        }

        async fn decides(&self, alert: &TravelAlert, at: Timestamp) -> Run {
            let id = alert.read().unwrap().id;
            self.triage.refresh(at).await.unwrap();
            let Triaged::Decided(run) = self.triage.triage(&id, at).await.unwrap() else {
                panic!("not decided")
            };
            self.deliver.deliver(&id, at).await.unwrap();
            *run
        }

        async fn state(&self, alert: &TravelAlert) -> AlertState {
            self.store.load(&alert.read().unwrap().id).await.unwrap().unwrap().state
        }
    }

    fn facts() -> FixedFacts {
        FixedFacts::new(|question, now| Ok(away(question, now)))
    }

    #[tokio::test]
    async fn a_rule_acts_on_alerts_that_come_after_it() {
        let bench = Bench::new(Vec::new());
        let before = an_alert();
        bench.store.store(&before.read().unwrap(), NOW).await.unwrap();
        bench.saves(&a_tuning_rule("oslo", "hide"), None, later(1)).await;

        let run = bench.decides(&before, later(2)).await;
        assert!(matches!(run.decision.outcome, Outcome::Resolved(_)), "{:?}", run.decision);
        let newer = an_alert().later(5);
        let run = bench.comes(&newer, later(6)).await;
        assert_ne!(run.decision.outcome, Outcome::Hidden, "it came before the rule");

        let after = bench.comes(&an_alert().id("ca-next"), later(6)).await;
        assert_eq!(after.decision.outcome, Outcome::Hidden);
        assert_eq!(after.decision.tuned_by, [name("oslo")]);
        assert!(bench.topic.take().iter().all(|it| !it.id.contains("ca-next")));
    }

    #[tokio::test]
    async fn a_rule_edited_while_an_alert_is_under_way_holds_from_the_next_alert_on() {
        let store = MemoryStore::default();
        let tuning = Tuning::new(store.clone(), Vec::new());
        let first = a_tuning_rule("oslo", "hide");
        tuning
            .save(Draft { file: "rule.yaml", text: &first, read: None }, "kim", NOW)
            .await
            .unwrap();
        let edits = store.clone();
        // The directory is asked between load and record.
        let facts = FixedFacts::new(move |question, now| {
            let edited = a_tuning_rule("oslo", RESOLVE);
            let tuning = Tuning::new(edits.clone(), Vec::new());
            let saving =
                tuning.save(Draft { file: "rule.yaml", text: &edited, read: Some(1) }, "lee", now);
            drop(pin!(saving).poll(&mut Context::from_waker(Waker::noop())));
            Ok(away(question, now))
        });
        let rules = rule_book(&[LEGITIMATE_TRAVEL]).unwrap();
        let triage = Triage::new(rules, facts, store.clone());
        let mut outcomes = Vec::new();
        for id in ["ca-travel", "ca-next"] {
            let alert = an_alert().id(id).read().unwrap();
            store.store(&alert, later(1)).await.unwrap();
            triage.refresh(later(1)).await.unwrap();
            let Triaged::Decided(run) = triage.triage(&alert.id, later(1)).await.unwrap() else {
                panic!("not decided")
            };
            let trace = &run.decision.tuning[0];
            outcomes.push((run.decision.outcome, trace.version.clone()));
        }
        assert_eq!(store.stored_rule(&name("oslo")).await.unwrap().unwrap().version, 2);
        assert_eq!(outcomes[0], (Outcome::Hidden, rule("oslo", "hide").version().to_owned()));
        assert!(matches!(outcomes[1].0, Outcome::Resolved(_)), "{outcomes:?}");
        assert_eq!(outcomes[1].1, rule("oslo", RESOLVE).version());
    }

    #[tokio::test]
    async fn a_deployed_rule_is_in_force_since_its_text_was_deployed_first() {
        let (hide, resolve) = (rule("oslo", "hide"), rule("oslo", RESOLVE));
        let bench = Bench::new(vec![hide.clone()]);
        let unnoted = bench.comes(&an_alert().id("ca-0"), NOW).await;
        assert_ne!(unnoted.decision.outcome, Outcome::Hidden, "nobody knows since when");

        let since = async |rule: &TuningRule| bench.store.deployed().await.unwrap().since(rule);
        let note = async |rules: &[TuningRule], at| {
            note_deployed(&bench.store, rules, at).await.unwrap();
        };
        note(std::slice::from_ref(&hide), later(1)).await;
        note(&[hide.clone(), rule("bergen", "hide")], later(2)).await;
        assert_eq!(since(&hide).await, Some(later(1)), "a text that stays keeps its time");
        let run = bench.comes(&an_alert().id("ca-1"), later(10)).await;
        assert_eq!(run.decision.outcome, Outcome::Hidden);

        note(std::slice::from_ref(&resolve), later(20)).await;
        assert_eq!(since(&resolve).await, Some(later(20)));
        assert_eq!(since(&hide).await, Some(later(1)), "functions of before still read it");
        note(std::slice::from_ref(&hide), later(30)).await;
        assert_eq!(since(&hide).await, Some(later(30)), "a text that comes back is new");
        note(&[], later(40)).await;
        note(&[rule("bergen", "hide")], later(50)).await;
        assert_eq!(since(&hide).await, None);
    }

    #[tokio::test]
    async fn what_people_change_is_checked_and_kept() {
        let bench = Bench::new(Vec::new());
        note_deployed(&bench.store, &[rule("of-a-file", "hide")], NOW).await.unwrap();
        let save = async |text: &str, read, by| {
            bench.tuning.save(Draft { file: "rule.yaml", text, read }, by, later(1)).await
        };
        let (first, second) = (a_tuning_rule("oslo", "hide"), a_tuning_rule("oslo", RESOLVE));

        let mistakes = save("kind: TuningRule", None, "kim").await.unwrap_err();
        assert!(matches!(mistakes, TuningError::Mistakes(all) if all.len() > 3));
        let late = first.replace("2027-06", "2099-06");
        assert!(matches!(save(&late, None, "kim").await, Err(TuningError::Mistakes(_))));
        let taken = save(&a_tuning_rule("of-a-file", "hide"), None, "kim").await.unwrap_err();
        assert!(matches!(taken, TuningError::IsDeployed(_)), "{taken}");

        save(&first, None, "kim").await.unwrap();
        let blind = save(&second, None, "lee").await.unwrap_err();
        let TuningError::Overtaken { by, version, .. } = &blind else { panic!("{blind:?}") };
        assert_eq!((by.as_str(), *version), ("kim", 1));
        save(&second, Some(1), "lee").await.unwrap();
        assert!(matches!(save(&first, Some(1), "kim").await, Err(TuningError::Overtaken { .. })));
        assert!(matches!(save(&second, Some(2), "kim").await, Ok(Tuned::Already(_))));

        let oslo = name("oslo");
        bench.tuning.turn_off(&oslo, "lee", later(3)).await.unwrap();
        let unheeded = bench.comes(&an_alert().id("ca-1"), later(4)).await;
        assert!(unheeded.decision.tuned_by.is_empty());
        let Tuned::Changed(on) = bench.tuning.turn_on(&oslo, "kim", later(5)).await.unwrap() else {
            panic!("it was off")
        };
        assert_eq!(on.since, later(5));
        bench.tuning.delete(&oslo, "kim", later(6)).await.unwrap();
        assert!(matches!(
            bench.tuning.turn_on(&oslo, "kim", NOW).await,
            Err(TuningError::Missing(_))
        ));
        assert!(matches!(save(&first, None, "kim").await, Ok(Tuned::Changed(_))));

        let changes = bench.store.changes(&oslo).await.unwrap();
        let told: Vec<(u64, RuleVerb, &str)> =
            changes.iter().map(|it| (it.version, it.what, it.by.as_str())).collect();
        assert_eq!(
            told,
            [
                (1, RuleVerb::Saved, "kim"),
                (2, RuleVerb::Saved, "lee"),
                (3, RuleVerb::TurnedOff, "lee"),
                (4, RuleVerb::TurnedOn, "kim"),
                (5, RuleVerb::Deleted, "kim"),
                (6, RuleVerb::Saved, "kim"),
            ]
        );
        assert_eq!((&changes[0].text, &changes[1].text), (&first, &second));
    }

    #[tokio::test]
    async fn a_rule_that_is_none_any_more_holds_nothing_and_stops_no_other() {
        let bench = Bench::new(Vec::new());
        bench.saves(&a_tuning_rule("oslo", "hide"), None, NOW).await;
        bench.saves(&a_tuning_rule("bergen", "hide"), None, NOW).await;
        let old = bench.store.stored_rule(&name("bergen")).await.unwrap().unwrap();
        let old = defuse_flow::StoredRule { text: "kind: Suppression".to_owned(), ..old };
        bench.store.change(&old, RuleVerb::Saved).await.unwrap();

        let run = bench.comes(&an_alert(), later(1)).await;

        assert_eq!(run.decision.tuned_by, [name("oslo")]);
    }

    #[tokio::test]
    async fn each_alert_counts_once_for_each_rule_that_held() {
        let bench = Bench::new(Vec::new());
        bench.saves(&a_tuning_rule("oslo", "hide"), None, NOW).await;
        bench.comes(&an_alert(), later(1)).await;
        bench.comes(&an_alert().also_of("lee@contoso.example").later(5), later(6)).await;
        bench.comes(&an_alert().id("ca-2"), later(7)).await;

        let matches = bench.store.matches(&name("oslo")).await.unwrap();
        assert_eq!((matches.total, matches.last), (2, Some(later(7))));
        assert_eq!(matches.per_day.values().copied().collect::<Vec<_>>(), [2]);
    }

    #[tokio::test]
    async fn a_released_alert_is_open_and_no_rule_takes_it_out_again() {
        let bench = Bench::new(Vec::new());
        bench.saves(&a_tuning_rule("oslo", "hide"), None, NOW).await;
        let hidden = bench.comes(&an_alert(), later(1)).await;
        assert_eq!(hidden.decision.outcome, Outcome::Hidden);
        let id = hidden.key.alert_id.clone();

        bench.releasing.release(&id, "kim", later(2)).await.unwrap();
        let run = bench.decides(&an_alert(), later(2)).await;
        assert_eq!(
            (run.decision.outcome, run.decision.kept),
            (Outcome::Open, Some(Kept::Released))
        );
        assert!(run.decision.reasons[0].contains("kim released it"), "{:?}", run.decision.reasons);
        assert_eq!(bench.state(&an_alert()).await, AlertState::Open);

        bench.tuning.delete(&name("oslo"), "kim", later(3)).await.unwrap();
        let newer = bench.comes(&an_alert().later(5), later(6)).await;
        let kept = (newer.decision.outcome, newer.decision.kept);
        assert_eq!(kept, (Outcome::Open, Some(Kept::Released)), "the playbook would resolve it");
        let again = bench.releasing.release(&id, "kim", later(7)).await.unwrap_err();
        assert!(matches!(again, ReleaseError::NotHidden(_)), "{again}");
        let gone = an_alert().id("ca-no").read().unwrap().id;
        let gone = bench.releasing.release(&gone, "kim", NOW).await.unwrap_err();
        assert!(matches!(gone, ReleaseError::Missing(_)), "{gone}");
    }

    #[tokio::test]
    async fn what_a_rule_hides_is_found_also_when_it_is_deleted() {
        let bench = Bench::new(Vec::new());
        bench.saves(&a_tuning_rule("oslo", "hide"), None, NOW).await;
        bench.comes(&an_alert(), later(1)).await;
        bench.comes(&an_alert().id("ca-2"), later(1)).await;
        bench.tuning.delete(&name("oslo"), "kim", later(2)).await.unwrap();

        let hidden = bench.releasing.hidden_by(&name("oslo")).await.unwrap();
        assert_eq!(hidden.len(), 2);
        bench.releasing.release(&hidden[0], "kim", later(3)).await.unwrap();
        let left = bench.releasing.hidden_by(&name("oslo")).await.unwrap();
        assert_eq!(left, hidden[1..]);

        // What changes at its source is decided anew, and opens: the rule is gone.
        let other = an_alert().also_of("lee@contoso.example").later(5);
        let run = bench.comes(&other, later(6)).await;
        assert_ne!(run.decision.outcome, Outcome::Hidden);
        assert_eq!(bench.releasing.hidden_by(&name("oslo")).await.unwrap(), []);
    }

    #[tokio::test]
    async fn what_a_rule_hid_is_released_step_by_step_within_a_scope() {
        let bench = Bench::new(Vec::new());
        bench.saves(&a_tuning_rule("oslo", "hide"), None, NOW).await;
        for id in ["ca-1", "ca-2", "ca-3"] {
            bench.comes(&an_alert().id(id), later(1)).await;
        }
        let (rule, mut after, mut steps) = (name("oslo"), None, Vec::new());
        loop {
            let may = |it: &Alert| it.id.as_str() != "ca-2";
            let from = (&rule, after.as_ref());
            let step = bench.releasing.release_all(from, ("kim", later(2)), may, || false).await;
            let step = step.unwrap();
            assert!(step.failed.is_empty(), "{step:?}");
            steps.push((step.released.len(), step.next.clone().map(|it| it.to_string())));
            after = step.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(steps, [(1, Some("ca-1".to_owned())), (1, None)]);
        assert_eq!(bench.state(&an_alert().id("ca-2")).await, AlertState::Hidden);
        assert_eq!(bench.state(&an_alert().id("ca-3")).await, AlertState::Pending);
    }

    #[tokio::test]
    async fn rules_that_cannot_be_loaded_keep_the_alert_pending() {
        let bench = Bench::new(Vec::new());
        bench.saves(&a_tuning_rule("oslo", "hide"), None, NOW).await;
        let alert = an_alert().read().unwrap();
        bench.store.store(&alert, later(1)).await.unwrap();
        let calls =
            ["StoredTuning::generation", "StoredTuning::stored_rules", "DeployedTuning::deployed"];
        for call in calls {
            let plan = FaultPlan::default().always(call, PortFault::Fail);
            let store = Faulty::new(bench.store.clone(), plan.clone());
            let rules = RuleBook::new([], Organisation::default());
            let triage = Triage::new(rules, facts(), store);
            triage.triage(&alert.id, later(1)).await.unwrap_err();
            assert_eq!(bench.state(&an_alert()).await, AlertState::Pending, "for {call}");
        }
        let run = bench.decides(&an_alert(), later(1)).await;
        assert_eq!(run.decision.outcome, Outcome::Hidden);
        let left = bench.store.effects(&alert.id);
        assert!(left.iter().all(|(_, it)| matches!(it, EffectState::Done { .. })), "{left:?}");
    }

    #[tokio::test]
    async fn those_who_run_this_are_told_what_a_source_will_not_resolve() {
        let told = async |rules: RuleBook| {
            let bench = Bench::of(rules);
            bench.source.refuse_to_resolve();
            bench.saves(&a_tuning_rule("oslo", RESOLVE), None, NOW).await;
            let run = bench.comes(&an_alert(), later(1)).await;
            assert!(matches!(run.decision.outcome, Outcome::Resolved(_)), "{:?}", run.decision);
            assert_eq!(bench.state(&an_alert()).await, AlertState::Open);
            let first = bench.topic.take();
            // Our own comment, or anybody's, makes a newer revision.
            bench.comes(&an_alert().later(5), later(6)).await;
            assert_eq!(bench.topic.take(), [], "once is enough");
            first
        };
        let rules = rule_book(&[LEGITIMATE_TRAVEL]).unwrap();
        assert_eq!(told(rules.clone()).await, [], "no channel is named");
        let told = told(rules.telling(Some("operations".to_owned()))).await;
        let [told] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!(
            (told.channel.as_str(), told.about.template_name()),
            ("operations", "needsEyes")
        );
        assert_eq!(
            told.reasons,
            [
                "the source refused to resolve the alert",
                "Expected, by tuning rule oslo: the sales team is in Oslo this week",
            ]
        );
        assert!(told.facts.contains(&("Tuning rule".to_owned(), "oslo".to_owned())));
        assert!(told.facts.contains(&("Outcome".to_owned(), "stays open".to_owned())));
    }
}

//! The action center: what rules and persons did is listed, and undone once, here and at its source.

#[cfg(test)]
mod center {
    use defuse_domain::{
        ActionId, ActionKind, ActionState, Actor, Alert, AlertId, Kept, Outcome, Status, UndoError,
        Wish,
    };
    use defuse_flow::{
        ActStore, ActionCenter, ActionFilter, ActionOnAlert, AlertState, AlertStore, Deliver,
        Manage, ManageOutcome, ManagedAlert, Triage, Triaged, Undone,
    };
    use defuse_testkit::{
        FaultPlan, Faulty, FixedFacts, LEGITIMATE_TRAVEL, MemorySource, MemoryStore, MemoryTopic,
        PortFault, an_alert, away, rule_book,
    };
    use jiff::{SignedDuration, Timestamp};

    const NOW: Timestamp = Timestamp::constant(1_795_254_900, 0);

    /// An alert that a playbook resolves, and its source
    struct Bench {
        id: AlertId,
        store: MemoryStore,
        source: MemorySource,
    }

    impl Bench {
        async fn new() -> Self {
            let alert = an_alert().read().unwrap();
            let (store, source) = (MemoryStore::default(), MemorySource::default());
            source.put(&an_alert().text()).unwrap();
            store.store(&alert, NOW).await.unwrap();
            Self { id: alert.id, store, source }
        }

        /// The same, with what the playbook did, so many of its steps
        async fn resolved(is_delivered: bool, is_back: bool) -> Self {
            let bench = Self::new().await;
            bench.triage().await;
            if is_delivered {
                bench.deliver().await;
            }
            if is_back {
                bench.comes_back().await;
                bench.triage().await;
            }
            bench
        }

        async fn triage(&self) -> Triaged {
            let facts = FixedFacts::new(|question, now| Ok(away(question, now)));
            let rules = rule_book(&[LEGITIMATE_TRAVEL]).unwrap();
            Triage::new(rules, facts, self.store.clone()).triage(&self.id, NOW).await.unwrap()
        }

        async fn deliver(&self) {
            let topic = MemoryTopic::default();
            let step = Deliver::new(self.store.clone(), self.source.clone(), topic);
            step.deliver(&self.id, NOW).await.unwrap();
        }

        async fn comes_back(&self) {
            let text = self.source.text(&self.id).unwrap();
            self.store.store(&Alert::read(&text).unwrap(), NOW).await.unwrap();
        }

        async fn act(&self, wish: &str) -> ManagedAlert {
            let manage = Manage::new(self.store.clone());
            let shown = manage.show(&self.id).await.unwrap().unwrap();
            let wish = Wish::parse(wish).unwrap();
            let acted = manage.act(shown, &wish, (lee(), None), later()).await.unwrap();
            let ManageOutcome::Done(stands) = acted else { panic!("{acted:?}") };
            *stands
        }

        fn center(&self) -> ActionCenter<MemoryStore> {
            ActionCenter::new(self.store.clone(), false)
        }

        async fn actions(&self) -> Vec<ActionOnAlert> {
            let page = self.center().list(&everything(), None, 100, |_| true).await.unwrap();
            assert_eq!(page.next, None);
            page.actions
        }

        /// The action with a part of that kind
        async fn find(&self, kind: ActionKind) -> ActionOnAlert {
            let mut actions = self.actions().await;
            actions.retain(|it| it.action.parts.iter().any(|it| it.kind == kind));
            actions.pop().unwrap()
        }

        async fn undo(&self, id: &ActionId) -> Undone {
            self.center().undo(id, (kim(), None), later()).await.unwrap()
        }

        async fn stands(&self) -> ManagedAlert {
            self.store.managed(&self.id).await.unwrap().unwrap()
        }
    }

    fn everything() -> ActionFilter {
        ActionFilter {
            since: NOW.saturating_sub(SignedDuration::from_hours(240)).unwrap(),
            until: later(),
            state: None,
            kind: None,
            person: None,
            rule: None,
            alert: None,
            source: None,
        }
    }

    fn later() -> Timestamp {
        NOW.saturating_add(SignedDuration::from_mins(5)).unwrap()
    }

    fn kim() -> Actor {
        Actor { id: "1".to_owned(), name: "Kim".to_owned() }
    }

    fn lee() -> Actor {
        Actor { id: "2".to_owned(), name: "Lee".to_owned() }
    }

    /// Until nothing is left to be done
    async fn settled(bench: &Bench) {
        for _ in 0..3 {
            bench.deliver().await;
            bench.comes_back().await;
            bench.triage().await;
        }
    }

    #[tokio::test]
    async fn a_rule_s_resolve_is_undone_at_the_source_and_no_rule_does_it_again() {
        for (is_delivered, is_back) in [(false, false), (true, false), (true, true)] {
            let bench = Bench::resolved(is_delivered, is_back).await;
            let resolved = bench.find(ActionKind::Resolve).await;
            assert!(resolved.action.is_by_rule("legitimate-travel"));
            let undone = bench.undo(&resolved.action.id).await;
            let Undone::Done(stands, stays) = undone else { panic!("{undone:?}") };
            assert_eq!(stands.state, AlertState::Open);
            assert_eq!(stands.standing().status, Some(Status::New));
            let is_told = stays.iter().any(|it| it.kind == ActionKind::Notify);
            assert!(is_told || !is_delivered, "{stays:?}");

            settled(&bench).await;
            let view = bench.source.view(&bench.id).unwrap();
            assert!(!view.resolved, "after {is_delivered} {is_back}");
            assert_eq!(view.classification, None);
            let stands = bench.stands().await;
            assert_eq!(stands.state, AlertState::Open, "after {is_delivered} {is_back}");
            assert_eq!(stands.standing().status, Some(Status::New));

            // What the source sends next is decided, and left to the person.
            bench.source.put(&an_alert().later(60).text()).unwrap();
            bench.comes_back().await;
            let Triaged::Decided(run) = bench.triage().await else { panic!() };
            assert_eq!(run.decision.outcome, Outcome::Open);
            assert!(matches!(run.decision.kept, Some(Kept::Managed | Kept::Reopened)));
            let resolved = bench.find(ActionKind::Resolve).await;
            assert_eq!(resolved.action.state(), ActionState::Undone);
        }
    }

    #[tokio::test]
    async fn undo_twice_is_one_and_of_two_at_once_one_does_it() {
        let bench = Bench::resolved(true, true).await;
        let id = bench.find(ActionKind::Resolve).await.action.id;
        let (left, right) = tokio::join!(bench.undo(&id), bench.undo(&id));
        let is_done = |it: &Undone| matches!(it, Undone::Done(..));
        assert!(is_done(&left) != is_done(&right), "{left:?} {right:?}");
        assert!(matches!(bench.undo(&id).await, Undone::Already(_)));
        assert_eq!(bench.stands().await.n_acts, 1);
    }

    #[tokio::test]
    async fn what_was_changed_since_is_not_undone() {
        let bench = Bench::resolved(true, true).await;
        let id = bench.find(ActionKind::Resolve).await.action.id;
        bench.act(r#"{ "classification": { "truePositive": "phishing" } }"#).await;
        let refused = bench.undo(&id).await;
        let changed = UndoError::Changed { property: "the classification", by: "Lee".to_owned() };
        assert_eq!(refused, Undone::Refused(changed));

        let bench = Bench::resolved(true, true).await;
        let id = bench.find(ActionKind::Resolve).await.action.id;
        bench.source.put(&an_alert().assigned_to("lee@contoso.example").later(90).text()).unwrap();
        bench.comes_back().await;
        let by = "Microsoft Graph".to_owned();
        let changed = UndoError::Changed { property: "the status", by };
        assert_eq!(bench.undo(&id).await, Undone::Refused(changed));
    }

    #[tokio::test]
    async fn what_a_person_did_is_undone_and_that_can_be_undone_too() {
        let bench = Bench::new().await;
        bench
            .act(
                r#"{ "status": "inProgress", "assignedTo": "lee@contoso.example",
                "tags": { "add": ["vip"] }, "incident": "77" }"#,
            )
            .await;
        bench.deliver().await;
        let first = ActionId::act(bench.id.clone(), 1);
        let undone = bench.undo(&first).await;
        let Undone::Done(stands, stays) = undone else { panic!("{undone:?}") };
        assert_eq!((stays.len(), stands.tags.len()), (0, 0));
        assert_eq!(stands.standing().assigned_to, None);
        assert_eq!((stands.standing().incident, stands.managed.incident), (None, None));

        // The undo is an act like any other.
        let second = ActionId::act(bench.id.clone(), 2);
        assert!(matches!(bench.undo(&second).await, Undone::Done(..)));
        let stands = bench.stands().await;
        assert_eq!(stands.standing().status, Some(Status::InProgress));
        assert_eq!(stands.managed.incident.as_deref(), Some("77"));
        let states: Vec<ActionState> =
            bench.actions().await.iter().map(|it| it.action.state()).rev().collect();
        assert_eq!(states.len(), 3);
        assert_eq!(states.get(1), Some(&ActionState::Undone));
        let refused = bench.undo(&first).await;
        assert!(matches!(refused, Undone::Refused(UndoError::Changed { .. })), "{refused:?}");
    }

    #[tokio::test]
    async fn what_was_said_stays_said() {
        let bench = Bench::new().await;
        let manage = Manage::new(bench.store.clone());
        let shown = manage.show(&bench.id).await.unwrap().unwrap();
        let wish = Wish::parse_comment(r#"{ "comment": "seen" }"#).unwrap();
        manage.act(shown, &wish, (lee(), None), NOW).await.unwrap();
        let refused = bench.undo(&ActionId::act(bench.id.clone(), 1)).await;
        let why = "what was said stays where it was said".to_owned();
        assert_eq!(refused, Undone::Refused(UndoError::Cannot(why)));
        let missing = bench.undo(&ActionId::act(bench.id.clone(), 2)).await;
        assert_eq!(missing, Undone::Refused(UndoError::NotThere));
    }

    #[tokio::test]
    async fn whatever_fails_an_undo_happens_once() {
        for number in 0..6 {
            for fault in PortFault::ALL {
                let bench = Bench::resolved(true, true).await;
                let id = bench.find(ActionKind::Resolve).await.action.id;
                let plan = FaultPlan::default().at(number, fault);
                let faulty = Faulty::new(bench.store.clone(), plan.clone());
                let center = ActionCenter::new(faulty, false);
                let undone = plan.run(center.undo(&id, (kim(), None), later())).await;
                drop(undone);
                let again = bench.undo(&id).await;
                assert!(matches!(again, Undone::Done(..) | Undone::Already(_)), "{again:?}");
                assert_eq!(bench.stands().await.n_acts, 1, "{fault:?} at {number}");
                settled(&bench).await;
                assert!(!bench.source.view(&bench.id).unwrap().resolved, "{fault:?} at {number}");
            }
        }
    }

    #[tokio::test]
    async fn pages_are_as_one_list_whatever_comes_meanwhile() {
        let bench = Bench::new().await;
        for index in 0..7 {
            bench.act(&format!(r#"{{ "tags": {{ "add": ["t{index}"] }} }}"#)).await;
        }
        let all: Vec<ActionId> = bench.actions().await.into_iter().map(|it| it.action.id).collect();
        for of_alert in [None, Some(bench.id.clone())] {
            let filter = ActionFilter { alert: of_alert, ..everything() };
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let page = bench.center().list(&filter, after.as_ref(), 2, |_| true).await.unwrap();
                seen.extend(page.actions.into_iter().map(|it| it.action.id));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(seen, all);
            let hidden = bench.center().list(&filter, None, 9, |_| false).await.unwrap();
            assert_eq!((hidden.actions.len(), hidden.next), (0, None));
        }
    }
}

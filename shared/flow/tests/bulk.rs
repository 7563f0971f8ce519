//! The same change of many alerts: whatever stops it in the middle, a repeat ends it, and each alert
//! is changed once.

#[cfg(test)]
mod bulk {
    use defuse_domain::{Actor, Alert, AlertId, Wish};
    use defuse_flow::{
        Access, ActStore, ActionCenter, AlertStore, Bulk, BulkResult, BulkUndone, Bulks, Manage,
    };
    use defuse_testkit::{FaultPlan, Faulty, MemoryStore, PortFault, an_alert};
    use jiff::{SignedDuration, Timestamp};

    const NOW: Timestamp = Timestamp::constant(1_795_254_900, 0);
    const IDS: [&str; 3] = ["ad1", "ad2", "ad3"];

    async fn stored() -> MemoryStore {
        let store = MemoryStore::default();
        for id in IDS {
            store.store(&an_alert().id(id).read().unwrap(), NOW).await.unwrap();
        }
        store
    }

    fn kim() -> Actor {
        Actor { id: "1".to_owned(), name: "Kim".to_owned() }
    }

    fn bulk() -> Bulk {
        let alerts = IDS.iter().map(|it| AlertId::parse(it).unwrap()).collect();
        Bulk { id: "0a".to_owned(), by: kim(), at: NOW, alerts }
    }

    fn wish() -> Wish {
        let text = r#"{ "status": "inProgress", "tags": { "add": ["campaign"] } }"#;
        Wish::parse(text).unwrap()
    }

    fn bulks(store: &MemoryStore, plan: &FaultPlan) -> Bulks<Faulty<MemoryStore>> {
        let store = Faulty::new(store.clone(), plan.clone());
        Bulks::new(store.clone(), ActionCenter::new(store, false))
    }

    fn all(_alert: &Alert) -> Access {
        Access::Change
    }

    async fn acts(store: &MemoryStore) -> Vec<u64> {
        let manage = Manage::new(store.clone());
        let mut acts = Vec::new();
        for id in bulk().alerts {
            acts.push(manage.show(&id).await.unwrap().unwrap().n_acts);
        }
        acts
    }

    #[tokio::test]
    async fn a_repeat_ends_what_stopped_in_the_middle() {
        for number in 0..20 {
            for fault in PortFault::ALL {
                let store = stored().await;
                let plan = FaultPlan::default().at(number, fault);
                let steps = bulks(&store, &plan);
                let wish = wish();
                let tried = steps.change((bulk(), &[1; 3]), &wish, (None, NOW), all);
                drop(plan.run(tried).await);
                plan.heal();
                let (_, results) =
                    steps.change((bulk(), &[1; 3]), &wish, (None, NOW), all).await.unwrap();
                let is_done = |it: &BulkResult| matches!(it, BulkResult::Done(_));
                assert!(results.iter().all(|(_, it)| is_done(it)), "{fault:?} at {number}");
                assert_eq!(acts(&store).await, [1; 3], "{fault:?} at {number}");

                let plan = FaultPlan::default().at(number, fault);
                let steps = bulks(&store, &plan);
                drop(plan.run(steps.undo("0a", (kim(), None), all, NOW)).await);
                plan.heal();
                let undone = steps.undo("0a", (kim(), None), all, NOW).await.unwrap();
                let BulkUndone::Done(results) = undone else { panic!("{undone:?}") };
                assert!(results.iter().all(|(_, it)| is_done(it)), "{fault:?} at {number}");
                assert_eq!(acts(&store).await, [2; 3], "{fault:?} at {number}");
            }
        }
    }

    #[tokio::test]
    async fn each_alert_has_a_result_of_its_own() {
        let (store, plan) = (stored().await, FaultPlan::default());
        let access = |alert: &Alert| match alert.id.as_str() {
            "ad2" => Access::None,
            "ad3" => Access::See,
            _ => Access::Change,
        };
        let mut wanted = bulk();
        wanted.alerts.push(AlertId::parse("ad9").unwrap());
        let steps = bulks(&store, &plan);
        let changed = steps.change((wanted, &[1; 4]), &wish(), (None, NOW), access).await.unwrap();
        let results: Vec<BulkResult> = changed.1.into_iter().map(|(_, it)| it).collect();
        let (none, forbidden) = (BulkResult::NotFound, BulkResult::Forbidden);
        assert_eq!(results, [BulkResult::Done(2), none.clone(), forbidden, none]);

        let other = Bulk { id: "0b".to_owned(), ..bulk() };
        let changed = steps.change((other, &[1; 3]), &wish(), (None, NOW), all).await.unwrap();
        let first = changed.1.into_iter().map(|(_, it)| it).next();
        assert_eq!(first, Some(BulkResult::Moved(2)), "it was meant for what it was before");
    }

    #[tokio::test]
    async fn it_is_undone_within_a_quarter_of_an_hour_that_instant_included() {
        let (store, plan) = (stored().await, FaultPlan::default());
        let steps = bulks(&store, &plan);
        steps.change((bulk(), &[1; 3]), &wish(), (None, NOW), all).await.unwrap();
        let end = NOW.saturating_add(SignedDuration::from_mins(15)).unwrap();
        let after = end.saturating_add(SignedDuration::from_nanos(1)).unwrap();
        let late = steps.undo("0a", (kim(), None), all, after).await.unwrap();
        assert_eq!(late, BulkUndone::TooLate(end));
        let hidden = steps.undo("0a", (kim(), None), |_: &Alert| Access::None, end).await.unwrap();
        assert_eq!(hidden, BulkUndone::NotThere);

        // Somebody took one of them up meanwhile: that one stays.
        let manage = Manage::new(store.clone());
        let id = AlertId::parse("ad2").unwrap();
        let shown = manage.show(&id).await.unwrap().unwrap();
        let resolve = Wish::parse(r#"{ "status": "resolved" }"#).unwrap();
        let lee = Actor { id: "2".to_owned(), name: "Lee".to_owned() };
        manage.act(shown, &resolve, (lee, None), NOW).await.unwrap();
        let undone = steps.undo("0a", (kim(), None), all, end).await.unwrap();
        let BulkUndone::Done(results) = undone else { panic!("{undone:?}") };
        let results: Vec<BulkResult> = results.into_iter().map(|(_, it)| it).collect();
        let why = "the status was changed since, by Lee: nothing is undone".to_owned();
        assert_eq!(results, [BulkResult::Done(3), BulkResult::Unfit(why), BulkResult::Done(3)]);
        let stands = store.managed(&id).await.unwrap().unwrap();
        assert!(stands.tags.contains("campaign"));
    }
}

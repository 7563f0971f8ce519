//! People are told of tuning rules that expire soon: a week and a day ahead, once each.

#[cfg(test)]
mod housekeep {
    use defuse_domain::TuningRule;
    use defuse_flow::{Draft, Housekeep, Tuning};
    use defuse_testkit::{FaultPlan, Faulty, MemoryStore, MemoryTopic, PortFault, a_tuning_rule};
    use jiff::{SignedDuration, Timestamp};

    /// When the rules of these tests expire
    const END: Timestamp = Timestamp::constant(1_811_808_000, 0); // 2027-06-01T00:00:00Z

    fn before(hours: i64) -> Timestamp {
        END - SignedDuration::from_hours(hours)
    }

    fn rule(name: &str) -> TuningRule {
        TuningRule::parse("rule.yaml", &a_tuning_rule(name, "hide")).unwrap()
    }

    type House<S, N> = Housekeep<S, N>;

    fn house<S, N>(deployed: &[TuningRule], store: S, topic: N) -> House<S, N>
    where
        S: defuse_flow::StoredTuning + defuse_flow::NoticeLog,
        N: defuse_flow::Notifier,
    {
        Housekeep::new(deployed.to_vec(), store, topic, Some("soc".to_owned()))
    }

    fn told(topic: &MemoryTopic) -> Vec<String> {
        topic.take().into_iter().map(|it| it.id).collect()
    }

    #[tokio::test]
    async fn people_are_told_a_week_and_a_day_ahead_once_each() {
        let (store, topic) = (MemoryStore::default(), MemoryTopic::default());
        assert_eq!(rule("a").expires(), END);
        let house = house(&[rule("a")], store, topic.clone());
        let week = vec!["tuning/a/2027-06-01T00:00:00Z/7d".to_owned()];
        let day = vec!["tuning/a/2027-06-01T00:00:00Z/1d".to_owned()];
        let check = async |hours, expected: &[String]| {
            house.tell_what_expires(before(hours)).await.unwrap();
            assert_eq!(told(&topic), expected, "{hours} h before");
        };
        check(24 * 7 + 1, &[]).await;
        check(24 * 7, &week).await;
        check(24 * 7 - 1, &[]).await;
        check(25, &[]).await;
        check(24, &day).await;
        check(1, &[]).await;
        check(0, &[]).await;
        check(-24 * 30, &[]).await;
    }

    #[tokio::test]
    async fn only_rules_that_are_on_are_told_of_and_late_once() {
        let (store, topic) = (MemoryStore::default(), MemoryTopic::default());
        let tuning = Tuning::new(store.clone(), Vec::new());
        let now = before(24 * 30);
        for name in ["off", "on", "gone"] {
            let text = a_tuning_rule(name, "hide");
            tuning
                .save(Draft { file: "rule.yaml", text: &text, read: None }, "kim", now)
                .await
                .unwrap();
        }
        tuning.turn_off(rule("off").name(), "kim", now).await.unwrap();
        tuning.delete(rule("gone").name(), "kim", now).await.unwrap();
        let house = house(&[], store, topic.clone());
        // It was not running a week ahead.
        house.tell_what_expires(before(2)).await.unwrap();
        assert_eq!(told(&topic), ["tuning/on/2027-06-01T00:00:00Z/1d"]);
        house.tell_what_expires(before(1)).await.unwrap();
        assert_eq!(told(&topic), [""; 0]);
    }

    #[tokio::test]
    async fn whatever_fails_is_due_still_and_told_under_the_same_id() {
        let calls = [
            "StoredTuning::stored_rules",
            "NoticeLog::notices",
            "NoticeLog::keep_notices",
            "Notifier::publish",
        ];
        for call in calls {
            for fault in PortFault::ALL {
                let plan = FaultPlan::default().always(call, fault);
                let (store, topic) = (MemoryStore::default(), MemoryTopic::default());
                let house = house(
                    &[rule("a"), rule("b")],
                    Faulty::new(store, plan.clone()),
                    Faulty::new(topic.clone(), plan.clone()),
                );
                drop(plan.run(house.tell_what_expires(before(30))).await);
                plan.heal();
                house.tell_what_expires(before(29)).await.unwrap();
                let mut ids = told(&topic);
                ids.sort();
                ids.dedup();
                assert_eq!(ids.len(), 2, "{call} {fault:?}: {ids:?}");
                house.tell_what_expires(before(28)).await.unwrap();
                assert_eq!(told(&topic), [""; 0], "{call} {fault:?}");
            }
        }
    }
}

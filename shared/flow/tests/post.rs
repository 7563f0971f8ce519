//! Posting: once, or marked as a possible repeat.

#[cfg(test)]
mod post {
    use defuse_domain::{About, Notification, Template};
    use defuse_flow::{Post, PostError, Posted};
    use defuse_testkit::{FaultPlan, Faulty, MemoryChat, MemoryStore, PortFault, an_alert};
    use jiff::{SignedDuration, Timestamp};

    const NOW: Timestamp = Timestamp::constant(1_795_254_900, 0);

    #[tokio::test]
    async fn a_notification_is_posted_once() {
        check(None, 0, &[Some(Posted::New)], &[false]).await;
        check(None, 0, &[Some(Posted::New), Some(Posted::Again)], &[false]).await;
    }

    #[tokio::test]
    async fn what_never_reached_the_channel_is_posted_as_new() {
        check(Some((1, PortFault::Refuse)), 0, &[None, Some(Posted::New)], &[false]).await;
        check(Some((0, PortFault::Fail)), 0, &[None, Some(Posted::New)], &[false]).await;
    }

    #[tokio::test]
    async fn what_may_have_reached_it_waits_and_is_then_marked() {
        check(Some((1, PortFault::TimeOut)), 59, &[None, None], &[]).await;
        check(Some((1, PortFault::TimeOut)), 60, &[None, Some(Posted::New)], &[true]).await;
        let twice = [false, true];
        check(Some((1, PortFault::CrashAfter)), 60, &[None, Some(Posted::New)], &twice).await;
        check(Some((2, PortFault::Fail)), 60, &[None, Some(Posted::New)], &twice).await;
        check(Some((2, PortFault::CrashAfter)), 60, &[None, Some(Posted::Again)], &[false]).await;
    }

    /// With that fault, tries as often as `expected` is long, so many seconds apart; `posts` tells
    /// of each post whether it is marked
    async fn check(
        fault: Option<(usize, PortFault)>,
        seconds: i64,
        expected: &[Option<Posted>],
        posts: &[bool],
    ) {
        let plan = FaultPlan::default();
        let plan = fault.map_or(plan.clone(), |(number, fault)| plan.at(number, fault));
        let (store, chat) = (MemoryStore::default(), MemoryChat::default());
        let step =
            Post::new(Faulty::new(store, plan.clone()), Faulty::new(chat.clone(), plan.clone()));
        let (mut now, mut came) = (NOW, Vec::new());
        for _ in expected {
            let tried = plan.run(step.post(&a_notification(), now)).await;
            came.push(tried.and_then(Result::ok));
            now += SignedDuration::from_secs(seconds);
        }
        let marks: Vec<bool> = chat.posts().iter().map(|it| it.unsure).collect();
        assert_eq!((came.as_slice(), marks.as_slice()), (expected, posts), "for {fault:?}");
    }

    #[tokio::test]
    async fn while_somebody_else_posts_it_we_wait() {
        let hung = FaultPlan::default().at(0, PortFault::TimeOut);
        let store = MemoryStore::default();
        let first = Post::new(store.clone(), Faulty::new(MemoryChat::default(), hung.clone()));
        assert!(hung.run(first.post(&a_notification(), NOW)).await.is_none());
        let second = Post::new(store, MemoryChat::default());
        let in_hand = second.post(&a_notification(), NOW).await;
        assert!(matches!(in_hand, Err(PostError::InHand { .. })));
    }

    fn a_notification() -> Notification {
        Notification {
            id: "ca-travel@1#0/notify/soc/resolved".to_owned(),
            channel: "soc".to_owned(),
            about: About::Alert {
                template: Template::Resolved,
                alert_id: an_alert().read().unwrap().id,
                severity: None,
            },
            title: "Alert resolved: Impossible travel activity".to_owned(),
            facts: Vec::new(),
            reasons: Vec::new(),
            url: None,
        }
    }
}

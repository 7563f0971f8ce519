//! Polling: where a feed stands, how long it rests, and what people are told.

#[cfg(test)]
mod poll {
    use std::{
        collections::VecDeque,
        sync::{Arc, Mutex},
        time::Duration,
    };

    use defuse_domain::{Services, Unreadable, UnreadableCode};
    use defuse_flow::{
        AlertFeed, FeedError, FeedInfo, FeedPage, FeedStore, Poll, Rate, Reading, SLICES, Window,
    };
    use defuse_testkit::{FaultPlan, Faulty, MemoryStore, MemoryTopic, PortFault, an_alert};
    use jiff::{SignedDuration, Timestamp};

    const NOW: Timestamp = Timestamp::constant(1_795_254_900, 0);

    /// A page to come: so many alerts, whether there is more, and the source's clock
    type Answer = Result<FeedPage, FeedError>;

    /// What was asked for
    type Asked = (Window, Option<String>);

    /// Answers by a script; what comes after its end is an empty last page
    #[derive(Clone, Default)]
    struct Script {
        answers: Arc<Mutex<VecDeque<Answer>>>,
        asked: Arc<Mutex<Vec<Asked>>>,
    }

    impl AlertFeed for Script {
        fn info(&self) -> FeedInfo {
            let rate = Rate { name: "script", every: Duration::from_secs(1) };
            FeedInfo { name: "script", title: "The script", rate }
        }

        async fn read(&self, window: Window, next: Option<&str>) -> Answer {
            self.asked.lock().unwrap().push((window, next.map(str::to_owned)));
            let answer = self.answers.lock().unwrap().pop_front();
            answer.unwrap_or_else(|| Ok(page(None)))
        }
    }

    fn page(next: Option<&str>) -> FeedPage {
        FeedPage { items: Vec::new(), next: next.map(str::to_owned), clock: Some(NOW) }
    }

    fn failure(retry_after: Option<Duration>) -> Answer {
        let said = "The script is busy".to_owned();
        Err(FeedError { said, retry_after, source: "no".into() })
    }

    struct World {
        script: Script,
        store: MemoryStore,
        topic: MemoryTopic,
        poll: Poll<Script, MemoryStore, MemoryTopic>,
    }

    fn world(answers: Vec<Answer>) -> World {
        let script = Script { answers: Arc::new(Mutex::new(answers.into())), ..Script::default() };
        let (store, topic) = (MemoryStore::default(), MemoryTopic::default());
        let channel = Some("soc".to_owned());
        let poll =
            Poll::new(vec![script.clone()], Services::ALL, store.clone(), topic.clone(), channel);
        World { script, store, topic, poll }
    }

    impl World {
        async fn poll(&self, now: Timestamp) -> Timestamp {
            self.poll.poll(&self.script, now).await.unwrap()
        }

        fn n_asked(&self) -> usize {
            self.script.asked.lock().unwrap().len()
        }
    }

    #[tokio::test]
    async fn thirty_slices_lie_side_by_side_and_then_it_follows() {
        let world = world(Vec::new());
        for _ in 1..SLICES {
            assert_eq!(world.poll(NOW).await, NOW);
        }
        let later = NOW + SignedDuration::from_mins(1);
        assert_eq!(world.poll(NOW).await, later);
        assert_eq!(world.poll(NOW).await, later);

        let asked = world.script.asked.lock().unwrap().clone();
        let mut end = NOW - SignedDuration::from_hours(30 * 24);
        for (window, next) in &asked[..30] {
            let Window::Created { from, until } = *window else { panic!("{window:?}") };
            assert_eq!((from, until.duration_since(from).as_hours(), next), (end, 24, &None));
            end = until;
        }
        assert_eq!(end, NOW);
        let since = Window::ChangedSince(NOW - SignedDuration::from_mins(10));
        assert_eq!(asked[30..], [(since, None)]);
    }

    #[tokio::test]
    async fn between_the_first_try_and_the_first_page_there_is_no_gap() {
        let world = world(vec![failure(None)]);
        world.poll(NOW - SignedDuration::from_hours(5)).await;
        for _ in 0..=SLICES {
            world.poll(NOW).await;
        }
        let asked = world.script.asked.lock().unwrap().clone();
        assert!(matches!(asked[30].0, Window::Created { until, .. } if until == NOW));
        let since = Window::ChangedSince(NOW - SignedDuration::from_mins(10));
        assert_eq!(asked[31], (since, None));
    }

    #[tokio::test]
    async fn whichever_clock_is_behind_counts() {
        let hours = SignedDuration::from_hours;
        check_clock(Some(NOW), NOW).await;
        check_clock(Some(NOW - hours(2)), NOW - hours(2)).await;
        check_clock(Some(Timestamp::MAX), NOW).await;
        check_clock(None, NOW - hours(1)).await;
    }

    async fn check_clock(clock: Option<Timestamp>, expected: Timestamp) {
        let answers = (0..SLICES).map(|_| Ok(FeedPage { clock, ..page(None) })).collect();
        let world = world(answers);
        for _ in 0..=SLICES {
            world.poll(NOW).await;
        }
        let since = Window::ChangedSince(expected - SignedDuration::from_mins(10));
        let asked = world.script.asked.lock().unwrap().clone();
        assert_eq!(asked.last(), Some(&(since, None)), "for {clock:?}");
    }

    #[tokio::test]
    async fn the_place_moves_no_further_than_what_was_seen() {
        let alert = an_alert().read().unwrap();
        let updated = alert.last_update.unwrap();
        let with_alert = || FeedPage { items: vec![Ok(alert.clone())], ..page(None) };
        let mut answers: Vec<Answer> = (0..SLICES).map(|_| Ok(page(None))).collect();
        answers.extend([Ok(page(None)), Ok(with_alert()), Ok(page(None))]);
        let world = world(answers);
        let since = async || match world.store.place("script").await.unwrap().unwrap().place.reading
        {
            Reading::Following { since } => since,
            reading @ Reading::CatchingUp { .. } => panic!("{reading:?}"),
        };
        for _ in 0..SLICES {
            world.poll(NOW).await;
        }
        let overlap = SignedDuration::from_mins(10);
        let before = since().await;
        world.poll(NOW).await;
        assert_eq!((before, since().await), (NOW - overlap, NOW - overlap), "nothing was seen");
        // An alert from before the place, as a source may give it, moves nothing back.
        assert!(updated < NOW);
        world.poll(NOW).await;
        assert_eq!(since().await, NOW - overlap);
    }

    #[tokio::test]
    async fn a_feed_rests_as_long_as_it_is_asked_or_twice_as_long_each_time() {
        check(None, &[2, 4, 8, 16, 32, 64, 128, 256, 300, 300]).await;
        check(Some(Duration::from_secs(17)), &[17, 17]).await;
        check(Some(Duration::ZERO), &[1]).await;
        check(Some(Duration::MAX), &[3_600, 3_600]).await;
    }

    async fn check(retry_after: Option<Duration>, rests: &[i64]) {
        let world = world(rests.iter().map(|_| failure(retry_after)).collect());
        let mut now = NOW;
        for (index, rest) in rests.iter().enumerate() {
            let until = now + SignedDuration::from_secs(*rest);
            // It is looked at every minute all the same, so that people hear in time.
            let minute = now + SignedDuration::from_mins(1);
            assert_eq!(world.poll(now).await, until.min(minute), "after failure {index}");
            assert_eq!(world.poll(until - SignedDuration::from_millis(1)).await, until);
            assert_eq!(world.n_asked(), index + 1);
            now = until;
        }
    }

    #[tokio::test]
    async fn a_rest_that_a_wrong_clock_set_is_no_rest() {
        let world = world(vec![failure(None)]);
        world.poll(NOW + SignedDuration::from_hours(24)).await;
        assert_eq!(world.poll(NOW).await, NOW);
        assert_eq!(world.n_asked(), 2);
    }

    #[tokio::test]
    async fn people_are_told_once_after_five_minutes_and_once_when_it_is_over() {
        let world = world((0..12).map(|_| failure(Some(Duration::from_mins(1)))).collect());
        let mut templates = Vec::new();
        let mut now = NOW;
        for _ in 0..20 {
            world.poll(now).await;
            let told = world.topic.take();
            templates.extend(told.iter().map(|it| (it.about.template_name(), now)));
            now += SignedDuration::from_mins(1);
        }
        let at = |minutes| NOW + SignedDuration::from_mins(minutes);
        assert_eq!(templates, [("sourceDown", at(5)), ("sourceUp", at(12))]);
    }

    #[tokio::test]
    async fn a_short_failure_is_nobody_s_business() {
        let world = world(vec![failure(None), failure(None)]);
        for minute in 0..20 {
            world.poll(NOW + SignedDuration::from_mins(minute)).await;
        }
        assert_eq!(world.topic.take(), []);
    }

    #[tokio::test]
    async fn a_topic_that_fails_is_told_later() {
        let plan = FaultPlan::default().always("Notifier::publish", PortFault::Fail);
        let topic = MemoryTopic::default();
        let script = Script::default();
        script
            .answers
            .lock()
            .unwrap()
            .extend((0..9).map(|_| failure(Some(Duration::from_mins(1)))));
        let notifier = Faulty::new(topic.clone(), plan.clone());
        let store = MemoryStore::default();
        let poll =
            Poll::new(vec![script.clone()], Services::ALL, store, notifier, Some("soc".to_owned()));
        for minute in 0..8 {
            poll.poll(&script, NOW + SignedDuration::from_mins(minute)).await.unwrap();
        }
        plan.heal();
        poll.poll(&script, NOW + SignedDuration::from_mins(8)).await.unwrap();
        let told = topic.take();
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].id, format!("feed/script/{NOW}/sourceDown"));
    }

    #[tokio::test]
    async fn pages_without_an_end_are_an_outage_that_one_good_page_does_not_end() {
        let circle =
            |n: usize| -> Vec<Answer> { (0..n).map(|_| Ok(page(Some("again")))).collect() };
        let world = world(circle(40));
        let mut now = NOW;
        let mut told = Vec::new();
        while world.n_asked() < 40 {
            now = world.poll(now).await.max(now + SignedDuration::from_secs(1));
            told.extend(world.topic.take());
        }
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].reasons[0], "The script gives page after page and no end");
        for _ in 0..9 {
            now = world.poll(now).await.max(now + SignedDuration::from_secs(1));
        }
        assert_eq!(world.topic.take()[0].about.template_name(), "sourceUp");
    }

    #[tokio::test]
    async fn one_unreadable_alert_stops_nothing_and_is_kept() {
        let unreadable = Unreadable {
            code: UnreadableCode::NotAnAlert,
            line: 1,
            message: "no id".to_owned(),
            raw: "{}".to_owned(),
        };
        let alert = an_alert().read().unwrap();
        let items = vec![Err(unreadable.clone()), Ok(alert.clone()), Ok(alert)];
        let world = world(vec![Ok(FeedPage { items, ..page(None) })]);
        world.poll(NOW).await;
        assert_eq!(world.store.rejected(), [unreadable]);
        assert!(world.store.place("script").await.unwrap().is_some());
    }
}

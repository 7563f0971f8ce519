//! Remembering facts: what is asked, what is taken from what is kept, what happens at a failure.

#[cfg(test)]
mod facts {
    use std::{collections::BTreeMap, time::Duration};

    use defuse_domain::{
        AutomaticReplies, Facts, History, Need, Question, Sighting, Unknown, UnknownReason, User,
    };
    use defuse_flow::{FactCache, FactSource, Found, Remembered, Watch, WatchList, Watched};
    use defuse_testkit::{
        FaultPlan, Faulty, FixedFacts, FixedMailboxes, MemoryStore, PortFault, away,
    };
    use jiff::{SignedDuration, Timestamp};
    use tokio::task::JoinSet;

    const NOW: Timestamp = Timestamp::constant(1_795_254_900, 0);

    fn kim() -> User {
        User { principal_name: Some("kim@contoso.example".to_owned()), ..User::default() }
    }

    fn need(question: Question) -> Need {
        Need { question, max_age: SignedDuration::from_mins(15) }
    }

    fn minutes(minutes: i64) -> Timestamp {
        NOW + SignedDuration::from_mins(minutes)
    }

    fn directory() -> FixedFacts {
        FixedFacts::new(|question, now| Ok(away(question, now)))
    }

    async fn ask(facts: &FixedFacts, store: &MemoryStore, needs: &[Need], at: Timestamp) -> Facts {
        Remembered::new(facts.clone(), store.clone()).answer(needs, at).await
    }

    #[tokio::test]
    async fn what_the_directory_says_is_kept_and_what_is_at_hand_is_not() {
        let (facts, store) = (directory(), MemoryStore::default());
        let kept =
            [Question::AutomaticReplies(kim()), Question::Risk(kim()), Question::Groups(kim())];
        let fresh = [Question::Tags(kim()), Question::OpenAlerts(kim())];
        let needs: Vec<Need> = kept.iter().chain(&fresh).cloned().map(need).collect();

        let first = ask(&facts, &store, &needs, NOW).await;
        let again = ask(&facts, &store, &needs, minutes(15)).await;
        assert_eq!(facts.asked().len(), 5 + 2);
        for question in &kept {
            assert_eq!(again.get(question), first.get(question));
        }
        for question in &fresh {
            assert_eq!(again.get(question).unwrap().read, minutes(15));
        }
        ask(&facts, &store, &needs, minutes(16)).await;
        assert_eq!(facts.asked().len(), 5 + 2 + 5);
    }

    #[tokio::test]
    async fn somebody_without_a_name_is_nobody_in_particular() {
        let (facts, store) = (directory(), MemoryStore::default());
        let nameless = User { account_name: Some("root".to_owned()), ..User::default() };
        let needs = [need(Question::Groups(nameless))];
        ask(&facts, &store, &needs, NOW).await;
        ask(&facts, &store, &needs, NOW).await;
        assert_eq!(facts.asked().len(), 2);
    }

    #[tokio::test]
    async fn a_cache_that_fails_keeps_nobody_from_an_answer() {
        for call in ["FactCache::find", "FactCache::keep"] {
            let facts = directory();
            let plan = FaultPlan::default().always(call, PortFault::Fail);
            let cache = Faulty::new(MemoryStore::default(), plan);
            let needs = [need(Question::Risk(kim()))];
            let known = Remembered::new(facts, cache).answer(&needs, NOW).await;
            assert!(known.iter().all(|it| it.answer.is_ok()), "{call}: {known:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_was_first_and_is_gone_is_followed_by_one_other() {
        let (facts, store) = (directory(), MemoryStore::default());
        let need = need(Question::Risk(kim()));
        let found = store.find(&need, Duration::ZERO, NOW).await.unwrap();
        assert!(matches!(found, Found::Ask(_)), "{found:?}");

        let mut askers = JoinSet::new();
        for _ in 0..200 {
            let remembered = Remembered::new(facts.clone(), store.clone());
            let needs = [need.clone()];
            askers.spawn(async move { remembered.answer(&needs, NOW).await });
        }
        let all = askers.join_all().await;
        assert_eq!(facts.asked().len(), 1);
        assert!(all.iter().flat_map(Facts::iter).all(|it| it.answer.is_ok()));
    }

    #[tokio::test]
    async fn what_nobody_could_say_is_asked_for_again() {
        let refused = || Err(Unknown::because(UnknownReason::Refused));
        let facts = FixedFacts::new(move |_, _| refused());
        let store = MemoryStore::default();
        let needs = [need(Question::Risk(kim()))];
        for n_asked in 1..=2 {
            let known = ask(&facts, &store, &needs, NOW).await;
            assert!(known.iter().all(|it| it.answer == refused()));
            assert_eq!(facts.asked().len(), n_asked);
        }
    }

    #[tokio::test]
    async fn mailboxes_on_the_list_are_looked_at_and_what_was_seen_goes_with_the_next_answer() {
        let (facts, store) = (directory(), MemoryStore::default());
        let question = Question::AutomaticReplies(kim());
        let needs = [need(question.clone())];
        let known = ask(&facts, &store, &needs, NOW).await;
        let history = known.get(&question).unwrap().history;
        assert_eq!(history, Some(History { seen_since: NOW, last_other: None }));

        let off = Sighting::Setting(AutomaticReplies::Disabled);
        let mailboxes =
            FixedMailboxes { seen: BTreeMap::from([("kim@contoso.example".to_owned(), off)]) };
        let watched = Watch::new(mailboxes, store.clone()).watch(minutes(20)).await.unwrap();
        assert_eq!(watched, Watched::Looked { seen: 1, unknown: 0 });
        let known = ask(&facts, &store, &needs, minutes(40)).await;
        let history = known.get(&question).unwrap().history.unwrap();
        assert_eq!((history.seen_since, history.last_other), (minutes(40), Some(minutes(20))));

        let blind = Watch::new(FixedMailboxes::default(), store.clone());
        let watched = blind.watch(minutes(50)).await.unwrap();
        assert_eq!(watched, Watched::Looked { seen: 0, unknown: 1 });
        assert_eq!(store.watched(minutes(50)).await.unwrap(), [kim()]);
    }
}

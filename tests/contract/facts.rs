//! Answers are kept with their age, and one of many may ask for a new one.

use std::time::Duration;

use defuse_domain::{
    Answer, AutomaticReplies, Fact, History, Need, Question, Sighting, Unknown, UnknownReason, User,
};
use defuse_flow::{FactCache, Found, Lease, WatchList};
use jiff::{SignedDuration, Timestamp, ToSpan};
use tokio::{join, task::JoinSet};

use crate::{
    emulator::{Emulator, emulator},
    samples::{at, noise, now},
};

const NO_PATIENCE: Duration = Duration::ZERO;

fn user(name: &str) -> User {
    User { principal_name: Some(name.to_owned()), ..User::default() }
}

fn replies_of(name: &str) -> Question {
    Question::AutomaticReplies(user(name))
}

fn need(question: &Question, minutes: i64) -> Need {
    Need { question: question.clone(), max_age: SignedDuration::from_mins(minutes) }
}

fn fact(question: &Question, answer: Result<Answer, UnknownReason>, read: Timestamp) -> Fact {
    let (question, answer) = (question.clone(), answer.map_err(Unknown::because));
    Fact { question, answer, source: "directory".to_owned(), read, history: None }
}

const OFF: Result<Answer, UnknownReason> = Ok(Answer::AutomaticReplies(AutomaticReplies::Disabled));

const ON: Result<Answer, UnknownReason> =
    Ok(Answer::AutomaticReplies(AutomaticReplies::AlwaysEnabled));

impl Emulator {
    async fn find(&self, need: &Need, at: Timestamp) -> Found {
        self.store.find(need, NO_PATIENCE, at).await.unwrap()
    }

    async fn lease(&self, question: &Question, at: Timestamp) -> Lease {
        // So young an answer there cannot be.
        let need = Need { question: question.clone(), max_age: SignedDuration::MIN };
        let Found::Ask(lease) = self.find(&need, at).await else { panic!("no lease") };
        lease
    }

    /// Asks at that time, with that outcome
    async fn ask(
        &self,
        question: &Question,
        answer: Result<Answer, UnknownReason>,
        at: Timestamp,
    ) -> Fact {
        let lease = self.lease(question, at).await;
        self.store.keep(&lease, fact(question, answer, at), at).await.unwrap()
    }
}

#[tokio::test]
async fn an_answer_will_do_as_long_as_it_is_young_enough() {
    let (emulator, kim) = (emulator().await, replies_of("kim@contoso.example"));
    let kept = emulator.ask(&kim, ON, now()).await;
    let later = now() + 10.minutes();

    assert_eq!(emulator.find(&need(&kim, 10), later).await, Found::Answered(kept.clone()));
    assert_eq!((kept.read, kept.source.as_str()), (now(), "directory"));
    // In any case of letters it is the same user; and another is another.
    let shouted = replies_of("KIM@contoso.example");
    assert!(matches!(emulator.find(&need(&shouted, 10), later).await, Found::Answered(_)));
    let lee = replies_of("lee@contoso.example");
    assert!(matches!(emulator.find(&need(&lee, 10), later).await, Found::Ask(_)));
    let risk = Question::Risk(user("kim@contoso.example"));
    assert!(matches!(emulator.find(&need(&risk, 10), later).await, Found::Ask(_)));

    let older = later + 1.nanosecond();
    assert!(matches!(emulator.find(&need(&kim, 10), older).await, Found::Ask(_)));
    // While one asks anew, the old answer will still do for who wants no younger one.
    assert!(matches!(emulator.find(&need(&kim, 11), older).await, Found::Answered(_)));
    let day_later = now() + 25.hours();
    assert!(matches!(emulator.find(&need(&kim, 60 * 48), day_later).await, Found::Ask(_)));
}

#[tokio::test]
async fn what_is_unknown_is_asked_for_again_by_the_next() {
    let (emulator, kim) = (emulator().await, replies_of("kim@contoso.example"));
    emulator.ask(&kim, Err(UnknownReason::Unavailable), now()).await;
    emulator.ask(&kim, Err(UnknownReason::Refused), now()).await;
    emulator.ask(&kim, ON, now()).await;
    // A failure later takes nothing away.
    emulator.ask(&kim, Err(UnknownReason::TimedOut), now()).await;
    assert!(matches!(emulator.find(&need(&kim, 15), now()).await, Found::Answered(_)));
}

#[tokio::test]
async fn after_asking_too_often_nobody_asks_for_some_seconds() {
    let (emulator, kim) = (emulator().await, replies_of("kim@contoso.example"));
    emulator.ask(&kim, Err(UnknownReason::Throttled), now()).await;
    let soon = now() + 9.seconds();
    let Found::Answered(fact) = emulator.find(&need(&kim, 15), soon).await else { panic!() };
    assert_eq!(fact.answer.unwrap_err().reason, "throttled");
    let later = now() + 10.seconds();
    assert!(matches!(emulator.find(&need(&kim, 15), later).await, Found::Ask(_)));
}

#[tokio::test]
async fn of_many_one_asks_until_its_lease_runs_out() {
    let (emulator, kim) = (emulator().await, replies_of("kim@contoso.example"));
    let mut askers = JoinSet::new();
    for _ in 0..40 {
        let (store, need) = (emulator.store.clone(), need(&kim, 15));
        askers.spawn(async move { store.find(&need, NO_PATIENCE, now()).await.unwrap() });
    }
    let found = askers.join_all().await;
    assert_eq!(found.iter().filter(|it| matches!(it, Found::Ask(_))).count(), 1);
    assert_eq!(found.iter().filter(|it| **it == Found::InHand).count(), 39);

    let almost = now() + 11.seconds();
    assert_eq!(emulator.find(&need(&kim, 15), almost).await, Found::InHand);
    // It is counted from when it was taken, which was some time after the search began.
    let over = now() + 20.seconds();
    assert!(matches!(emulator.find(&need(&kim, 15), over).await, Found::Ask(_)));
    // A clock that was wrong by an hour holds nobody up.
    let late = now() + 1.hour();
    emulator.lease(&replies_of("lee@contoso.example"), late).await;
    emulator.lease(&replies_of("lee@contoso.example"), now()).await;
}

#[tokio::test]
async fn who_waits_gets_what_comes_and_what_does_not() {
    for answer in [ON, Err(UnknownReason::Refused)] {
        let (emulator, kim) = (emulator().await, replies_of("kim@contoso.example"));
        let lease = emulator.lease(&kim, now()).await;
        let need = need(&kim, 15);
        let wait = emulator.store.find(&need, Duration::from_secs(10), now());
        let keep = async {
            // The first look is over, and the next comes after a pause.
            tokio::task::yield_now().await;
            emulator.store.keep(&lease, fact(&kim, answer.clone(), now()), now()).await.unwrap()
        };
        let (found, kept) = join!(wait, keep);
        match (found.unwrap(), answer) {
            (Found::Answered(fact), Ok(_)) => assert_eq!(fact, kept),
            (Found::Answered(fact), Err(_)) => {
                assert_eq!(fact.answer.unwrap_err().reason, "refused");
            }
            // It came before the wait began, and what failed is not kept.
            (Found::Ask(_), Err(_)) => {}
            (found, answer) => panic!("{found:?} for {answer:?}"),
        }
    }
}

#[tokio::test]
async fn how_replies_were_seen_is_told_with_the_next_answer() {
    let (emulator, kim) = (emulator().await, replies_of("kim@contoso.example"));
    let day = |day: i64| now() + (24 * day).hours();
    let history = |fact: Fact| fact.history.unwrap();
    let seen = |since, last_other| History { seen_since: since, last_other };
    assert_eq!(history(emulator.ask(&kim, OFF, day(0)).await), seen(day(0), None));
    assert_eq!(history(emulator.ask(&kim, OFF, day(1)).await), seen(day(0), None));
    assert_eq!(history(emulator.ask(&kim, ON, day(2)).await), seen(day(2), Some(day(1))));
    emulator.ask(&kim, Err(UnknownReason::TimedOut), day(3)).await;
    assert_eq!(history(emulator.ask(&kim, ON, day(4)).await), seen(day(2), Some(day(1))));
    let Found::Answered(fact) = emulator.find(&need(&kim, 15), day(4)).await else { panic!() };
    assert_eq!(history(fact), seen(day(2), Some(day(1))));
}

#[tokio::test]
async fn an_answer_that_comes_late_takes_the_place_of_none_that_is_newer() {
    let (emulator, kim) = (emulator().await, replies_of("kim@contoso.example"));
    let slow = emulator.lease(&kim, now()).await;
    let later = now() + 20.seconds();
    emulator.ask(&kim, ON, later).await;
    emulator.store.keep(&slow, fact(&kim, OFF, now()), later).await.unwrap();

    let Found::Answered(fact) = emulator.find(&need(&kim, 15), later).await else { panic!() };
    assert_eq!(fact.answer, ON.map_err(Unknown::because));
    assert_eq!(fact.history, Some(History { seen_since: later, last_other: Some(now()) }));
}

#[tokio::test]
async fn mailboxes_of_the_last_month_are_looked_at_and_what_is_seen_counts() {
    let (mut emulator, kim) = (emulator().await, replies_of("kim@contoso.example"));
    emulator.store = emulator.store.with_watch_list(true);
    let store = &emulator.store;
    emulator.ask(&kim, OFF, now()).await;
    let by_id = User { id: Some("1".to_owned()), ..User::default() };
    emulator.ask(&Question::AutomaticReplies(by_id), OFF, now()).await;
    emulator
        .ask(&Question::Risk(user("lee@contoso.example")), Err(UnknownReason::TimedOut), now())
        .await;

    let day = |day: i64| now() + (24 * day).hours();
    assert_eq!(store.watched(day(29)).await.unwrap(), [user("kim@contoso.example")]);
    assert_eq!(store.watched(day(31)).await.unwrap(), []);

    store.saw(&user("kim@contoso.example"), Sighting::Replying, day(1)).await.unwrap();
    // The answer that is kept is younger than two days, and no longer true.
    assert!(matches!(emulator.find(&need(&kim, 60 * 48), now() + 1.hour()).await, Found::Ask(_)));
    let fact = emulator.ask(&kim, ON, day(2)).await;
    let seen = History { seen_since: day(1), last_other: Some(now()) };
    assert_eq!(fact.history, Some(seen));
    assert_eq!(store.watched(day(31)).await.unwrap(), [user("kim@contoso.example")]);
}

#[tokio::test]
async fn very_many_groups_are_kept_up_to_a_bound() {
    let emulator = emulator().await;
    let groups = Question::Groups(user("kim@contoso.example"));
    let name = noise(200_000);
    let many = Ok(Answer::Groups([name].into()));
    emulator.ask(&groups, many, now()).await;
    assert!(matches!(emulator.find(&need(&groups, 15), now()).await, Found::Ask(_)));

    let lee = Question::Groups(user("lee@contoso.example"));
    let some = Answer::Groups((0..2_000).map(|it| format!("Group {it}")).collect());
    emulator.ask(&lee, Ok(some), at("2026-11-21T10:00:00Z")).await;
    assert!(matches!(emulator.find(&need(&lee, 15), now()).await, Found::Answered(_)));
}

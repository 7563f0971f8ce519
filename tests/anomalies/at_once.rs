//! Several do the same at the same time, on the real store: it is done once.

use defuse_domain::{Outcome, RuleBook};
use defuse_flow::{PostError, Posted, Receive, Triage, Triaged};
use defuse_testkit::{FixedFacts, LEGITIMATE_TRAVEL, an_alert, away, rule_book};
use jiff::SignedDuration;
use tokio::{join, task::JoinSet};

use super::{
    ground::Ground,
    steps::{Steps, after},
};

#[tokio::test]
async fn two_who_decide_at_once() {
    // The same moment gives the same run; another moment gives another.
    for apart in [SignedDuration::ZERO, SignedDuration::from_secs(1)] {
        let ground = Ground::new().await;
        let steps = Steps::new(&ground).await;
        steps.poll(after(0)).await;

        let (left, right) = join!(
            steps.triage.triage(&steps.id, after(1)),
            steps.triage.triage(&steps.id, after(1) + apart)
        );

        let outcomes = [left.unwrap(), right.unwrap()];
        let decided = |it: &&Triaged| matches!(it, Triaged::Decided(_));
        let n_decided = outcomes.iter().filter(decided).count();
        assert!(n_decided == 1 || apart.is_zero() && n_decided == 2, "{outcomes:?}");
        steps.finish(after(2)).await;
        steps.finish(after(4)).await;
        steps.assert_all_is_done(1..=1).await;
    }
}

/// The stream brings an alert to one at a time, and nothing else keeps two apart. What they do
/// comes to the same but for the comment, of which Graph may then have two.
#[tokio::test]
async fn two_who_deliver_at_once() {
    let ground = Ground::new().await;
    let steps = Steps::new(&ground).await;
    steps.poll(after(0)).await;
    steps.triage.triage(&steps.id, after(1)).await.unwrap();

    let (left, right) = join!(steps.deliver(after(2)), steps.deliver(after(2)));

    drop((left, right));
    steps.finish(after(4)).await;
    steps.assert_all_is_done(1..=2).await;
}

#[tokio::test]
async fn two_who_post_at_once() {
    let ground = Ground::new().await;
    let steps = Steps::new(&ground).await;
    steps.poll(after(0)).await;
    steps.triage.triage(&steps.id, after(1)).await.unwrap();
    steps.deliver(after(2)).await.unwrap().unwrap();
    let published = steps.published().await;
    let notification = published.first().unwrap();

    let (left, right) =
        join!(steps.post.post(notification, after(3)), steps.post.post(notification, after(3)));

    let posted = |it: &Result<Posted, PostError>| matches!(it, Ok(Posted::New));
    let in_hand = |it: &Result<Posted, PostError>| {
        // Or it was posted already, where the one was much faster.
        matches!(it, Err(PostError::InHand { .. }) | Ok(Posted::Again))
    };
    let one_each = posted(&left) && in_hand(&right) || posted(&right) && in_hand(&left);
    assert!(one_each, "{left:?} and {right:?}");
    let again = steps.post.post(notification, after(4)).await.unwrap();
    assert_eq!(again, Posted::Again);
    steps.assert_all_is_done(1..=1).await;
}

#[tokio::test]
async fn many_who_decide_against_one_limit() {
    let ground = Ground::new().await;
    let store = ground.store().await;
    let rules: RuleBook = rule_book(&[LEGITIMATE_TRAVEL]).unwrap();
    let facts = FixedFacts::new(|question, now| Ok(away(question, now)));
    let mut deciders = JoinSet::new();
    for number in 0..64 {
        // Each of another user, of whom there may be but two a day.
        let text = an_alert().id(&format!("ca-{number}")).text();
        let text = text.replace("kim@", &format!("kim{number}@"));
        let alert = Receive::new(store.clone()).receive(text.as_bytes(), after(0)).await.unwrap();
        let id = alert.stored.into_iter().next().unwrap().0;
        let triage = Triage::new(rules.clone(), facts.clone(), store.clone());
        deciders.spawn(async move { triage.triage(&id, after(1)).await.unwrap() });
    }

    let decided = deciders.join_all().await;

    let (mut n_resolved, mut n_open) = (0, 0);
    for it in &decided {
        let Triaged::Decided(run) = it else { panic!("{it:?}") };
        match run.decision.outcome {
            Outcome::Resolved(_) => n_resolved += 1,
            Outcome::Open => {
                n_open += 1;
                let reasons = run.decision.reasons.join("; ");
                assert!(reasons.contains("the limit of 30"), "{reasons}");
                let told = run.effects.iter().any(|it| it.id.to_string().ends_with("needsEyes"));
                assert!(told, "{:?}", run.effects);
            }
            Outcome::Hidden | Outcome::ResolvedAtSource => panic!("{run:?}"),
        }
    }
    assert_eq!((n_resolved, n_open), (30, 34));
}

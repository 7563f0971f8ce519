//! What having seen automatic replies before may change, and what not.

use defuse_domain::{
    Alert, Answer, AutomaticReplies, Fact, Facts, History, Playbook, Question, RuleBook, Sighting,
    Snapshot, Truth, decide,
};
use jiff::{SignedDuration, Timestamp};
use proptest::{collection::vec, prelude::*};

use crate::arbitrary::organisation;

const FIRST_ACTIVITY: &str = "2026-11-22T10:00:00Z";

/// So many minutes after the first activity
fn at(minutes: i64) -> Timestamp {
    FIRST_ACTIVITY.parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minutes)
}

fn setting() -> impl Strategy<Value = AutomaticReplies> {
    prop_oneof![
        Just(AutomaticReplies::Disabled),
        Just(AutomaticReplies::AlwaysEnabled),
        (-6..6_i64, -6..20_i64).prop_map(|(start, end)| AutomaticReplies::Scheduled {
            start: at(start),
            end: at(end.max(start)),
        }),
    ]
}

fn history() -> impl Strategy<Value = History> {
    (-8..8_i64, prop::option::of(1..8_i64)).prop_map(|(since, before)| History {
        seen_since: at(since),
        last_other: before.map(|it| at(since - it)),
    })
}

/// What the criterion says ten minutes after the first activity
fn truth(body: &str, replies: AutomaticReplies, history: Option<History>) -> Truth {
    let text = format!(
        "apiVersion: defuse/v1\nkind: Playbook\nname: law\ndescription: d\nowner: o\nmode: shadow\n\
         trigger: {{ alert: {{ id: a1 }} }}\ncriteria: {{ userOutOfOffice: {body} }}\n\
         then: [{{ tag: t }}]\notherwise: [{{ notify: {{ channel: soc, template: needsEyes }} }}]\n"
    );
    let playbook = Playbook::parse("law.yaml", &text).unwrap();
    let rules = RuleBook::new([playbook], organisation());
    let alert = serde_json::json!({ "id": "a1", "firstActivityDateTime": FIRST_ACTIVITY,
        "evidence": [{ "@odata.type": "#microsoft.graph.security.userEvidence",
            "userAccount": { "userPrincipalName": "kim@contoso.example" } }] });
    let alert = Alert::read(&alert.to_string()).unwrap();
    let question = Question::AutomaticReplies(alert.users()[0].clone());
    let answer = Ok(Answer::AutomaticReplies(replies));
    let fact = Fact { question, answer, source: "generated".to_owned(), read: at(9), history };
    let decision = decide(&alert, &Facts::new(vec![fact]), &rules, at(10));
    decision.trace[0].criteria.as_ref().unwrap().answer
}

proptest! {
    #[test]
    fn what_was_seen_excuses_only_what_was_seen_before_the_first_activity(
        replies in setting(), history in history(),
        body in prop::sample::select(vec![
            "{ }", "{ setBeforehand: false }", "{ coversFirstActivity: false }",
        ]),
    ) {
        let (without, with) = (truth(body, replies, None), truth(body, replies, Some(history)));
        let first = at(0);
        let seen_before = history.seen_since <= first;
        let seen_otherwise_since = history.last_other.is_some_and(|it| it >= first);
        // Towards "away" only what was seen as it is, at the first activity or before it.
        if with > without {
            prop_assert!(seen_before && !seen_otherwise_since, "{without:?} became {with:?}");
        }
        // Away from it only what was seen otherwise: since the first activity, or within the
        // window that the setting claims.
        if with < without {
            let start = match replies {
                AutomaticReplies::Scheduled { start, .. } => start,
                AutomaticReplies::AlwaysEnabled | AutomaticReplies::Disabled => Timestamp::MIN,
            };
            prop_assert!(
                history.last_other.is_some_and(|it| it >= first || it >= start),
                "{without:?} became {with:?}"
            );
        }
        // Whoever was seen otherwise after it was not away by a setting made before it.
        if seen_otherwise_since && body != "{ setBeforehand: false }" {
            prop_assert_eq!(with, Truth::False);
        }
    }

    #[test]
    fn without_either_question_what_was_seen_means_nothing(
        replies in setting(), history in history(),
    ) {
        let body = "{ coversFirstActivity: false, setBeforehand: false }";
        prop_assert_eq!(truth(body, replies, None), truth(body, replies, Some(history)));
    }

    #[test]
    fn whatever_the_order_a_snapshot_never_claims_more_than_was_seen(
        (sorted, shuffled) in vec(setting(), 1..9).prop_flat_map(|settings| {
            let readings: Vec<(Timestamp, AutomaticReplies)> =
                (0..).zip(settings).map(|(n, it)| (at(n), it)).collect();
            (Just(readings.clone()), Just(readings).prop_shuffle())
        }),
    ) {
        let (last, now) = *sorted.last().unwrap();
        let last_other = sorted.iter().rev().find(|it| it.1 != now).map(|it| it.0);
        let since = sorted.iter().find(|it| last_other.is_none_or(|other| it.0 > other)).unwrap().0;
        let exact = History { seen_since: since, last_other };
        prop_assert_eq!(history_of(&sorted), exact);
        let any = history_of(&shuffled);
        prop_assert_eq!(any.last_other, last_other);
        prop_assert!(any.seen_since >= since && any.seen_since <= last, "{any:?} of {exact:?}");
    }
}

fn history_of(readings: &[(Timestamp, AutomaticReplies)]) -> History {
    let mut all = readings.iter().map(|(at, it)| (Sighting::Setting(*it), *at));
    let (seen, read) = all.next().unwrap();
    all.fold(Snapshot::first(seen, read), |it, (seen, read)| it.and(seen, read)).history()
}

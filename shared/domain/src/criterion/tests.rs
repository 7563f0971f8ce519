//! Each criterion by its answers: what it does not know first.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::{
    alert::Alert,
    alert_id::AlertId,
    explanation::{Explanation, Truth::False, Truth::True, Truth::Unknown},
    fact::{
        Answer, AutomaticReplies, Fact, OPEN_ALERTS_MAX, OpenAlert, Question, Risk, RiskLevel,
        Unknown as Why, UnknownReason,
    },
    organisation::Organisation,
    severity::Severity,
    sighting::History,
    test_kit::{
        FIRST_ACTIVITY, NOW, alert_of, alert_with, an_alert, explain, fact, ip_evidence,
        organisation, reason, time, user,
    },
    user::User,
};

const KIM: &str = "kim@contoso.example";
const LEE: &str = "lee@contoso.example";

fn on(yaml: &str, alert: &Alert, facts: Vec<Fact>) -> Explanation {
    explain(yaml, alert, facts, &Organisation::default())
}

#[track_caller]
fn unknown(explanation: &Explanation, expected: &str) {
    assert_eq!(explanation.answer, Unknown, "{explanation:?}");
    assert_eq!(reason(explanation).as_deref(), Some(expected), "{explanation:?}");
}

type Asks = fn(User) -> Question;

/// Every criterion about users, and a question that it asks
const ABOUT_USERS: [(&str, Asks); 6] = [
    ("userOutOfOffice", Question::AutomaticReplies),
    ("userHighRisk", Question::Risk),
    ("userRisk: { atLeast: high }", Question::Risk),
    ("userInGroup: VPN", Question::Groups),
    ("userTagged: contractor", Question::Tags),
    ("otherOpenAlerts: { sameUser: true, within: 24h }", Question::OpenAlerts),
];

#[test]
fn what_nobody_asked_or_could_say_is_unknown_and_its_opposite_too() {
    for (yaml, question) in ABOUT_USERS {
        for yaml in [yaml.to_owned(), opposite(yaml)] {
            unknown(&on(&yaml, &an_alert(), vec![]), "notAsked");
            unknown(&on(&yaml, &alert_with(json!({ "evidence": [] })), vec![]), "noUser");
            let timed_out = Err(Why::because(UnknownReason::TimedOut));
            // What is unknown stays so for its own reason, however old.
            let old = Fact { read: Timestamp::UNIX_EPOCH, ..fact(question(user(KIM)), timed_out) };
            unknown(&on(&yaml, &an_alert(), vec![old]), "timedOut");
        }
    }
}

fn opposite(yaml: &str) -> String {
    match yaml.split_once(": ") {
        Some((name, body)) => format!("not: {{ {name}: {body} }}"),
        None => format!("not: {yaml}"),
    }
}

#[test]
fn an_answer_of_another_kind_is_unreadable() {
    for (yaml, question) in ABOUT_USERS {
        let answer = if question(user(KIM)) == Question::Risk(user(KIM)) {
            Answer::OpenAlerts(vec![])
        } else {
            risk(RiskLevel::None)
        };
        unknown(&on(yaml, &an_alert(), vec![fact(question(user(KIM)), Ok(answer))]), "unreadable");
    }
}

#[test]
fn an_old_answer_is_no_answer() {
    let on_holiday = || fact(Question::AutomaticReplies(user(KIM)), Ok(scheduled(-60, 60)));
    let read = |seconds| {
        let read = time(NOW) - SignedDuration::from_secs(seconds);
        vec![Fact { read, ..on_holiday() }]
    };
    let yaml = "userOutOfOffice: { maxAge: 10m }";
    assert_eq!(on(yaml, &an_alert(), read(600)).answer, True);
    unknown(&on(yaml, &an_alert(), read(601)), "stale");
    assert_eq!(on("userOutOfOffice", &an_alert(), read(15 * 60)).answer, True);
    unknown(&on("userOutOfOffice", &an_alert(), read(15 * 60 + 1)), "stale");
    // Clocks differ a little, and not more.
    assert_eq!(on(yaml, &an_alert(), read(-300)).answer, True);
    unknown(&on(yaml, &an_alert(), read(-301)), "stale");
}

/// Automatic replies from and to so many minutes after the first activity
fn scheduled(from: i64, to: i64) -> Answer {
    let at = |minutes| time(FIRST_ACTIVITY) + SignedDuration::from_mins(minutes);
    Answer::AutomaticReplies(AutomaticReplies::Scheduled { start: at(from), end: at(to) })
}

fn risk(level: RiskLevel) -> Answer {
    Answer::Risk(Risk { level, confirmed_compromised: false })
}

#[test]
fn automatic_replies_are_on_at_the_first_activity_and_set_before_it() {
    let first = time(FIRST_ACTIVITY);
    let nanosecond = SignedDuration::from_nanos(1);
    let far = SignedDuration::from_hours(48);
    check(first - far, first + far, True);
    check(first, first + far, False);
    check(first - nanosecond, first + far, True);
    check(first + nanosecond, first + far, False);
    check(first - far, first, True);
    check(first - far, first - nanosecond, False);
    check(first - far, first + nanosecond, True);
    check(first + far, first - far, False);
}

#[track_caller]
fn check(start: Timestamp, end: Timestamp, expected: crate::explanation::Truth) {
    let replies = Answer::AutomaticReplies(AutomaticReplies::Scheduled { start, end });
    let facts = vec![fact(Question::AutomaticReplies(user(KIM)), Ok(replies))];
    let explanation = on("userOutOfOffice", &an_alert(), facts);
    assert_eq!(explanation.answer, expected, "from {start} to {end}");
}

#[test]
fn out_of_office_asks_what_its_author_wants_to_know() {
    let of = |yaml: &str, answer: Answer| {
        let facts = vec![fact(Question::AutomaticReplies(user(KIM)), Ok(answer))];
        on(yaml, &an_alert(), facts)
    };
    let always = || Answer::AutomaticReplies(AutomaticReplies::AlwaysEnabled);
    let off = || Answer::AutomaticReplies(AutomaticReplies::Disabled);
    let now = "userOutOfOffice: { coversFirstActivity: false, setBeforehand: false }";
    let covers = "userOutOfOffice: { setBeforehand: false }";
    let beforehand = "userOutOfOffice: { coversFirstActivity: false }";

    unknown(&of("userOutOfOffice", always()), "noStartTime");
    unknown(&of(covers, always()), "noStartTime");
    unknown(&of(beforehand, always()), "noStartTime");
    assert_eq!(of(now, always()).answer, True);
    for yaml in ["userOutOfOffice", covers, beforehand, now] {
        assert_eq!(of(yaml, off()).answer, False);
    }
    // The decision is made half an hour after the first activity.
    assert_eq!(of(now, scheduled(10, 60)).answer, True);
    assert_eq!(of(now, scheduled(-60, 10)).answer, False);
    assert_eq!(of(covers, scheduled(0, 60)).answer, True);
    assert_eq!(of(covers, scheduled(10, 60)).answer, False);
    assert_eq!(of(beforehand, scheduled(-60, -10)).answer, False);
    assert_eq!(of(beforehand, scheduled(-60, 10)).answer, True);
    assert_eq!(of(beforehand, scheduled(0, 60)).answer, False);
}

/// What was seen of automatic replies, in minutes from the first activity
fn seen(since: i64, other: Option<i64>) -> History {
    let at = |minutes| time(FIRST_ACTIVITY) + SignedDuration::from_mins(minutes);
    History { seen_since: at(since), last_other: other.map(at) }
}

#[test]
fn what_was_seen_comes_before_what_the_setting_says() {
    let of = |yaml: &str, answer: Answer, history: History| {
        let fact = fact(Question::AutomaticReplies(user(KIM)), Ok(answer));
        on(yaml, &an_alert(), vec![Fact { history: Some(history), ..fact }])
    };
    let always = || Answer::AutomaticReplies(AutomaticReplies::AlwaysEnabled);
    let both = "userOutOfOffice";
    let beforehand = "userOutOfOffice: { coversFirstActivity: false }";
    let covers = "userOutOfOffice: { setBeforehand: false }";
    for yaml in [both, beforehand] {
        // Seen so at the first activity or before it, and never otherwise since.
        assert_eq!(of(yaml, always(), seen(0, None)).answer, True);
        assert_eq!(of(yaml, always(), seen(-60, Some(-61))).answer, True);
        // Seen otherwise since the first activity, whatever start it claims.
        assert_eq!(of(yaml, always(), seen(1, Some(0))).answer, False);
        assert_eq!(of(yaml, scheduled(-600, 60), seen(20, Some(10))).answer, False);
        // Nobody looked in between.
        unknown(&of(yaml, always(), seen(1, Some(-1))), "noStartTime");
        unknown(&of(yaml, always(), seen(1, None)), "noStartTime");
        assert_eq!(of(yaml, scheduled(-10, 60), seen(1, Some(-11))).answer, True);
        assert_eq!(of(yaml, scheduled(-10, 60), seen(1, None)).answer, True);
        // Its start lies before a time at which it was seen otherwise: dated back.
        unknown(&of(yaml, scheduled(-10, 60), seen(1, Some(-10))), "noStartTime");
        unknown(&of(yaml, scheduled(-10, 60), seen(1, Some(-1))), "noStartTime");
    }
    assert_eq!(of(covers, always(), seen(0, None)).answer, True);
    unknown(&of(covers, always(), seen(2, Some(1))), "noStartTime");
    assert_eq!(of(covers, scheduled(-10, 60), seen(20, Some(10))).answer, True);
    // Set beforehand, for later: on by now, and not at the first activity.
    assert_eq!(of(beforehand, scheduled(10, 60), seen(-60, None)).answer, True);
    assert_eq!(of(both, scheduled(10, 60), seen(-60, None)).answer, False);
    let off = Answer::AutomaticReplies(AutomaticReplies::Disabled);
    assert_eq!(of(both, off, seen(-60, None)).answer, False);
    assert_eq!(
        of(both, always(), seen(-60, Some(-90))).value.as_deref(),
        Some(
            "automatic replies are on, the first activity was at 2026-11-22T10:00:00Z, \
             seen so since 2026-11-22T09:00:00Z, seen otherwise at 2026-11-22T08:30:00Z"
        )
    );
}

#[test]
fn when_the_first_activity_was_must_be_known() {
    let alert = alert_with(json!({ "firstActivityDateTime": null }));
    let facts = || vec![fact(Question::AutomaticReplies(user(KIM)), Ok(scheduled(-60, 60)))];
    unknown(&on("userOutOfOffice", &alert, facts()), "noFirstActivity");
    let now = "userOutOfOffice: { coversFirstActivity: false, setBeforehand: false }";
    assert_eq!(on(now, &alert, facts()).answer, True);
}

#[test]
fn of_two_users_both_are_away() {
    let of = |kim: Answer, lee: Answer| {
        let facts = vec![
            fact(Question::AutomaticReplies(user(KIM)), Ok(kim)),
            fact(Question::AutomaticReplies(user(LEE)), Ok(lee)),
        ];
        on("userOutOfOffice", &alert_of(&[KIM, LEE]), facts).answer
    };
    let away = || scheduled(-60, 60);
    let off = || Answer::AutomaticReplies(AutomaticReplies::Disabled);
    let always = || Answer::AutomaticReplies(AutomaticReplies::AlwaysEnabled);
    assert_eq!(of(away(), away()), True);
    assert_eq!(of(away(), off()), False);
    assert_eq!(of(away(), always()), Unknown);
    assert_eq!(of(off(), always()), False);
}

#[test]
fn one_user_at_risk_is_enough() {
    let of = |kim, lee| {
        let facts = vec![
            fact(Question::Risk(user(KIM)), Ok(risk(kim))),
            fact(Question::Risk(user(LEE)), lee),
        ];
        on("userRisk: { atLeast: medium }", &alert_of(&[KIM, LEE]), facts).answer
    };
    let refused = || Err(Why::because(UnknownReason::Refused));
    assert_eq!(of(RiskLevel::Low, Ok(risk(RiskLevel::None))), False);
    assert_eq!(of(RiskLevel::Medium, Ok(risk(RiskLevel::None))), True);
    assert_eq!(of(RiskLevel::High, refused()), True);
    assert_eq!(of(RiskLevel::Low, refused()), Unknown);
    let compromised = Answer::Risk(Risk { level: RiskLevel::None, confirmed_compromised: true });
    assert_eq!(of(RiskLevel::None, Ok(compromised)), True);
}

#[test]
fn group_and_tag_hold_of_all_users_or_of_none() {
    let names = |name: &str| BTreeSet::from([name.to_owned()]);
    let group = |kim: &str, lee: &str| {
        let facts = vec![
            fact(Question::Groups(user(KIM)), Ok(Answer::Groups(names(kim)))),
            fact(Question::Groups(user(LEE)), Ok(Answer::Groups(names(lee)))),
        ];
        on("userInGroup: { anyOf: [VPN users, Travellers] }", &alert_of(&[KIM, LEE]), facts)
    };
    assert_eq!(group("vpn users", "TRAVELLERS").answer, True);
    assert_eq!(group("HR", "Sales").answer, False);
    unknown(&group("VPN users", "HR"), "usersDiffer");
    let tag = |kim: &str| {
        let facts = vec![fact(Question::Tags(user(KIM)), Ok(Answer::Tags(names(kim))))];
        on("userTagged: contractor", &an_alert(), facts).answer
    };
    assert_eq!(tag("Contractor"), True);
    assert_eq!(tag("employee"), False);
}

#[test]
fn high_risk_is_any_sign_that_the_organisation_names() {
    let all = "highRisk: { userRisk: { atLeast: medium }, groups: [Admins], tags: [vip] }\n";
    let of = |settings: &str, level, group: &str, tag: &str| {
        let names = |name: &str| BTreeSet::from([name.to_owned()]);
        let facts = vec![
            fact(Question::Risk(user(KIM)), Ok(risk(level))),
            fact(Question::Groups(user(KIM)), Ok(Answer::Groups(names(group)))),
            fact(Question::Tags(user(KIM)), Ok(Answer::Tags(names(tag)))),
        ];
        explain("userHighRisk", &an_alert(), facts, &organisation(settings)).answer
    };
    assert_eq!(of(all, RiskLevel::Low, "HR", "guest"), False);
    assert_eq!(of(all, RiskLevel::Medium, "HR", "guest"), True);
    assert_eq!(of(all, RiskLevel::Low, "admins", "guest"), True);
    assert_eq!(of(all, RiskLevel::Low, "HR", "VIP"), True);
    assert_eq!(of("highRisk: { groups: [Admins] }\n", RiskLevel::High, "HR", "vip"), False);
    assert_eq!(of("highRisk: { tags: [vip] }\n", RiskLevel::High, "Admins", "vip"), True);
    // Without settings: a high risk in Entra ID, or the tag `high risk`.
    assert_eq!(of("", RiskLevel::Medium, "Admins", "vip"), False);
    assert_eq!(of("", RiskLevel::High, "Admins", "vip"), True);
    assert_eq!(of("", RiskLevel::None, "Admins", "High Risk"), True);
}

#[test]
fn not_at_high_risk_needs_every_sign() {
    let settings = organisation("highRisk: { userRisk: { atLeast: high }, tags: [vip] }\n");
    let of = |tags: Result<Answer, Why>, level| {
        let facts = vec![
            fact(Question::Risk(user(KIM)), Ok(risk(level))),
            fact(Question::Tags(user(KIM)), tags),
        ];
        explain("not: userHighRisk", &an_alert(), facts, &settings)
    };
    let none = || Ok(Answer::Tags(BTreeSet::new()));
    let throttled = || Err(Why::because(UnknownReason::Throttled));
    assert_eq!(of(none(), RiskLevel::Low).answer, True);
    assert_eq!(of(throttled(), RiskLevel::High).answer, False);
    unknown(&of(throttled(), RiskLevel::Low), "throttled");

    let mut nobody = Organisation::default();
    nobody.high_risk.user_risk = None;
    nobody.high_risk.tags.clear();
    unknown(&explain("not: userHighRisk", &an_alert(), [], &nobody), "notConfigured");
}

#[test]
fn addresses_are_all_in_the_range_or_none_is() {
    let settings = organisation("namedRanges: { office: [203.0.113.0/24, '2001:db8::/32'] }\n");
    let of = |addresses: &[&str]| {
        let pieces: Vec<_> = addresses.iter().map(|it| ip_evidence(it)).collect();
        let alert = alert_with(json!({ "evidence": pieces }));
        explain("addressInNamedRange: office", &alert, [], &settings)
    };
    assert_eq!(of(&["203.0.113.9", "2001:db8::1", "::ffff:203.0.113.10"]).answer, True);
    assert_eq!(of(&["198.51.100.1", "192.0.2.1"]).answer, False);
    unknown(&of(&["203.0.113.9", "192.0.2.1"]), "addressesDiffer");
    unknown(&of(&["203.0.113.9", "somewhere"]), "unreadable");
    unknown(&of(&["203.0.113.9", ""]), "unreadable");
    unknown(&of(&[]), "noAddress");
    let elsewhere = explain("addressInNamedRange: ofice", &an_alert(), [], &settings);
    unknown(&elsewhere, "notConfigured");
}

#[test]
fn another_alert_of_the_user_is_open() {
    let alert = |id: &str, severity, hours| OpenAlert {
        id: AlertId::parse(id).unwrap(),
        severity,
        created: time(NOW) - SignedDuration::from_hours(hours),
    };
    let of = |alerts: Vec<OpenAlert>| {
        let facts = vec![fact(Question::OpenAlerts(user(KIM)), Ok(Answer::OpenAlerts(alerts)))];
        let yaml =
            "otherOpenAlerts: { sameUser: true, within: 24h, severity: { atLeast: medium } }";
        on(yaml, &an_alert(), facts)
    };
    let medium = Some(Severity::Medium);
    assert_eq!(of(vec![]).answer, False);
    assert_eq!(of(vec![alert("b", medium, 1)]).answer, True);
    assert_eq!(of(vec![alert("b", medium, 24)]).answer, True);
    assert_eq!(of(vec![alert("b", medium, 25)]).answer, False);
    assert_eq!(of(vec![alert("b", Some(Severity::Low), 1)]).answer, False);
    // The alert itself is none of the others.
    assert_eq!(of(vec![alert("a1", medium, 1)]).answer, False);
    unknown(&of(vec![alert("b", None, 1)]), "propertyUnreadable");
    assert_eq!(of(vec![alert("b", None, 25)]).answer, False);
    assert_eq!(of(vec![alert("b", None, 1), alert("c", medium, 1)]).answer, True);
    // Of so many alerts there may be more than were named.
    let many = vec![alert("b", Some(Severity::Low), 1); OPEN_ALERTS_MAX];
    unknown(&of(many.clone()), "unreadable");
    assert_eq!(of(many[1..].to_vec()).answer, False);
}

mod allow_listed;

//! The scenarios, and how each must end: as planned, when a look-up failed, when the source
//! refused.

mod tuned;

use std::collections::BTreeSet;

use defuse_domain::{
    AlertId, Answer, AutomaticReplies, Classification, Outcome, Question, Revision, Risk,
    RiskLevel, RuleBook, RunKey, Threat, Unknown, UnknownReason,
};
use defuse_flow::AlertState;
use defuse_testkit::{LEGITIMATE_TRAVEL, TRAVEL, TravelAlert, an_alert, away, rule_book};
use jiff::Timestamp;
use serde_json::{Value, json};

/// What the person says who resolves the alert before we do
const ATTACK: Classification = Classification::TruePositive(Threat::CompromisedAccount);

/// Every criterion of the playbook that asks somebody
const FACTS: [&str; 3] = ["otherOpenAlerts", "userHighRisk", "userOutOfOffice"];

/// One alert's story
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) rules: RuleBook,
    pub(crate) directory: Directory,
    /// The alert at its source, from the beginning
    pub(crate) at_source: String,
    pub(crate) refuses_to_resolve: bool,
    pub(crate) events: Vec<Event>,
    pub(crate) meanwhile: Meanwhile,
    pub(crate) ends: Ending,
    /// How it may end when a look-up fails once
    pub(crate) if_unknown: Vec<Ending>,
    /// How it ends when the source refuses to resolve the alert
    pub(crate) if_refused: Option<Ending>,
}

/// Something that reaches us
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// The source sends that
    Arrives(String),
    /// The source is asked, and sends what it has
    Polled,
}

/// What happens while the directory is asked for the first time
#[derive(Clone, Debug)]
pub(crate) enum Meanwhile {
    Nothing,
    /// That arrives
    Arrives(String),
    /// The same alert is triaged from beginning to end
    TriagedToo,
}

/// How an alert stands when all has come to rest
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) state: AlertState,
    pub(crate) outcome: Outcome,
    pub(crate) unknown: BTreeSet<String>,
    pub(crate) tags: BTreeSet<String>,
    pub(crate) revision: Revision,
    pub(crate) at_source: Option<Classification>,
    /// How often we resolved it at its source
    pub(crate) n_resolved: usize,
    /// How many of the comments at the source are ours
    pub(crate) n_comments: usize,
    /// The ids of the notifications that were told
    pub(crate) told: BTreeSet<String>,
}

/// What the directory knows of kim; lee is never away
#[derive(Clone, Copy, Debug)]
pub(crate) struct Directory {
    pub(crate) is_away_known: bool,
    pub(crate) risk: RiskLevel,
}

const KIM_IS_AWAY: Directory = Directory { is_away_known: true, risk: RiskLevel::None };

impl Directory {
    pub(crate) fn answer(self, question: &Question, now: Timestamp) -> Result<Answer, Unknown> {
        match question {
            Question::AutomaticReplies(user) if user.is_called("lee@contoso.example") => {
                Ok(Answer::AutomaticReplies(AutomaticReplies::Disabled))
            }
            Question::AutomaticReplies(_) if !self.is_away_known => {
                Err(Unknown::because(UnknownReason::MailboxMissing))
            }
            Question::Risk(_) => {
                Ok(Answer::Risk(Risk { level: self.risk, confirmed_compromised: false }))
            }
            Question::AutomaticReplies(_)
            | Question::Groups(_)
            | Question::Tags(_)
            | Question::OpenAlerts(_)
            | Question::AllowListed(_) => Ok(away(question, now)),
        }
    }
}

impl Scenario {
    /// The alert that all of it is about
    pub(crate) fn id() -> AlertId {
        an_alert().read().unwrap().id
    }

    /// The alert arrives once, and the source has it as it came
    fn of(name: &'static str, alert: &TravelAlert, ends: Ending) -> Self {
        let if_unknown = vec![Ending::unknown(alert)];
        Self {
            name,
            rules: rule_book(&[LEGITIMATE_TRAVEL]).unwrap(),
            directory: KIM_IS_AWAY,
            at_source: alert.text(),
            refuses_to_resolve: false,
            events: vec![Event::Arrives(alert.text())],
            meanwhile: Meanwhile::Nothing,
            ends,
            if_unknown,
            if_refused: Some(Ending::refused(alert)),
        }
    }

    fn playbook(mut self, text: &str) -> Self {
        self.rules = rule_book(&[text]).unwrap();
        self
    }

    /// The source has the alert as somebody changed it since
    fn changed_to(mut self, alert: &TravelAlert) -> Self {
        self.at_source = alert.text();
        self
    }

    fn events(mut self, events: impl IntoIterator<Item = Event>) -> Self {
        self.events = events.into_iter().collect();
        self
    }

    fn meanwhile(self, meanwhile: Meanwhile) -> Self {
        Self { meanwhile, ..self }
    }

    fn or_unknown(mut self, endings: impl IntoIterator<Item = Ending>) -> Self {
        self.if_unknown = endings.into_iter().collect();
        self
    }

    fn or_refused(self, if_refused: Option<Ending>) -> Self {
        Self { if_refused, ..self }
    }
}

impl Ending {
    /// We resolve it, say so there, and tell
    fn resolved(alert: &TravelAlert) -> Self {
        Self {
            state: AlertState::Resolved,
            outcome: Outcome::Resolved(TRAVEL),
            unknown: [].into(),
            tags: ["legitimate-travel".to_owned()].into(),
            revision: alert.revision(),
            at_source: Some(TRAVEL),
            n_resolved: 1,
            n_comments: 1,
            told: [told(alert, "notify/soc/resolved")].into(),
        }
    }

    /// It stays open, and a person is told
    fn open(alert: &TravelAlert) -> Self {
        Self {
            state: AlertState::Open,
            outcome: Outcome::Open,
            tags: [].into(),
            at_source: None,
            n_resolved: 0,
            n_comments: 0,
            told: [told(alert, "notify/soc/needsEyes")].into(),
            ..Self::resolved(alert)
        }
    }

    /// It stays open, since nothing could be known
    pub(crate) fn unknown(alert: &TravelAlert) -> Self {
        Self { unknown: FACTS.map(str::to_owned).into(), ..Self::open(alert) }
    }

    /// We decided to resolve it, and the source would not
    fn refused(alert: &TravelAlert) -> Self {
        Self {
            outcome: Outcome::Resolved(TRAVEL),
            tags: ["legitimate-travel".to_owned()].into(),
            told: [told(alert, "notify/soc/needsEyes")].into(),
            ..Self::open(alert)
        }
    }

    /// Somebody resolved it at its source; nobody needs to be told
    fn resolved_by_a_person(alert: &TravelAlert) -> Self {
        Self {
            state: AlertState::Resolved,
            outcome: Outcome::ResolvedAtSource,
            at_source: Some(ATTACK),
            told: [].into(),
            ..Self::open(alert)
        }
    }

    fn also_told(mut self, alert: &TravelAlert, effect: &str) -> Self {
        self.told.insert(told(alert, effect));
        self
    }
}

/// The id of the notification that the first look at an alert calls for
fn told(alert: &TravelAlert, effect: &str) -> String {
    let key = RunKey { alert_id: Scenario::id(), revision: alert.revision(), look: 0 };
    format!("{key}/{effect}")
}

/// Every scenario
pub(crate) fn scenarios() -> Vec<Scenario> {
    let mut all = ordinary();
    all.extend(of_two_states());
    all.extend(at_the_same_time());
    all.extend(tuned::tuned());
    all
}

/// The alert comes from Defender for Cloud Apps itself, which memory does not speak
pub(crate) fn at_cloud_apps() -> Scenario {
    let sample = include_str!("../../events/receive/infrequent-country-cloud-apps.json");
    let mut alert: Value = serde_json::from_str(sample).unwrap();
    // Our id is theirs after two letters.
    alert["_id"] = json!(Scenario::id().as_str().trim_start_matches("ca"));
    alert["timestamp"] = json!(an_alert().updated().as_millisecond());
    let text = alert.to_string();
    let as_from_graph = an_alert();
    Scenario {
        at_source: text.clone(),
        events: vec![Event::Arrives(text)],
        ..Scenario::of("resolved at Cloud Apps", &as_from_graph, Ending::resolved(&as_from_graph))
    }
}

/// One alert, in one state
fn ordinary() -> Vec<Scenario> {
    let alert = an_alert();
    let resolved = Ending::resolved(&alert);
    let open = Ending::open(&alert);
    vec![
        Scenario::of("travel alert resolved", &alert, resolved.clone()),
        Scenario {
            directory: Directory { risk: RiskLevel::High, ..KIM_IS_AWAY },
            ..Scenario::of("user at high risk", &alert, open.clone())
        },
        Scenario {
            directory: Directory { is_away_known: false, ..KIM_IS_AWAY },
            ..Scenario::of(
                "a fact unknown",
                &alert,
                Ending { unknown: ["userOutOfOffice".to_owned()].into(), ..open.clone() },
            )
        },
        Scenario {
            refuses_to_resolve: true,
            ..Scenario::of("source refuses to resolve", &alert, Ending::refused(&alert))
        },
        Scenario::of("comment-only playbook", &alert, Ending { n_comments: 1, ..open })
            .playbook(&comment_only())
            .or_unknown([Ending {
                unknown: ["userHighRisk", "userOutOfOffice"].map(str::to_owned).into(),
                ..Ending::open(&alert)
            }]),
        Scenario::of("delivered three times", &alert, resolved.clone()).events(vec![
            Event::Arrives(
                alert.text()
            );
            3
        ]),
        Scenario::of("two channels", &alert, resolved.also_told(&alert, "notify/duty/resolved"))
            .playbook(&two_channels())
            .or_unknown([Ending::unknown(&alert).also_told(&alert, "notify/duty/needsEyes")])
            .or_refused(Some(Ending::refused(&alert).also_told(&alert, "notify/duty/needsEyes"))),
    ]
}

/// The alert changes at its source
fn of_two_states() -> Vec<Scenario> {
    let alert = an_alert();
    let doubtful = an_alert().also_of("lee@contoso.example").later(3);
    let closed = an_alert().resolved_as(ATTACK).later(5);
    let doubtful_ends = Ending::open(&doubtful);
    let disputed = Ending { at_source: Some(ATTACK), ..Ending::refused(&alert) };
    let echo = Ending {
        outcome: Outcome::ResolvedAtSource,
        revision: Revision::at(alert.updated() + jiff::SignedDuration::from_secs(1)),
        ..Ending::resolved(&alert)
    };
    vec![
        Scenario::of("newer at the source when delivering", &alert, doubtful_ends.clone())
            .changed_to(&doubtful)
            .or_unknown([Ending::unknown(&alert), Ending::unknown(&doubtful)]),
        Scenario::of(
            "resolved by a person before we could",
            &alert,
            Ending::resolved_by_a_person(&closed),
        )
        .changed_to(&closed)
        // The second look-up is about an alert that nobody needs to know anything of.
        .or_unknown([
            Ending { at_source: Some(ATTACK), ..Ending::unknown(&alert) },
            Ending::resolved_by_a_person(&closed),
        ])
        .or_refused(Some(disputed.clone())),
        // Cloud Apps gives no time of the last change.
        Scenario::of("resolved by a person, and looks no newer", &alert, disputed.clone())
            .changed_to(&an_alert().resolved_as(ATTACK))
            .or_unknown([Ending { at_source: Some(ATTACK), ..Ending::unknown(&alert) }])
            .or_refused(Some(disputed)),
        Scenario::of("arrives resolved", &closed, Ending::resolved_by_a_person(&closed))
            .or_unknown([Ending::resolved_by_a_person(&closed)]),
        Scenario::of("older after newer", &doubtful, doubtful_ends)
            .events([Event::Arrives(doubtful.text()), Event::Arrives(alert.text())]),
        Scenario::of("our own change comes back", &alert, echo.clone())
            .events([Event::Arrives(alert.text()), Event::Polled])
            .or_unknown([Ending::unknown(&alert), echo]),
    ]
}

/// Something else happens between reading and writing
fn at_the_same_time() -> Vec<Scenario> {
    let alert = an_alert();
    let doubtful = an_alert().also_of("lee@contoso.example").later(3);
    vec![
        Scenario::of("newer arrives while we ask", &alert, Ending::open(&doubtful))
            .changed_to(&doubtful)
            .meanwhile(Meanwhile::Arrives(doubtful.text()))
            .or_unknown([Ending::open(&doubtful), Ending::unknown(&doubtful)]),
        Scenario::of("triaged twice at once", &alert, Ending::resolved(&alert))
            .meanwhile(Meanwhile::TriagedToo)
            .or_unknown([Ending::resolved(&alert)]),
    ]
}

/// A playbook that comments and tells, and never resolves
fn comment_only() -> String {
    r#"
apiVersion: defuse/v1
kind: Playbook
name: note-travel
description: Says what is known of the traveller.
owner: secops@contoso.example
mode: enforce
trigger:
  alert: { type: { in: [impossibleTravel] } }
criteria:
  all:
    - userOutOfOffice: { coversFirstActivity: true, setBeforehand: true, maxAge: 10m }
    - not: userHighRisk
then:
  - comment: "The user is away."
  - notify: { channel: soc, template: needsEyes }
otherwise:
  - notify: { channel: soc, template: needsEyes }
"#
    .to_owned()
}

/// The playbook that we ship, telling a second channel
fn two_channels() -> String {
    let mut text = LEGITIMATE_TRAVEL.to_owned();
    for template in ["resolved", "needsEyes"] {
        let line =
            |channel| format!("  - notify: {{ channel: {channel}, template: {template} }}\n");
        text = text.replace(&line("soc"), &(line("soc") + &line("duty")));
    }
    text
}

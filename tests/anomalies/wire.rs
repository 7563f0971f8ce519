//! Faults at the wire: each kind of request of an alert's way goes wrong, in each way.

use std::{collections::BTreeSet, time::Duration};

use defuse_testkit::{Fault, FaultKind, FaultPlan, RecordedRequest, an_alert};

use super::{
    check::{Excused, ended_wrongly},
    drive::Driver,
    ground::Ground,
    real::RealWorld,
    scenarios::{Ending, Meanwhile, Scenario},
    sweep::{ROUNDS_MAX, Tally},
};

/// How often the adapters try what may be done twice
const TRIES_MAX: u32 = 5;

/// A kind of request on an alert's way
#[derive(Debug)]
pub(crate) struct Kind {
    name: &'static str,
    method: &'static str,
    path: &'static str,
    /// Requests that look alike and are spared: where, and how many of them, or all
    spares: Option<(&'static str, Option<u32>)>,
    role: Role,
}

/// What a request is for
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// A fact: one of those is unknown when it fails
    Ask(&'static [&'static str]),
    /// To see how the alert stands
    Look,
    /// To change it
    Change,
    Tell,
}

/// A way in which a request goes wrong
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// The connection breaks before anything is done
    Drop,
    /// The same, however often it is tried
    DropAll,
    /// It is done, and the connection breaks
    Crash,
    /// 429
    Throttled,
    /// 503
    Unavailable,
    /// 503, and to come back in an hour
    Closed,
    /// 200 with something that is no JSON, and nothing is done
    Garbage,
}

const TOKEN: &str = "/11111111-2222-3333-4444-555555555555/oauth2/v2.0/token";
const MAILBOX: &str = "/v1.0/users/kim@contoso.example/mailboxSettings";
const ALERT: &str = "/v1.0/security/alerts_v2/";

const AWAY: &[&str] = &["userOutOfOffice"];
const RISK: &[&str] = &["userHighRisk"];
const OTHERS: &[&str] = &["otherOpenAlerts"];
/// Whoever asks first asks for the token
const ANY: &[&str] = &["userOutOfOffice", "userHighRisk", "otherOpenAlerts"];

pub(crate) const KINDS: [Kind; 13] = [
    kind("token to ask", "POST", TOKEN, None, Role::Ask(ANY)),
    kind("token to change", "POST", TOKEN, Some((TOKEN, Some(1))), Role::Look),
    kind("automatic replies", "GET", MAILBOX, None, Role::Ask(AWAY)),
    kind("automatic replies by id", "GET", "/v1.0/users/6f1d2c3b", None, Role::Ask(AWAY)),
    kind("user", "GET", "/v1.0/users/kim@", Some((MAILBOX, None)), Role::Ask(RISK)),
    kind("risk", "GET", "/v1.0/identityProtection/riskyUsers/", None, Role::Ask(RISK)),
    kind("open alerts", "GET", "/v1.0/security/alerts_v2", Some((ALERT, None)), Role::Ask(OTHERS)),
    kind("alert", "GET", ALERT, None, Role::Look),
    kind("resolve", "PATCH", ALERT, None, Role::Change),
    kind("comment", "POST", ALERT, None, Role::Change),
    kind("alert at Cloud Apps", "GET", "/cas/api/v1/alerts/", None, Role::Look),
    kind("close_benign", "POST", "/cas/api/v1/alerts/close_benign/", None, Role::Change),
    kind("Teams", "POST", "/teams/", None, Role::Tell),
];

const fn kind(
    name: &'static str,
    method: &'static str,
    path: &'static str,
    spares: Option<(&'static str, Option<u32>)>,
    role: Role,
) -> Kind {
    Kind { name, method, path, spares, role }
}

impl Kind {
    /// Whether there was such a request among those
    pub(crate) fn is_among(&self, requests: &[RecordedRequest]) -> bool {
        let at = |path: &str| {
            let alike =
                |it: &&RecordedRequest| it.method == self.method && it.path.starts_with(path);
            requests.iter().filter(alike).count()
        };
        let n_spared = self.spares.map_or(0, |(path, times)| {
            times.map_or_else(|| at(path), |it| usize::try_from(it).unwrap())
        });
        at(self.path) > n_spared
    }

    /// What it excuses that this goes wrong
    fn excused(&self, scenario: &Scenario, wrong: Wrong) -> Excused {
        let excused = Excused { may_end: vec![scenario.ends.clone()], ..Excused::default() };
        match (self.role, wrong) {
            (Role::Ask(facts), Wrong::DropAll | Wrong::Closed | Wrong::Garbage) => {
                Excused { may_end: unknown(scenario, facts), ..excused }
            }
            (Role::Tell, Wrong::Crash) => Excused { n_repeats: 1, n_unsure: 1, ..excused },
            // Every message was tried meanwhile, and none of them is known not to be there.
            (Role::Tell, Wrong::DropAll) => {
                Excused { n_unsure: scenario.ends.told.len(), ..excused }
            }
            (Role::Tell, Wrong::Closed) | (Role::Ask(_) | Role::Look | Role::Change, _) => excused,
            (Role::Tell, _) => Excused { n_unsure: 1, ..excused },
        }
    }
}

impl Wrong {
    pub(crate) const ALL: [Self; 7] = [
        Self::Drop,
        Self::DropAll,
        Self::Crash,
        Self::Throttled,
        Self::Unavailable,
        Self::Closed,
        Self::Garbage,
    ];

    fn kind(self) -> FaultKind {
        let status = |status, retry_after| FaultKind::Status { status, retry_after };
        match self {
            Self::Drop | Self::DropAll => FaultKind::DropConnection,
            Self::Crash => FaultKind::CrashAfter,
            Self::Throttled => status(429, None),
            Self::Unavailable => status(503, None),
            Self::Closed => status(503, Some(3600)),
            Self::Garbage => FaultKind::GarbageBody,
        }
    }

    fn times(self) -> u32 {
        match self {
            Self::DropAll => TRIES_MAX,
            Self::Drop
            | Self::Crash
            | Self::Throttled
            | Self::Unavailable
            | Self::Closed
            | Self::Garbage => 1,
        }
    }
}

/// How a scenario may end when one of those facts is not known at the first look: as though nothing
/// were known, and that one is named
fn unknown(scenario: &Scenario, facts: &[&str]) -> Vec<Ending> {
    let mut endings = scenario.if_unknown.clone();
    if let Meanwhile::TriagedToo = scenario.meanwhile {
        // It was the other's look-up that failed.
        endings.push(Ending::unknown(&an_alert()));
    }
    if scenario.ends.n_resolved == 0 {
        endings.push(scenario.ends.clone());
    }
    let with = |ending: &Ending| {
        if ending.unknown.is_empty() {
            return vec![ending.clone()];
        }
        let known_so_far = &scenario.ends.unknown;
        let named = |fact: &&str| known_so_far.iter().cloned().chain([(*fact).to_owned()]);
        let sets = facts.iter().map(|fact| named(fact).collect::<BTreeSet<String>>());
        sets.map(|unknown| Ending { unknown, ..ending.clone() }).collect()
    };
    endings.iter().flat_map(with).collect()
}

/// Runs the scenario with that fault at the wire, and checks how it ends
pub(crate) async fn run(
    ground: &Ground,
    scenario: &Scenario,
    (kind, wrong): (&Kind, Wrong),
    tally: &mut Tally,
) {
    let world = RealWorld::new(ground, scenario).await;
    if let Some((path, times)) = kind.spares {
        let as_ever = FaultKind::SlowBy(Duration::ZERO);
        world.tenant.fault(Fault { times, ..Fault::always(kind.method, path, as_ever) });
    }
    world.order(Fault::times(kind.method, kind.path, wrong.kind(), wrong.times()));
    let plan = FaultPlan::default();
    let mut driver = Driver::new(&world, scenario, &plan);

    driver.go_on(ROUNDS_MAX).await;

    let found = ended_wrongly(&world, driver.drive(), &kind.excused(scenario, wrong)).await;
    tally.keep(scenario, &(kind.name, wrong), &found);
}

//! The middle step: load, ask, decide, record.

use std::collections::BTreeSet;

use defuse_domain::{
    Action, Alert, AlertId, AsRead, Decision, Kept, LastRun, Managed, Outcome, Plan, Playbook,
    Release, RuleBook, Run, RunKey, User, decide,
};
use jiff::{Timestamp, tz::TimeZone};
use tracing::{info, instrument};

use crate::{
    ports::{
        AlertState, DeployedTuning, FactSource, LimitClaim, LimitStore, Recorded, RunStore,
        StoreError, StoredAlert, StoredTuning,
    },
    tuning::RulesInForce,
};

/// Decides alerts
#[derive(Clone, Debug)]
pub struct Triage<F, S> {
    rules: RulesInForce,
    facts: F,
    store: S,
}

/// What came of looking at an alert
#[derive(Clone, Debug, PartialEq)]
pub enum Triaged {
    /// It was decided
    Decided(Box<Run>),
    /// There is no such alert, or it is decided already
    Nothing,
    /// It changed while we decided; its newer state will be looked at by itself
    Overtaken,
}

impl<F, S> Triage<F, S>
where
    F: FactSource,
    S: RunStore + LimitStore + StoredTuning + DeployedTuning,
{
    /// The step, by those rules and the tuning rules that people saved
    pub fn new(rules: RuleBook, facts: F, store: S) -> Self {
        Self { rules: RulesInForce::new(rules), facts, store }
    }

    /// Looks whether people changed tuning rules since they were loaded; once a batch is enough
    pub async fn refresh(&self, now: Timestamp) -> Result<(), StoreError> {
        self.rules.refreshed(&self.store, now).await.map(drop)
    }

    /// Takes one pending alert all the way: load, ask, decide, record
    #[instrument(skip_all, fields(alert.id = %id))]
    pub async fn triage(&self, id: &AlertId, now: Timestamp) -> Result<Triaged, StoreError> {
        let Some(stored) = self.store.load(id).await? else {
            return Ok(Triaged::Nothing);
        };
        if stored.state != AlertState::Pending {
            return Ok(Triaged::Nothing);
        }
        let rules = self.rules.current(&self.store, now).await?;
        let StoredAlert {
            alert,
            version,
            looks,
            tags,
            last_run,
            effects,
            refused,
            managed,
            released,
            ..
        } = stored;
        let last = match last_run {
            Some(key) => self.store.run(&key).await?.map(|run| LastRun { run, effects, refused }),
            None => None,
        };
        let facts = self.facts.answer(&rules.needs(&alert), now).await;

        let decision = decide(&alert, &facts, &rules, now);

        let decision = left_to_whoever_reopened(decision, &alert, last.as_ref());
        let decision = left_to_whoever_released(decision, released.as_ref());
        let decision = left_to_whoever_manages(decision, &managed);
        let decision = self.within_limits(&rules, decision, &alert, now).await?;
        let key = RunKey { alert_id: alert.id.clone(), revision: alert.revision(), look: looks };
        let mut plan = Plan::of(&alert, &decision, &rules, &key);
        if let Some(last) = &last {
            plan = last.follow(plan, &decision, &alert);
        }
        let tags = staying(tags, &alert, &rules).chain(plan.tags).collect();
        let run = Run {
            key,
            bundle: rules.bundle().to_owned(),
            decided: now,
            decision,
            facts,
            effects: plan.effects,
            if_refused: plan.if_refused,
            before: last.as_ref().map(LastRun::before),
        };
        match self.store.record(&run, &tags, version).await? {
            Recorded::New => {
                let n_unknown = run.decision.unknown.len();
                info!(outcome = ?run.decision.outcome, unknown = n_unknown, run.key = %run.key,
                    "triaged alert `{id}`");
                Ok(Triaged::Decided(Box::new(run)))
            }
            Recorded::Overtaken => {
                info!("alert `{id}` changed while it was decided");
                Ok(Triaged::Overtaken)
            }
        }
    }

    /// The decision, unless a limit of one of its playbooks is used up: then the alert stays open
    async fn within_limits(
        &self,
        rules: &RuleBook,
        decision: Decision,
        alert: &Alert,
        now: Timestamp,
    ) -> Result<Decision, StoreError> {
        match decision.outcome {
            Outcome::Open | Outcome::Hidden | Outcome::ResolvedAtSource => return Ok(decision),
            Outcome::Resolved(_) => {}
        }
        let claims = claims(&decision, rules, &alert.users(), now);
        let used_up = self.store.claim(&alert.id, &claims, now).await?;
        if used_up.is_empty() {
            return Ok(decision);
        }
        let reasons = used_up
            .iter()
            .map(|it| format!("the limit of {} for {} is used up", it.max, it.counter))
            .collect();
        Ok(decision.kept_open(Kept::LimitUsedUp, reasons))
    }
}

/// The decision, unless the alert was resolved before and is not any more: a person's decision is
/// never undone by a rule
fn left_to_whoever_reopened(decision: Decision, alert: &Alert, last: Option<&LastRun>) -> Decision {
    if alert.is_resolved_at_source() || !last.is_some_and(|it| it.was_resolved(alert)) {
        return decision;
    }
    let source = alert.source_name();
    let reason = match &alert.status {
        Some(AsRead::Known(_)) => format!("it was reopened at {source}"),
        Some(AsRead::Other(_)) | None => {
            format!("it was resolved, and {source} does not say whether it still is")
        }
    };
    decision.kept_open(Kept::Reopened, vec![reason])
}

/// The decision, unless a person decided something of the alert here: from then on no rule does
fn left_to_whoever_manages(decision: Decision, managed: &Managed) -> Decision {
    match (decision.outcome, &managed.by) {
        (Outcome::Hidden | Outcome::Resolved(_), Some(person)) => {
            let reason = format!("{person} decided what becomes of it");
            decision.kept_open(Kept::Managed, vec![reason])
        }
        (Outcome::Open | Outcome::Hidden | Outcome::Resolved(_) | Outcome::ResolvedAtSource, _) => {
            decision
        }
    }
}

/// The decision, unless a person released the alert from among the hidden: then no rule takes it out
/// of the queue again
fn left_to_whoever_released(decision: Decision, released: Option<&Release>) -> Decision {
    match (decision.outcome, released) {
        (Outcome::Hidden | Outcome::Resolved(_), Some(Release { at, by })) => {
            decision.kept_open(Kept::Released, vec![format!("{by} released it at {at}")])
        }
        (Outcome::Open | Outcome::Hidden | Outcome::Resolved(_) | Outcome::ResolvedAtSource, _) => {
            decision
        }
    }
}

/// The tags that an alert keeps from before.
///
/// What a playbook set went with a decision that this one takes the place of, and may never have
/// been carried out. Where the alert is resolved at its source no playbook is asked any more: then
/// all stay but those of playbooks that would have resolved it as something else.
fn staying(
    tags: BTreeSet<String>,
    alert: &Alert,
    rules: &RuleBook,
) -> impl Iterator<Item = String> {
    let agrees = |it: &Playbook| it.resolves_as().is_none_or(|it| alert.classified() == Some(it));
    tags.into_iter().filter(move |tag| {
        let mut setters = rules.playbooks().filter(|it| sets(it, tag)).peekable();
        setters.peek().is_none() || (alert.is_resolved_at_source() && setters.any(agrees))
    })
}

fn sets(playbook: &Playbook, tag: &str) -> bool {
    let actions = playbook.then().iter().chain(playbook.otherwise());
    actions.into_iter().any(|it| matches!(it, Action::Tag(set) if set == tag))
}

/// Every limit that the decision counts against
fn claims(
    decision: &Decision,
    rules: &RuleBook,
    users: &[User],
    now: Timestamp,
) -> Vec<LimitClaim> {
    let clock = now.to_zoned(TimeZone::UTC);
    let (hour, day) = (clock.strftime("%Y-%m-%dT%H"), clock.strftime("%Y-%m-%d"));
    let mut claims = Vec::new();
    for playbook in decision.determined_by.iter().filter_map(|it| rules.playbook(it)) {
        let (name, limits) = (playbook.name(), playbook.limits());
        let mut claim = |counter: String, max: Option<u32>| {
            claims.extend(max.map(|max| LimitClaim { counter, max }));
        };
        claim(format!("{name}/hour/{hour}"), limits.per_hour);
        claim(format!("{name}/day/{day}"), limits.per_day);
        for user in users {
            claim(format!("{name}/user/{user}/day/{day}"), limits.per_user_per_day);
        }
    }
    claims
}

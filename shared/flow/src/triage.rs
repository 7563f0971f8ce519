//! The middle step: load, ask, decide, record.

use std::collections::BTreeSet;

use defuse_domain::{
    Action, Alert, AlertId, Decision, Effect, EffectAction, EffectId, Outcome, Plan, Playbook,
    RuleBook, Run, RunKey, User, decide,
};
use jiff::{Timestamp, tz::TimeZone};
use tracing::{info, instrument};

use crate::ports::{
    AlertState, FactSource, LimitClaim, LimitStore, Recorded, RunStore, StoreError, StoredAlert,
};

/// Decides alerts
#[derive(Clone, Debug)]
pub struct Triage<F, S> {
    rules: RuleBook,
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

impl<F: FactSource, S: RunStore + LimitStore> Triage<F, S> {
    /// The step, by those rules
    pub const fn new(rules: RuleBook, facts: F, store: S) -> Self {
        Self { rules, facts, store }
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
        let StoredAlert { alert, version, looks, tags, last_run, .. } = stored;
        let facts = self.facts.answer(&self.rules.needs(&alert), now).await;

        let decision = decide(&alert, &facts, &self.rules, now);

        let key = RunKey { alert_id: alert.id.clone(), revision: alert.revision(), look: looks };
        let decision = self.within_limits(decision, &key, &alert.users(), now).await?;
        let mut plan = Plan::of(&alert, &decision, &self.rules, &key);
        plan.effects.extend(self.left_to_do(&alert, &decision, last_run).await?);
        let tags = staying(tags, &alert, &self.rules).chain(plan.tags).collect();
        let run = Run {
            key,
            bundle: self.rules.bundle().to_owned(),
            decided: now,
            decision,
            facts,
            effects: plan.effects,
            if_refused: plan.if_refused,
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

    /// What was to follow our change, where the source sends that back to us before it did: who is
    /// to be told, and what is to be said there.
    ///
    /// Who was told already is not told again: the ids are the same.
    async fn left_to_do(
        &self,
        alert: &Alert,
        decision: &Decision,
        last_run: Option<RunKey>,
    ) -> Result<Vec<Effect>, StoreError> {
        let (Outcome::ResolvedAtSource, Some(key)) = (decision.outcome, last_run) else {
            return Ok(Vec::new());
        };
        let Some(before) = self.store.run(&key).await? else { return Ok(Vec::new()) };
        let is_ours = match before.decision.outcome {
            Outcome::Resolved(classification) => alert.classified() == Some(classification),
            Outcome::ResolvedAtSource => true,
            Outcome::Open => false,
        };
        if !is_ours {
            return Ok(Vec::new());
        }
        Ok(before.effects.into_iter().filter_map(|it| left_of(it, alert)).collect())
    }

    /// The decision, unless a limit of one of its playbooks is used up: then the alert stays open
    async fn within_limits(
        &self,
        decision: Decision,
        key: &RunKey,
        users: &[User],
        now: Timestamp,
    ) -> Result<Decision, StoreError> {
        match decision.outcome {
            Outcome::Open | Outcome::ResolvedAtSource => return Ok(decision),
            Outcome::Resolved(_) => {}
        }
        let claims = claims(&decision, &self.rules, users, now);
        let used_up = self.store.claim(key, &claims, now).await?;
        if used_up.is_empty() {
            return Ok(decision);
        }
        let reasons = used_up
            .iter()
            .map(|it| format!("the limit of {} for {} is used up", it.max, it.counter))
            .collect();
        Ok(decision.kept_open(reasons))
    }
}

/// What is left of an effect when the alert came back resolved as we want it: of the resolve, the
/// comment, unless it came back too
fn left_of(effect: Effect, alert: &Alert) -> Option<Effect> {
    let text = match effect.action {
        EffectAction::Notify(_) => return Some(effect),
        EffectAction::Comment { text } => text,
        EffectAction::Resolve { comment, .. } => comment?,
    };
    let is_there = alert.comments.iter().any(|it| it.text.as_ref() == Some(&text));
    let id = EffectId("comment".to_owned());
    (!is_there).then_some(Effect { id, action: EffectAction::Comment { text } })
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

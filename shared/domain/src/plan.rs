//! What a decision calls for: tags, effects in their order, and what to do should the source refuse.

use std::collections::BTreeSet;

use crate::{
    alert::Alert,
    decision::{Decision, Outcome, PlaybookTrace, RuleBook},
    explanation::Truth,
    notification::{About, Notification, Template},
    playbook::{Action, Mode, Playbook},
    rule_name::{PlaybookName, TuningRuleName},
    run::{Effect, EffectAction, EffectId, RunKey},
};

/// How many reasons a notification names
const REASONS_MAX: usize = 12;

/// What a decision calls for
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Our own tags that the alert gets
    pub tags: BTreeSet<String>,
    /// What is to be done, in order: the source first, then people
    pub effects: Vec<Effect>,
    /// What is to be done in place of the rest, should the source refuse to resolve the alert
    pub if_refused: Vec<Effect>,
}

impl Plan {
    /// What `decision` calls for. Nothing is looked up: a plan is as pure as the decision.
    pub fn of(alert: &Alert, decision: &Decision, rules: &RuleBook, key: &RunKey) -> Self {
        let planner = Planner { alert, decision, rules, key };
        match decision.outcome {
            Outcome::ResolvedAtSource => Self::default(),
            Outcome::Hidden => Self { effects: planner.count().collect(), ..Self::default() },
            Outcome::Open => planner.kept_open(),
            Outcome::Resolved(classification) => {
                let mut plan = planner.acting();
                let comment = planner.said();
                let resolve = EffectAction::Resolve { classification, comment };
                plan.effects.retain(|it| !matches!(it.action, EffectAction::Comment { .. }));
                plan.effects
                    .insert(0, Effect { id: EffectId("resolve".to_owned()), action: resolve });
                plan.effects.extend(planner.count());
                plan
            }
        }
    }
}

struct Planner<'a> {
    alert: &'a Alert,
    decision: &'a Decision,
    rules: &'a RuleBook,
    key: &'a RunKey,
}

impl<'a> Planner<'a> {
    /// The alert is resolved: what the playbooks do that determined it, and those that hold beside
    fn acting(&self) -> Plan {
        let mut refusal = self.decision.clone();
        refusal.outcome = Outcome::Open;
        refusal.reasons = vec!["the source refused to resolve the alert".to_owned()];
        refusal.reasons.extend(self.expected());
        let refused = Planner { decision: &refusal, ..*self };
        let determined = self.playbooks(|it| self.decision.determined_by.contains(&it.playbook));
        let mut if_refused = refused.effects(determined.iter().flat_map(|it| it.otherwise()));
        if_refused.extend(refused.tuned_in_vain());
        Plan {
            tags: Self::tags(&self.done()),
            effects: self.effects(self.done().into_iter()),
            if_refused: if_refused
                .into_iter()
                .map(|it| Effect { id: EffectId(format!("refused/{}", it.id)), ..it })
                .collect(),
        }
    }

    /// The alert stays open: what the playbooks about it do otherwise, and those that hold and
    /// never resolve
    fn kept_open(&self) -> Plan {
        let about = self.playbooks(|it| {
            it.trigger.answer != Truth::False
                && (it.answer != Truth::True || self.resolves(it))
                && it.mode != Mode::Shadow
        });
        let beside = self.playbooks(|it| {
            it.answer == Truth::True && it.mode == Mode::Enforce && !self.resolves(it)
        });
        let actions: Vec<&Action> = about
            .iter()
            .flat_map(|it| it.otherwise())
            .chain(beside.iter().flat_map(|it| it.then()))
            .collect();
        let tags = Self::tags(&actions);
        let mut effects = self.effects(actions.iter().copied());
        if let Some(text) = self.comment(&actions) {
            let comment = EffectAction::Comment { text };
            effects.insert(0, Effect { id: EffectId("comment".to_owned()), action: comment });
        }
        Plan { tags, effects, if_refused: Vec::new() }
    }

    /// The `then` of every playbook that determined the outcome, or holds and never resolves
    fn done(&self) -> Vec<&'a Action> {
        let done = self.playbooks(|it| {
            let beside = it.answer == Truth::True && it.mode == Mode::Enforce && !self.resolves(it);
            beside || self.decision.determined_by.contains(&it.playbook)
        });
        done.into_iter().flat_map(Playbook::then).collect()
    }

    /// That the alert counts for the tuning rules that determined the outcome
    fn count(&self) -> impl Iterator<Item = Effect> {
        let rules = self.decision.tuned_by.clone();
        let count = (!rules.is_empty()).then_some(EffectAction::Count { rules });
        count.map(|action| Effect { id: EffectId("count".to_owned()), action }).into_iter()
    }

    /// That an alert which tuning rules determined stays open: they name no channel, so those are
    /// told who run this
    fn tuned_in_vain(&self) -> Option<Effect> {
        let channel = self.rules.channel().filter(|_| !self.decision.tuned_by.is_empty())?;
        let template = Template::NeedsEyes;
        let id = EffectId(format!("notify/{channel}/{template}"));
        let notification = self.notification(&id, channel, template);
        Some(Effect { id, action: EffectAction::Notify(notification) })
    }

    fn playbooks(&self, wanted: impl Fn(&PlaybookTrace) -> bool) -> Vec<&'a Playbook> {
        let named = self.decision.trace.iter().filter(|it| wanted(it));
        named.filter_map(|it| self.rules.playbook(&it.playbook)).collect()
    }

    fn resolves(&self, trace: &PlaybookTrace) -> bool {
        self.rules.playbook(&trace.playbook).is_some_and(|it| it.resolves_as().is_some())
    }

    fn tags(actions: &[&Action]) -> BTreeSet<String> {
        actions
            .iter()
            .filter_map(|it| match it {
                Action::Tag(tag) => Some(tag.clone()),
                Action::Resolve(_)
                | Action::Assign(_)
                | Action::Comment(_)
                | Action::Notify { .. } => None,
            })
            .collect()
    }

    /// What is said at the source where the alert is resolved: why the tuning rules expect it, or
    /// what the playbooks comment
    fn said(&self) -> Option<String> {
        let expected = self.expected();
        if expected.is_empty() { self.comment(&self.done()) } else { self.signed(&expected) }
    }

    /// Why the tuning rules that determined the outcome expect the alert
    fn expected(&self) -> Vec<String> {
        let by = self.decision.tuned_by.iter().filter_map(|it| self.rules.tuning().rule(it));
        by.map(|it| format!("Expected, by tuning rule {}: {}", it.name(), it.reason())).collect()
    }

    /// The comments, each once, as one
    fn comment(&self, actions: &[&Action]) -> Option<String> {
        let mut texts: Vec<String> = Vec::new();
        for action in actions {
            if let Action::Comment(text) = action
                && !texts.contains(text)
            {
                texts.push(text.clone());
            }
        }
        self.signed(&texts)
    }

    /// The texts as one; the end tells whose run it was, so that a repeat finds it
    fn signed(&self, texts: &[String]) -> Option<String> {
        let run = format!("revision {}, look {}", self.key.revision, self.key.look);
        (!texts.is_empty()).then(|| format!("{}\n(Defuse, {run})", texts.join("\n")))
    }

    /// The assignment to the first who is named, unless somebody has the alert
    fn assignment(&self, actions: &[&Action]) -> Option<Effect> {
        let to = actions.iter().find_map(|it| match it {
            Action::Assign(to) => Some(to.clone()),
            Action::Resolve(_) | Action::Comment(_) | Action::Tag(_) | Action::Notify { .. } => {
                None
            }
        })?;
        let action = EffectAction::Assign { to };
        let id = EffectId("assign".to_owned());
        self.alert.assigned_person().is_none().then_some(Effect { id, action })
    }

    /// The assignment, and one notification for each channel and template
    fn effects<'b>(&self, actions: impl Iterator<Item = &'b Action>) -> Vec<Effect> {
        let actions: Vec<&Action> = actions.collect();
        let mut effects: Vec<Effect> = self.assignment(&actions).into_iter().collect();
        for action in actions {
            let Action::Notify { channel, template, .. } = action else { continue };
            let id = EffectId(format!("notify/{channel}/{template}"));
            if effects.iter().any(|it| it.id == id) {
                continue;
            }
            let notification = self.notification(&id, channel, *template);
            effects.push(Effect { id, action: EffectAction::Notify(notification) });
        }
        effects
    }

    fn notification(&self, id: &EffectId, channel: &str, template: Template) -> Notification {
        let alert = self.alert;
        let title = alert.title.clone().unwrap_or_else(|| "(no title)".to_owned());
        let mut facts = Vec::new();
        let mut fact = |name: &str, value: String| facts.push((name.to_owned(), value));
        for user in alert.users() {
            fact("User", user.to_string());
        }
        let severity = alert.known_severity();
        if let Some(source) = alert.known_service_source() {
            fact("Service source", source.display_name().to_owned());
        }
        fact("Outcome", self.outcome());
        let by: Vec<&str> = self.decision.determined_by.iter().map(PlaybookName::as_str).collect();
        if !by.is_empty() {
            fact("Playbook", by.join(", "));
        }
        let by: Vec<&str> = self.decision.tuned_by.iter().map(TuningRuleName::as_str).collect();
        if !by.is_empty() {
            fact("Tuning rule", by.join(", "));
        }
        Notification {
            id: format!("{}/{id}", self.key),
            channel: channel.to_owned(),
            about: About::Alert { template, alert_id: alert.id.clone(), severity },
            title,
            facts,
            reasons: self.reasons(),
            url: alert.alert_web_url.clone(),
        }
    }

    fn outcome(&self) -> String {
        match self.decision.outcome {
            Outcome::Open => "stays open".to_owned(),
            Outcome::Resolved(classification) => {
                format!("resolved as {}", classification.in_words())
            }
            Outcome::Hidden => "hidden".to_owned(),
            Outcome::ResolvedAtSource => "already resolved at its source".to_owned(),
        }
    }

    /// Why, from the trace: what held, or what did not
    fn reasons(&self) -> Vec<String> {
        let mut reasons = self.decision.reasons.clone();
        for trace in &self.decision.trace {
            if self.decision.outcome != Outcome::Open
                && self.decision.determined_by.contains(&trace.playbook)
                && let Some(criteria) = &trace.criteria
            {
                reasons.extend(criteria.grounds());
            }
        }
        let more = reasons.len().saturating_sub(REASONS_MAX);
        reasons.truncate(REASONS_MAX);
        if more > 0 {
            reasons.push(format!("and {more} more"));
        }
        reasons
    }
}

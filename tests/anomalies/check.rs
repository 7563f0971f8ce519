//! Whether a run ended as it may, given the faults that happened in it.

use std::collections::{BTreeMap, BTreeSet};

use defuse_domain::{EffectAction, Outcome, Run, Template};
use defuse_flow::{AlertState, MatchReport, Outbox, RunStore, StoredAlert};
use defuse_testkit::{Injected, PortFault, SourceView, TRAVEL};

use super::{
    drive::Drive,
    scenarios::{Ending, Scenario},
    world::{Told, World},
};

/// What the faults of a run excuse
#[derive(Clone, Debug, Default)]
pub(crate) struct Excused {
    /// How the scenario may end
    pub(crate) may_end: Vec<Ending>,
    /// How many comments may be missing, since they were refused for good: that is recorded, and
    /// no retry would help
    pub(crate) n_comments: usize,
    /// The same of messages in chat
    pub(crate) n_told: usize,
    /// How many messages may be there twice
    pub(crate) n_repeats: usize,
    /// How many may be marked as possible repeats
    pub(crate) n_unsure: usize,
}

/// What is wrong in a world that came to rest
pub(crate) async fn ended_wrongly<W: World>(
    world: &W,
    drive: &Drive,
    excused: &Excused,
) -> Vec<String> {
    let mut wrong = harm_done(world, drive, excused).await;
    if !drive.at_rest {
        wrong.push("never comes to rest".to_owned());
    }
    let Some((stored, run)) = stored(world).await else {
        wrong.push("the alert is lost".to_owned());
        return wrong;
    };
    let told = world.told().await;
    let ended = ending(&stored, &run, &world.at_source(&Scenario::id()).await, &told);
    if !excused.may_end.iter().any(|it| excused.matches(it, &ended)) {
        wrong.push(format!("ended as {ended:?}\nand may end as {:?}", excused.may_end));
    }
    wrong.extend(unnamed(&run, drive));
    wrong.extend(miscounted(world, &stored, &run).await);
    wrong
}

/// The tuning rules that hid or resolved the alert, and did not count it exactly once; one that its
/// source refused to resolve counts for nobody
async fn miscounted<W: World>(world: &W, stored: &StoredAlert, run: &Run) -> Vec<String> {
    let mut wrong = Vec::new();
    for rule in &run.decision.tuned_by {
        let counted = world.store().matches(rule).await.unwrap().total;
        if counted != u64::from(!stored.refused) {
            wrong.push(format!("tuning rule {rule} counted {counted} times"));
        }
    }
    wrong
}

/// What must not be at any time, at rest or not
pub(crate) async fn harm_done<W: World>(
    world: &W,
    drive: &Drive,
    excused: &Excused,
) -> Vec<String> {
    let mut wrong = drive.wrong.clone();
    let told = world.told().await;
    wrong.extend(repeats(&told, excused));
    let at_source = world.at_source(&Scenario::id()).await;
    if at_source.n_resolved > 1 {
        wrong.push(format!("resolved {} times at its source", at_source.n_resolved));
    }
    let distinct: BTreeSet<&String> = at_source.comments.iter().collect();
    if distinct.len() < at_source.comments.len() {
        wrong.push(format!("said twice at its source: {:?}", at_source.comments));
    }
    let Some((stored, run)) = stored(world).await else { return wrong };
    let is_resolved = at_source.resolved && at_source.classification == Some(TRAVEL);
    let claims = stored.state == AlertState::Resolved
        && matches!(run.decision.outcome, Outcome::Resolved(_));
    if claims && !is_resolved && !still_resolves(world).await {
        wrong.push("recorded as resolved at its source, and is not".to_owned());
    }
    wrong
}

/// Whether to resolve the alert is still to be done
async fn still_resolves<W: World>(world: &W) -> bool {
    let outstanding = world.store().outstanding(&Scenario::id()).await.unwrap();
    outstanding.is_some_and(|it| {
        it.effects.iter().any(|it| matches!(it.action, EffectAction::Resolve { .. }))
    })
}

/// The alert and the run that decided it, if it is decided
async fn stored<W: World>(world: &W) -> Option<(StoredAlert, Run)> {
    let stored = world.store().load(&Scenario::id()).await.unwrap()?;
    let run = world.store().run(stored.last_run.as_ref()?).await.unwrap()?;
    Some((stored, run))
}

fn ending(stored: &StoredAlert, run: &Run, at_source: &SourceView, told: &[Told]) -> Ending {
    Ending {
        state: stored.state,
        outcome: run.decision.outcome,
        unknown: run.decision.unknown.iter().map(|it| it.fact.clone()).collect(),
        tags: stored.tags.clone(),
        revision: stored.alert.revision(),
        at_source: at_source.classification,
        n_resolved: at_source.n_resolved,
        n_comments: at_source.comments.iter().filter(|it| it.contains("(Defuse,")).count(),
        told: told.iter().map(|it| it.id.clone()).collect(),
    }
}

/// How a scenario may end with those faults. One fault has one effect; of two, the one may undo
/// what the other did.
fn endings(scenario: &Scenario, injected: &[Injected]) -> Vec<Ending> {
    let known_nothing = injected.iter().any(|it| it.call == FACTS && !it.fault.kills());
    let refused = injected.iter().any(|it| (it.call, it.fault) == (RESOLVE, PortFault::Refuse));
    let mut endings = Vec::new();
    if known_nothing {
        endings.extend(scenario.if_unknown.iter().cloned());
    }
    if refused && let Some(ending) = &scenario.if_refused {
        endings.push(ending.clone());
        if injected.len() > 1 {
            // It was done and we never heard, then refused: a person is asked to look, in doubt.
            let Ending { at_source, n_resolved, n_comments, .. } = scenario.ends;
            endings.push(Ending { at_source, n_resolved, n_comments, ..ending.clone() });
        }
    }
    if endings.is_empty() || injected.len() > 1 {
        endings.push(scenario.ends.clone());
    }
    endings
}

impl Excused {
    /// What those faults at ports excuse
    pub(crate) fn by(scenario: &Scenario, injected: &[Injected]) -> Self {
        let at = |call: &str, faults: &[PortFault]| {
            injected.iter().filter(|it| it.call == call && faults.contains(&it.fault)).count()
        };
        Self {
            may_end: endings(scenario, injected),
            n_comments: at(COMMENT, &[PortFault::Refuse]),
            n_told: at(PUBLISH, &[PortFault::Refuse]),
            // Only where it was posted and the note of it was not made can nobody know.
            n_repeats: at(POST, &[PortFault::LoseAnswer, PortFault::CrashAfter])
                + at(NOTED, &[PortFault::Fail, PortFault::Refuse, PortFault::TimeOut]),
            n_unsure: injected.iter().filter(|it| CHAT.contains(&it.call)).count(),
        }
    }

    fn matches(&self, expected: &Ending, ended: &Ending) -> bool {
        let rest = Ending {
            n_comments: expected.n_comments,
            told: expected.told.clone(),
            ..ended.clone()
        };
        rest == *expected
            && ended.n_comments <= expected.n_comments
            && expected.n_comments - ended.n_comments <= self.n_comments
            && ended.told.is_subset(&expected.told)
            && expected.told.len() - ended.told.len() <= self.n_told
    }
}

/// A message that was told twice without need, or without saying that it may be a repeat
fn repeats(told: &[Told], excused: &Excused) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for it in told {
        let n_before = *times.entry(&it.id).and_modify(|n| *n += 1).or_insert(0);
        if n_before > 0 && !it.unsure {
            wrong.push(format!("told again as though it were new: {}", it.id));
        }
    }
    let n_repeats: usize = times.values().sum();
    if n_repeats > excused.n_repeats {
        let n_excused = excused.n_repeats;
        wrong.push(format!("told {n_repeats} times too often, excused {n_excused}: {told:?}"));
    }
    if told.iter().filter(|it| it.unsure).count() > excused.n_unsure {
        wrong.push(format!("marked as a repeat without reason: {told:?}"));
    }
    wrong
}

/// What is unknown and not named to the person who has to look
fn unnamed(run: &Run, drive: &Drive) -> Vec<String> {
    let calls = run.effects.iter().filter_map(|it| match &it.action {
        EffectAction::Notify(notification) => Some(&notification.id),
        EffectAction::Resolve { .. }
        | EffectAction::Assign { .. }
        | EffectAction::Comment { .. }
        | EffectAction::Count { .. } => None,
    });
    let ids: BTreeSet<&String> = calls.collect();
    let mut wrong = Vec::new();
    for it in drive.published.iter().filter(|it| ids.contains(&it.id)) {
        let reasons = it.reasons.join("; ");
        let silent = run.decision.unknown.iter().any(|it| !reasons.contains(&it.fact));
        if it.about.template_name() == Template::NeedsEyes.name() && silent {
            wrong.push(format!("what is unknown is not named: {reasons}"));
        }
    }
    wrong
}

const FACTS: &str = "FactSource::answer";
const RESOLVE: &str = "SourceClient::resolve";
const COMMENT: &str = "SourceClient::comment";
const PUBLISH: &str = "Notifier::publish";
const POST: &str = "Chat::post";
const NOTED: &str = "NotificationLog::posted";
const CHAT: [&str; 4] = [POST, NOTED, "NotificationLog::claim", "NotificationLog::not_posted"];

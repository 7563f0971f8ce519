//! The action center: everything that rules and persons did, the newest first; and undoing it.

use std::collections::BTreeMap;

use defuse_domain::{
    Act, ActionId, ActionKey, ActionKind, ActionState, Actor, Alert, AlertId, Past, ServiceSource,
    Stay, TakenAction, UndoError, Undoing,
};
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use tracing::info;

use crate::{
    manage::is_too_much_untold,
    ports::{
        ActStore, Acted, ActionLog, AlertRecord, AlertState, ListedAction, ManagedAlert, StoreError,
    },
};

/// How many lines of the list are looked at for one page, whatever the filter
const LOOKED_MAX: usize = 500;
/// How many lines are read at once
const CHUNK: usize = 50;
/// How often an undo begins anew because somebody changes the alert meanwhile
const TRIES_MAX: usize = 5;

/// Shows actions, and undoes them
#[derive(Clone, Debug)]
pub struct ActionCenter<S> {
    store: S,
    /// Whether Cloud Apps is told by its own API, which closes alerts and does nothing else
    closes_only: bool,
}

/// Which actions are wanted
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionFilter {
    /// Not before
    pub since: Timestamp,
    /// Not after
    pub until: Timestamp,
    /// Only those that stand like that
    pub state: Option<ActionState>,
    /// Only those with a part of that kind
    pub kind: Option<ActionKind>,
    /// Only those of that person, by id or name
    pub person: Option<String>,
    /// Only those of that playbook or tuning rule
    pub rule: Option<String>,
    /// Only those on that alert; then those of before there was a list are found, too
    pub alert: Option<AlertId>,
    /// Only those on alerts of that service
    pub source: Option<ServiceSource>,
}

/// An action with its alert
#[derive(Clone, Debug, PartialEq)]
pub struct ActionOnAlert {
    /// What was done
    pub action: TakenAction,
    /// To what
    pub alert: Alert,
    /// Whether it can be undone, as far as we can see
    pub undo: Result<Vec<Stay>, UndoError>,
}

/// Some actions, and where the next begin
#[derive(Clone, Debug, PartialEq)]
pub struct ActionPage {
    /// The actions, the newest first
    pub actions: Vec<ActionOnAlert>,
    /// Where to go on; absent where there are no more
    pub next: Option<ListedAction>,
}

/// What came of undoing
#[derive(Clone, Debug, PartialEq)]
pub enum Undone {
    /// It is undone; what stays all the same is told
    Done(Box<ManagedAlert>, Vec<Stay>),
    /// It was undone before
    Already(Box<ManagedAlert>),
    /// It cannot be
    Refused(UndoError),
    /// Others change the alert all the time
    Overtaken,
}

impl AlertRecord {
    fn past(&self) -> Past<'_> {
        Past {
            alert: &self.stands.alert,
            managed: &self.stands.managed,
            tags: &self.stands.tags,
            is_resolved: self.stands.state == AlertState::Resolved,
            is_hidden: self.stands.state == AlertState::Hidden,
            revisions: &self.revisions,
            runs: self.runs.iter().map(|(run, _)| run).collect(),
            effects: &self.effects,
            acts: self.acts.acts.iter().map(|(act, _)| act).collect(),
            asked: &self.stands.asked,
        }
    }

    /// Whether what is listed did happen
    fn has(&self, listed: &ListedAction) -> bool {
        let digest = match listed.id.key {
            ActionKey::Act { number } => {
                let found = self.acts.acts.iter().find(|(act, _)| act.number == number);
                found.map(|(_, digest)| digest)
            }
            ActionKey::Run { revision, look } => {
                let is_it =
                    |run: &defuse_domain::Run| run.key.revision == revision && run.key.look == look;
                let found = self.runs.iter().find(|(run, _)| is_it(run));
                found.map(|(_, digest)| digest)
            }
        };
        digest.is_some_and(|it| it.starts_with(&listed.digest))
    }
}

impl ActionFilter {
    fn takes(&self, action: &TakenAction) -> bool {
        self.state.is_none_or(|it| action.state() == it)
            && self.kind.is_none_or(|it| action.parts.iter().any(|part| part.kind == it))
            && self.person.as_ref().is_none_or(|it| action.is_by_person(it))
            && self.rule.as_ref().is_none_or(|it| action.is_by_rule(it))
    }

    fn wants(&self, alert: &Alert, may_see: &impl Fn(&Alert) -> bool) -> bool {
        let is_of_source = self.source.is_none_or(|it| alert.known_service_source() == Some(it));
        is_of_source && may_see(alert)
    }
}

impl<S: ActionLog + ActStore> ActionCenter<S> {
    /// The step, on that store
    pub const fn new(store: S, closes_only: bool) -> Self {
        Self { store, closes_only }
    }

    /// A page of actions on alerts that may be seen. Of very many that do not fit the filter a page
    /// has few or none, and says where to go on.
    pub async fn list(
        &self,
        filter: &ActionFilter,
        after: Option<&ListedAction>,
        limit: usize,
        may_see: impl Fn(&Alert) -> bool + Send + Sync,
    ) -> Result<ActionPage, StoreError> {
        let mut found = Found { limit, actions: Vec::new(), next: None };
        if let Some(id) = &filter.alert {
            let record = self.store.record_of(id).await?;
            let record = record.filter(|it| filter.wants(&it.stands.alert, &may_see));
            for action in record.iter().flat_map(|it| it.past().actions()) {
                let line =
                    ListedAction { at: action.at, id: action.id.clone(), digest: String::new() };
                let is_after = after.is_none_or(|it| (action.at, &action.id) < (it.at, &it.id));
                let is_in_time = (filter.since..=filter.until).contains(&action.at);
                if !is_after || !is_in_time {
                    continue;
                }
                if let Some(record) = &record
                    && !self.take(&mut found, filter, (record, &action), &line)
                {
                    break;
                }
            }
            return Ok(found.page());
        }
        self.list_by_day(&mut found, filter, after, may_see).await?;
        Ok(found.page())
    }

    async fn list_by_day(
        &self,
        found: &mut Found,
        filter: &ActionFilter,
        after: Option<&ListedAction>,
        may_see: impl Fn(&Alert) -> bool + Send + Sync,
    ) -> Result<(), StoreError> {
        let between = (filter.since, filter.until);
        let mut records: BTreeMap<AlertId, Option<AlertRecord>> = BTreeMap::new();
        if after.is_some_and(|it| it.at < filter.since) {
            return Ok(());
        }
        // A place outside of what is asked for is none.
        let (mut after, mut n_looked) = (after.filter(|it| it.at <= filter.until).cloned(), 0);
        let begin = after.as_ref().map_or(filter.until, |it| it.at);
        let mut day = Some(day_of(begin));
        while let Some(today) = day.filter(|it| *it >= day_of(filter.since)) {
            let of_today = after.as_ref().filter(|it| day_of(it.at) == today);
            let lines = self.store.listed(today, between, of_today, CHUNK).await?;
            let is_last = lines.len() < CHUNK;
            for line in lines {
                n_looked += 1;
                let id = &line.id.alert_id;
                if !records.contains_key(id) {
                    let record = self.store.record_of(id).await?;
                    let is_wanted = |it: &AlertRecord| filter.wants(&it.stands.alert, &may_see);
                    records.insert(id.clone(), record.filter(is_wanted));
                }
                if let Some(Some(record)) = records.get(id)
                    && record.has(&line)
                    && let Some(action) =
                        record.past().actions().into_iter().find(|it| it.id == line.id)
                    && !self.take(found, filter, (record, &action), &line)
                {
                    return Ok(());
                }
                if n_looked >= LOOKED_MAX {
                    found.next = Some(line);
                    return Ok(());
                }
                after = Some(line);
            }
            if is_last {
                day = today.checked_sub(1.day()).ok();
            }
        }
        Ok(())
    }

    /// Takes an action up, if it is wanted; whether more have room
    fn take(
        &self,
        found: &mut Found,
        filter: &ActionFilter,
        (record, action): (&AlertRecord, &TakenAction),
        line: &ListedAction,
    ) -> bool {
        if !filter.takes(action) {
            return true;
        }
        if found.actions.len() >= found.limit {
            found.next = found.actions.last().map(|(_, line)| line.clone());
            return false;
        }
        found.actions.push((self.shown(record, action), line.clone()));
        true
    }

    fn shown(&self, record: &AlertRecord, action: &TakenAction) -> ActionOnAlert {
        let undo = record.past().undo(&action.id, self.closes_only).map(|it| match it {
            Undoing::Back(undo) => undo.stays,
            Undoing::Already => Vec::new(),
        });
        ActionOnAlert { action: action.clone(), alert: record.stands.alert.clone(), undo }
    }

    /// One action, if there is one of that id
    pub async fn show(&self, id: &ActionId) -> Result<Option<ActionOnAlert>, StoreError> {
        let Some(record) = self.store.record_of(&id.alert_id).await? else { return Ok(None) };
        let action = record.past().actions().into_iter().find(|it| it.id == *id);
        Ok(action.map(|it| self.shown(&record, &it)))
    }

    /// Undoes what was done, as an act of its own: on condition that nothing of it changed since.
    ///
    /// Of two who undo the same at once, one does and the other finds it done.
    pub async fn undo(
        &self,
        id: &ActionId,
        (by, request): (Actor, Option<String>),
        now: Timestamp,
    ) -> Result<Undone, StoreError> {
        for _ in 0..TRIES_MAX {
            let Some(record) = self.store.record_of(&id.alert_id).await? else {
                return Ok(Undone::Refused(UndoError::NotThere));
            };
            let undo = match record.past().undo(id, self.closes_only) {
                Ok(Undoing::Back(undo)) => undo,
                Ok(Undoing::Already) => return Ok(Undone::Already(Box::new(record.stands))),
                Err(error) => return Ok(Undone::Refused(error)),
            };
            let AlertRecord { stands, .. } = record;
            let (stays, on) = (undo.stays.clone(), (&stands.alert, &stands.managed));
            let place = (stands.n_acts.saturating_add(1), stands.last_act.clone());
            let (act, managed) = Act::undoing((id, undo), on, by.clone(), now, place);
            let act = Act { request: request.clone(), ..act };
            if let Some(error) = is_too_much_untold(&stands, &act) {
                return Ok(Undone::Refused(UndoError::Cannot(error.to_string())));
            }
            match self.store.act(&act, &managed, stands.version).await? {
                Acted::New(_) => {
                    info!(alert.id = %act.alert_id, act = act.number, undoes = %id,
                        "a person undid `{id}`");
                    let stands = self.store.managed(&act.alert_id).await?;
                    return Ok(
                        stands.map_or(Undone::Overtaken, |it| Undone::Done(Box::new(it), stays))
                    );
                }
                Acted::Overtaken => {}
            }
        }
        Ok(Undone::Overtaken)
    }
}

/// A page on its way
struct Found {
    limit: usize,
    actions: Vec<(ActionOnAlert, ListedAction)>,
    next: Option<ListedAction>,
}

impl Found {
    fn page(self) -> ActionPage {
        let actions = self.actions.into_iter().map(|(it, _)| it).collect();
        ActionPage { actions, next: self.next }
    }
}

fn day_of(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

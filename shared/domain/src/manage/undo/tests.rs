//! What comes of undoing each kind of action, from each kind of source.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::*;
use crate::{
    manage::{Actor, Managed, Wish},
    run::EffectId,
};

const GRAPH: &str =
    r#"{ "id": "ad1", "status": "new", "lastUpdateDateTime": "2026-11-20T10:00:00Z" }"#;
const APPS: &str = r#"{ "_id": "1" }"#;
const FINDING: &str = r#"{ "schemaVersion": "2.0", "accountId": "1", "type": "a:b", "id": "1",
    "updatedAt": "2026-11-20T10:00:00Z" }"#;

/// What stands around an action
struct Case {
    alert: Alert,
    managed: Managed,
    tags: BTreeSet<String>,
    is_hidden: bool,
    is_resolved: bool,
    revisions: Vec<Alert>,
    runs: Vec<Run>,
    effects: BTreeMap<EffectId, EffectState>,
    acts: Vec<Act>,
    asked: BTreeMap<EffectId, EffectState>,
}

impl Case {
    fn of(raw: &str) -> Self {
        let alert = Alert::read(raw).unwrap();
        Self {
            revisions: vec![alert.clone()],
            alert,
            managed: Managed::default(),
            tags: BTreeSet::new(),
            is_hidden: false,
            is_resolved: false,
            runs: Vec::new(),
            effects: BTreeMap::new(),
            acts: Vec::new(),
            asked: BTreeMap::new(),
        }
    }

    /// A rule did that
    fn run(mut self, outcome: &str, effect: &str, action: &str, state: EffectState) -> Self {
        let run = serde_json::from_str(&format!(
            r#"{{ "key": {{ "alertId": "{}", "revision": "{}", "look": 0 }},
            "decided": "2026-11-20T10:01:00Z",
            "decision": {{ "outcome": {outcome}, "determinedBy": [], "reasons": [], "unknown": [],
                "trace": [] }},
            "facts": [], "ifRefused": [],
            "effects": [{{ "id": "{effect}", "action": {action} }}] }}"#,
            self.alert.id,
            self.alert.revision()
        ));
        self.runs.push(run.unwrap());
        self.effects.insert(EffectId(effect.to_owned()), state);
        self.is_hidden = outcome == "\"hidden\"";
        self.is_resolved = outcome.contains("resolved");
        self
    }

    fn resolved(self, state: EffectState) -> Self {
        let classification = r#"{ "falsePositive": "notMalicious" }"#;
        let action = format!(
            r#"{{ "resolve": {{ "classification": {classification}, "comment": null }} }}"#
        );
        self.run(&format!(r#"{{ "resolved": {classification} }}"#), "resolve", &action, state)
    }

    /// A person did that
    fn act(mut self, wish: Wish) -> Self {
        let kim = Actor { id: "1".to_owned(), name: "Kim".to_owned() };
        let number = self.acts.len() as u64 + 1;
        let on = (&self.alert, &self.managed, &self.tags);
        let at: Timestamp = "2026-11-20T11:00:00Z".parse().unwrap();
        let (act, managed) = Act::of(&wish, on, kim, at, (number, String::new())).unwrap().unwrap();
        self.tags = act.tags(self.tags);
        self.managed = managed;
        self.acts.push(act);
        self
    }

    fn wished(self, text: &str) -> Self {
        self.act(Wish::parse(text).unwrap())
    }

    fn undo(&self, number: u64, closes_only: bool) -> Result<Undoing, UndoError> {
        let past = Past {
            alert: &self.alert,
            managed: &self.managed,
            tags: &self.tags,
            is_resolved: self.is_resolved,
            is_hidden: self.is_hidden,
            revisions: &self.revisions,
            runs: self.runs.iter().collect(),
            effects: &self.effects,
            acts: self.acts.iter().collect(),
            asked: &self.asked,
        };
        let actions = past.actions();
        let is_it = |it: &&crate::manage::TakenAction| match it.id.key {
            ActionKey::Run { .. } => number == 0,
            ActionKey::Act { number: own } => own == number,
        };
        past.undo(&actions.iter().find(is_it).unwrap().id, closes_only)
    }
}

fn done() -> EffectState {
    EffectState::Done { at: Timestamp::UNIX_EPOCH, answer: "200".to_owned() }
}

/// The steps back, each in few words
fn told(undoing: Result<Undoing, UndoError>) -> String {
    let undo = match undoing {
        Ok(Undoing::Back(undo)) => undo,
        Ok(Undoing::Already) => return "already".to_owned(),
        Err(error) => return error.to_string(),
    };
    let words = undo.steps.iter().map(|it| match it {
        Step::Status { from, to } => format!("{} > {to}", from.unwrap()),
        Step::AssignedTo { from, to } => format!("{from:?} > {to:?}"),
        Step::Classification { to, .. } => format!("classified as {to:?}"),
        Step::Tags { added, removed } => format!("+{added:?} -{removed:?}"),
        Step::Incident { to, .. } => format!("incident {to:?}"),
        Step::Comment { .. } => "comment".to_owned(),
    });
    words.collect::<Vec<_>>().join(", ")
}

#[track_caller]
fn check(case: &Case, number: u64, expected: &str) {
    assert_eq!(told(case.undo(number, true)), expected);
}

#[test]
fn what_rules_did_has_a_way_back_where_its_source_has_one() {
    let reopened = "resolved > new, classified as None";
    let closed = "this cannot be undone: Defender for Cloud Apps has calls to close an alert, \
        and none to open it again";
    for state in [done(), EffectState::Outstanding] {
        check(&Case::of(GRAPH).resolved(state.clone()), 0, reopened);
        check(&Case::of(FINDING).resolved(state.clone()), 0, reopened);
        let apps = Case::of(APPS).resolved(state);
        check(&apps, 0, closed);
        assert_eq!(told(apps.undo(0, false)), reopened, "by way of Graph it can");
    }
    let at = Timestamp::UNIX_EPOCH;
    let refused = EffectState::Refused { at, answer: "409".to_owned() };
    check(&Case::of(GRAPH).resolved(refused), 0, "this cannot be undone: it was never done");

    let count = r#"{ "count": { "rules": ["oslo"] } }"#;
    for raw in [GRAPH, APPS, FINDING] {
        check(&Case::of(raw).run("\"hidden\"", "count", count, done()), 0, "new > new");
    }
    let assign = r#"{ "assign": { "to": "kim@contoso.example" } }"#;
    let back = "Some(\"kim@contoso.example\") > None";
    check(&Case::of(GRAPH).run("\"open\"", "assign", assign, done()), 0, back);
    let comment = r#"{ "comment": { "text": "seen" } }"#;
    let said = "this cannot be undone: what was said stays where it was said";
    check(&Case::of(GRAPH).run("\"open\"", "comment", comment, done()), 0, said);
}

#[test]
fn what_stands_otherwise_by_now_stays() {
    let hidden =
        Case::of(GRAPH).run("\"hidden\"", "count", r#"{ "count": { "rules": [] } }"#, done());
    let released = Case { is_hidden: false, ..hidden };
    let by_source = "the status was changed since, by Microsoft Graph: nothing is undone";
    check(&released, 0, by_source);

    let taken = GRAPH.replace("10:00:00", "12:00:00").replace("new", "inProgress");
    let moved = Case::of(GRAPH).resolved(done());
    let newer = Alert::read(&taken).unwrap();
    check(&Case { alert: newer, is_resolved: false, ..moved }, 0, by_source);

    let by_kim = "the status was changed since, by Kim: nothing is undone";
    let decided = Case::of(GRAPH).resolved(done()).wished(r#"{ "status": "inProgress" }"#);
    check(&decided, 0, by_kim);
    check(&decided, 1, "inProgress > new");

    let forgotten = Case { revisions: Vec::new(), ..Case::of(GRAPH).resolved(done()) };
    let why = "this cannot be undone: how the alert stood before is not known any more";
    check(&forgotten, 0, why);
}

#[test]
fn what_persons_did_has_a_way_back() {
    let wish = r#"{ "status": "resolved", "assignedTo": "lee@contoso.example",
        "classification": { "truePositive": "phishing" }, "incident": "7" }"#;
    let case = Case::of(GRAPH).wished(wish);
    let back = "resolved > new, Some(\"lee@contoso.example\") > None, classified as None, \
        incident None";
    check(&case, 1, back);
    let failed = EffectState::Overtaken { at: Timestamp::UNIX_EPOCH };
    let asked = BTreeMap::from([(EffectId("1/change".to_owned()), failed)]);
    check(&Case { asked, ..case }, 1, "incident None");

    let tagged = Case::of(GRAPH).wished(r#"{ "tags": { "add": ["a", "b"] } }"#);
    check(&tagged, 1, "+{} -{\"a\", \"b\"}");
    let fewer = tagged.wished(r#"{ "tags": { "remove": ["a"] } }"#);
    check(&fewer, 1, "+{} -{\"b\"}");
    check(&fewer, 2, "+{\"a\"} -{}");
    let none = fewer.wished(r#"{ "tags": { "remove": ["b"] } }"#);
    check(&none, 1, "this cannot be undone: nothing of it is left");

    let said = Case::of(GRAPH).act(Wish::parse_comment(r#"{ "comment": "x" }"#).unwrap());
    check(&said, 1, "this cannot be undone: what was said stays where it was said");
    let apps = Case::of(APPS).wished(r#"{ "tags": { "add": ["a"] } }"#);
    check(&apps, 1, "+{} -{\"a\"}");
}

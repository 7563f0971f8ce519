//! The shapes of actions, and what a list of them may be asked.

use defuse_domain::{ActionKind, ActionState, ServiceSource};
use serde_json::{Value, json};

use crate::{
    alerts::ALERT as ALERT_SHAPE,
    route::Parameter,
    shape::{Shape, list, object, or_null, short, text, time, words},
};

/// Actions, a page of them
pub(super) const ACTIONS: Shape = Shape {
    name: "Actions",
    schema: || object(&[("actions", list(action()))], &[("next", text())]),
};
/// An action
pub(super) const ACTION: Shape = Shape { name: "Action", schema: action };
/// What came of undoing one
pub(super) const UNDONE: Shape = Shape {
    name: "Undone",
    schema: || {
        let alert = json!({ "$ref": format!("#/components/schemas/{}", ALERT_SHAPE.name) });
        let again = json!({ "type": "boolean" });
        object(&[("alert", alert), ("stays", list(stay())), ("wasUndone", again)], &[])
    },
};

pub(super) const STATE: Parameter = Parameter {
    name: "state",
    about: "Only those that stand like that",
    schema: Shape { name: "ActionState", schema: states },
};
pub(super) const KIND: Parameter = Parameter {
    name: "kind",
    about: "Only those with a part of that kind",
    schema: Shape { name: "ActionKind", schema: kinds },
};
pub(super) const PERSON: Parameter = Parameter {
    name: "person",
    about: "Only those of that person, by id or name",
    schema: Shape { name: "PersonName", schema: || short(256) },
};
pub(super) const RULE: Parameter = Parameter {
    name: "rule",
    about: "Only those of that playbook or tuning rule",
    schema: Shape { name: "RuleName", schema: || short(256) },
};
pub(super) const ALERT: Parameter = Parameter {
    name: "alert",
    about: "Only those on that alert, however old",
    schema: Shape { name: "AlertIdText", schema: alert_id },
};
pub(super) const SOURCE: Parameter = Parameter {
    name: "serviceSource",
    about: "Only those on alerts of that service",
    schema: Shape {
        name: "ServiceSourceName",
        schema: || words(ServiceSource::ALL.iter().map(|it| it.name())),
    },
};
pub(super) const SINCE: Parameter = Parameter {
    name: "since",
    about: "Not before; 30 days before `until` if it is left out",
    schema: Shape { name: "Since", schema: time },
};
pub(super) const UNTIL: Parameter = Parameter {
    name: "until",
    about: "Not after; now if it is left out",
    schema: Shape { name: "Until", schema: time },
};

fn alert_id() -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": 256, "pattern": "^[^\\s]+$" })
}

fn states() -> Value {
    words(ActionState::ALL.iter().map(|it| it.name()))
}

fn kinds() -> Value {
    words(ActionKind::ALL.iter().map(|it| it.name()))
}

fn stay() -> Value {
    object(&[("kind", kinds()), ("why", text())], &[])
}

fn action() -> Value {
    let alert = object(
        &[("id", text()), ("title", or_null(text())), ("serviceSource", or_null(text()))],
        &[],
    );
    let person = or_null(object(&[("id", text()), ("name", text())], &[]));
    let by = object(
        &[("person", person), ("playbooks", list(text())), ("tuningRules", list(text()))],
        &[],
    );
    let part = object(
        &[
            ("kind", kinds()),
            ("from", or_null(text())),
            ("to", or_null(text())),
            ("state", words(["outstanding", "done", "overtaken", "refused"])),
            ("at", or_null(time())),
            ("answer", or_null(text())),
        ],
        &[],
    );
    let undo = object(
        &[
            ("isPossible", json!({ "type": "boolean" })),
            ("why", or_null(text())),
            ("stays", list(stay())),
        ],
        &[],
    );
    object(
        &[
            ("id", text()),
            ("at", time()),
            ("state", states()),
            ("alert", alert),
            ("by", by),
            ("parts", list(part)),
            ("undo", undo),
            ("undoes", or_null(text())),
            ("undoneBy", or_null(text())),
            ("bulk", or_null(text())),
        ],
        &[],
    )
}

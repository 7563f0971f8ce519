//! The shapes of what is sent and answered, as JSON Schema.

use defuse_domain::{
    CLASSIFICATIONS, Classification, ServiceSource, Severity, Status, TAGS_MAX, Wish,
};
use serde_json::{Value, json};

/// The shape of a body
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// This API
    Document,
    /// Who asks
    Me,
    /// An alert, as it stands
    Alert,
    /// What is to change of an alert
    AlertChange,
    /// What is said of an alert
    NewComment,
    /// Everything that happened
    History,
    /// Every token
    Tokens,
    /// What a token is to be
    NewToken,
    /// A token, with its secret
    CreatedToken,
    /// That a token is revoked
    Revoked,
    /// Why a request is refused
    Problem,
}

impl Shape {
    /// Every shape
    pub const ALL: [Self; 11] = [
        Self::Document,
        Self::Me,
        Self::Alert,
        Self::AlertChange,
        Self::NewComment,
        Self::History,
        Self::Tokens,
        Self::NewToken,
        Self::CreatedToken,
        Self::Revoked,
        Self::Problem,
    ];

    /// Its name in the document
    pub const fn name(self) -> &'static str {
        match self {
            Self::Document => "Document",
            Self::Me => "Me",
            Self::Alert => "Alert",
            Self::AlertChange => "AlertChange",
            Self::NewComment => "NewComment",
            Self::History => "History",
            Self::Tokens => "Tokens",
            Self::NewToken => "NewToken",
            Self::CreatedToken => "CreatedToken",
            Self::Revoked => "Revoked",
            Self::Problem => "Problem",
        }
    }

    /// The schema
    pub fn schema(self) -> Value {
        match self {
            Self::Document => json!({ "type": "object" }),
            Self::Me => object(&[("id", text()), ("name", text()), ("grants", grants())], &[]),
            Self::Alert => alert(),
            Self::AlertChange => change(),
            Self::NewComment => object(&[("comment", short(1_000))], &[]),
            Self::History => history(),
            Self::Tokens => object(&[("tokens", list(token()))], &[]),
            Self::NewToken => object(
                &[("name", short(64)), ("grants", grants())],
                &[("days", json!({ "type": "integer", "minimum": 1, "maximum": 365 }))],
            ),
            Self::CreatedToken => object(&[("token", text()), ("stored", token())], &[]),
            Self::Revoked => object(&[("id", text())], &[]),
            Self::Problem => problem(),
        }
    }
}

/// An object with those fields, and those that may be left out
fn object(required: &[(&str, Value)], optional: &[(&str, Value)]) -> Value {
    let names: Vec<&str> = required.iter().map(|(name, _)| *name).collect();
    let all = required.iter().chain(optional);
    let properties: serde_json::Map<String, Value> =
        all.map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": names,
        "additionalProperties": false,
    })
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn short(max: usize) -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": max, "pattern": "\\S" })
}

fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn or_null(schema: Value) -> Value {
    json!({ "anyOf": [schema, { "type": "null" }] })
}

fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

fn words<'a>(words: impl IntoIterator<Item = &'a str>) -> Value {
    json!({ "type": "string", "enum": words.into_iter().collect::<Vec<_>>() })
}

/// A determination belongs to its classification
fn classification() -> Value {
    let pairs = CLASSIFICATIONS.into_iter().map(|name| {
        let determinations = words(Classification::determinations_of(name));
        object(&[(name, determinations)], &[])
    });
    json!({ "oneOf": pairs.collect::<Vec<Value>>() })
}

fn grants() -> Value {
    let sources = list(words(ServiceSource::ALL.iter().map(|it| it.name())));
    let scope = object(&[], &[("serviceSources", sources), ("deviceGroups", list(text()))]);
    list(object(&[("role", short(64))], &[("scope", scope)]))
}

fn alert() -> Value {
    let told = object(
        &[
            ("id", text()),
            ("state", words(["outstanding", "done", "overtaken", "refused"])),
            ("at", or_null(time())),
            ("answer", or_null(text())),
        ],
        &[],
    );
    object(
        &[
            ("id", text()),
            ("version", json!({ "type": "integer" })),
            ("state", words(["pending", "open", "hidden", "resolved"])),
            ("status", or_null(words(Status::ALL.iter().map(|it| it.name())))),
            ("assignedTo", or_null(text())),
            ("classification", or_null(classification())),
            ("tags", list(text())),
            ("decidedBy", or_null(text())),
            ("source", text()),
            ("sourceTold", list(told)),
            ("revision", text()),
            ("title", or_null(text())),
            ("description", or_null(text())),
            ("severity", or_null(words(Severity::ALL.iter().map(|it| it.name())))),
            ("serviceSource", or_null(text())),
            ("productName", or_null(text())),
            ("category", or_null(text())),
            ("incidentId", or_null(text())),
            ("deviceGroups", list(text())),
            ("users", list(text())),
            ("created", or_null(time())),
            ("firstActivity", or_null(time())),
            ("lastActivity", or_null(time())),
            ("url", or_null(text())),
        ],
        &[],
    )
}

fn change() -> Value {
    let [status, assigned_to, classified, tags] = Wish::FIELDS;
    let [add, remove] = Wish::TAGS;
    let tag_list = json!({
        "type": "array", "items": short(64), "minItems": 1, "maxItems": TAGS_MAX,
    });
    let person = json!({
        "type": "string", "maxLength": 113, "pattern": "^[^@\\s]+@[^@\\s]+$",
    });
    object(
        &[],
        &[
            (status, words(Status::ALL.iter().map(|it| it.name()))),
            (assigned_to, or_null(person)),
            (classified, or_null(classification())),
            (tags, object(&[], &[(add, tag_list.clone()), (remove, tag_list)])),
        ],
    )
}

fn history() -> Value {
    let chain = object(
        &[("acts", json!({ "type": "integer" })), ("isWhole", json!({ "type": "boolean" }))],
        &[("broken", json!({ "type": "integer" })), ("isChanged", json!({ "type": "boolean" }))],
    );
    let entry = json!({ "type": "object", "minProperties": 1, "maxProperties": 1 });
    object(&[("entries", list(entry)), ("chain", chain)], &[])
}

fn token() -> Value {
    object(
        &[
            ("id", text()),
            ("name", text()),
            ("grants", grants()),
            ("created", time()),
            ("createdBy", text()),
            ("expires", time()),
            ("revoked", or_null(time())),
            ("used", or_null(time())),
        ],
        &[],
    )
}

fn problem() -> Value {
    json!({
        "type": "object",
        "properties": {
            "type": text(), "title": text(), "status": { "type": "integer" }, "code": text(),
            "detail": text(), "help": text(), "requestId": text(),
            "problems": list(json!({ "type": "object" })),
        },
        "required": ["type", "title", "status", "code", "detail", "help", "requestId"],
    })
}

//! JSON Schemas of the documents that people write, for editors that complete and mark.
//!
//! Names, words and bounds are those that the reader uses, so a schema never refuses what the
//! reader takes. The reader refuses more: sums over a whole document, and what two parts of it
//! say together.

mod condition;
mod facts;
pub(crate) mod form;
mod playbook;
mod settings;
mod tuning;
mod written;

use serde_json::{Map, Value, json};

use self::form::{described, text, titled, usual};
pub use self::written::schema_text;
use crate::{
    fact::UnknownReason,
    facts_document::{TEXT_LENGTH_MAX, UNKNOWN},
    organisation::NAME_LENGTH_MAX,
    rule_name,
};

/// The JSON Schema of a playbook.
///
/// ```
/// let schema = defuse_domain::playbook_schema();
/// assert_eq!(schema["properties"]["mode"]["enum"][2], "enforce");
/// ```
pub fn playbook_schema() -> Value {
    document("playbook", playbook::schema(), playbook::definitions())
}

/// The JSON Schema of `settings.yaml`
pub fn settings_schema() -> Value {
    document("settings", settings::schema(), settings::definitions())
}

/// The JSON Schema of a file of facts
pub fn facts_schema() -> Value {
    document("facts", facts::schema(), facts::definitions())
}

/// The JSON Schema of a tuning rule
pub fn tuning_rule_schema() -> Value {
    document("tuning-rule", tuning::schema(), tuning::definitions())
}

/// A whole schema: what a document is, and the parts that it refers to
fn document(name: &str, schema: Value, definitions: Vec<(String, Value)>) -> Value {
    let definitions: Map<String, Value> = definitions.into_iter().collect();
    let head = [
        ("$schema", json!("https://json-schema.org/draft/2020-12/schema")),
        ("$id", json!(format!("urn:defuse:v1:schema:{name}"))),
        ("$defs", Value::Object(definitions)),
    ];
    head.into_iter().fold(schema, |schema, (keyword, value)| form::with(schema, keyword, value))
}

/// A list of names, which may be empty
fn names() -> Value {
    let list = json!({ "type": "array", "items": text(NAME_LENGTH_MAX) });
    titled(described(list, "Compared without regard to case."), "Names")
}

/// The name of a playbook or tuning rule
fn rule_name() -> Value {
    form::with(text(rule_name::NAME_LENGTH_MAX), "pattern", json!("^[a-z0-9-]+$"))
}

/// `{ unknown: timedOut }`
fn unknown() -> Value {
    let reasons = UnknownReason::ALL.iter().map(|it| it.name());
    let schema = form::required(usual(text(TEXT_LENGTH_MAX), reasons));
    let schema = form::object([UNKNOWN], [schema]);
    titled(described(schema, "Not known, for that reason."), "Unknown")
}

/// A value of that form, or `{ unknown: timedOut }`
fn given(schema: Value) -> Value {
    form::either([schema, form::reference("unknown")])
}

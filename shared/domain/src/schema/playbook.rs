//! A playbook, as JSON Schema.

use serde_json::{Value, json};

use super::{
    condition,
    form::{
        any_text, boolean, described, duration, either, map_of, number_between, object, optional,
        positive_duration, range, reference, required, short_list_of, text, time, titled, usual,
        variant, with, word, words,
    },
    given, names, rule_name, unknown,
};
use crate::{
    classification::{CLASSIFICATIONS, Classification},
    condition::May,
    criterion,
    fact::RiskLevel,
    notification::Template,
    playbook::{
        API_VERSION, CASES_MAX, Case, DESCRIPTION_LENGTH_MAX, LIMIT_MAX, Limits, Mode, Playbook,
        action::{
            self, ACTIONS_MAX, COMMENT_LENGTH_MAX, NOTIFY, OTHERWISE, PRINCIPAL_NAME_LENGTH_MAX,
            THEN,
        },
        case::{Known, OPEN_ALERTS_MAX, OUTCOMES, REPLIES, SCHEDULED, TEXT_LENGTH_MAX, USERS},
    },
};

pub(super) fn schema() -> Value {
    let modes = words(Mode::ALL.iter().map(|it| it.name()));
    let mode = "`shadow`: its decision is recorded and nothing else happens. \
        `approve`: a person says yes first. `enforce`: it acts.";
    let otherwise = "What is done when the criteria are not met, or nobody can say.";
    let cases = short_list_of(reference("case"), CASES_MAX);
    let fields = [
        required(described(word(API_VERSION), "The version of the format.")),
        required(described(word("Playbook"), "What the document is.")),
        required(described(
            rule_name(),
            "Lower-case letters, digits and hyphens; no two share one.",
        )),
        required(described(text(DESCRIPTION_LENGTH_MAX), "What it is for.")),
        required(described(text(DESCRIPTION_LENGTH_MAX), "Who answers for it.")),
        required(described(modes, mode)),
        required(described(reference("trigger"), "Which alerts it is about.")),
        required(described(reference("criteria"), "What must be true; unknown is not true.")),
        optional(described(reference("limits"), "Needed of a playbook that resolves.")),
        required(described(reference("then"), "What is done when the criteria are met.")),
        required(described(reference("otherwise"), otherwise)),
        optional(described(cases, "Its own tests.")),
    ];
    let schema = titled(object(Playbook::FIELDS, fields), "Playbook");
    let about = "Which alerts it is about, what must be true of them, and what is then done.";
    limits_where_it_resolves(described(schema, about))
}

fn limits_where_it_resolves(schema: Value) -> Value {
    let resolves = json!({ "type": "object", "required": ["resolve"] });
    let limited =
        json!({ "required": ["limits"], "properties": { "limits": { "minProperties": 1 } } });
    let condition = json!({
        "required": ["then"],
        "properties": { "then": { "type": "array", "contains": resolves } },
    });
    with(with(schema, "if", condition), "then", limited)
}

pub(super) fn definitions() -> Vec<(String, Value)> {
    let own = [
        ("boolean", boolean()),
        ("duration", duration()),
        ("positiveDuration", positive_duration()),
        ("time", time()),
        ("range", range()),
        ("names", names()),
        ("unknown", unknown()),
        ("limits", limits()),
        ("classification", classification()),
        ("notify", notify()),
        ("then", actions("What is done when the criteria are met", THEN)),
        ("otherwise", otherwise()),
        ("case", case()),
        ("caseFacts", titled(properties_of_facts(true), "Facts of a test")),
        ("userFacts", titled(properties_of_facts(false), "Facts of one user")),
        ("replies", given(replies())),
    ];
    let own = own.into_iter().map(|(name, schema)| (name.to_owned(), schema));
    own.chain(condition::definitions(&[May::AskTheAlert, May::AskAnything])).collect()
}

fn limits() -> Value {
    let limit = |about| optional(described(number_between(1, LIMIT_MAX), about));
    let fields = [
        limit("In an hour of the clock (UTC)."),
        limit("In a day (UTC)."),
        limit("For one user in a day (UTC)."),
    ];
    titled(described(object(Limits::FIELDS, fields), "How often it may resolve."), "Limits")
}

/// One classification with one of its own determinations
fn classification() -> Value {
    let pairs = CLASSIFICATIONS.map(|it| (it, words(Classification::determinations_of(it))));
    let about =
        "What the alert turned out to be: a classification with a determination of its own.";
    titled(described(variant(pairs), about), "Classification")
}

fn notify() -> Value {
    let channel = described(text(action::NAME_LENGTH_MAX), "A channel of the settings.");
    let template = words(Template::ALL.iter().map(|it| it.name()));
    let template = described(template, "What it is about; it decides wording and colour.");
    titled(object(NOTIFY, [required(channel), required(template)]), "Tell people")
}

fn actions<const N: usize>(title: &str, names: [&'static str; N]) -> Value {
    let actions = names.map(|name| (name, action(name)));
    titled(short_list_of(variant(actions), ACTIONS_MAX), title)
}

fn action(name: &str) -> Value {
    match name {
        "resolve" => described(reference("classification"), "Resolves the alert at its source."),
        "assign" => {
            let about = "Assigns the alert at its source to that user, unless somebody has it.";
            described(principal_name(), about)
        }
        "comment" => described(text(COMMENT_LENGTH_MAX), "Comments on the alert at its source."),
        "tag" => described(text(action::NAME_LENGTH_MAX), "Tags the alert; tags are our own."),
        _ => described(reference("notify"), "Tells people in a channel."),
    }
}

fn principal_name() -> Value {
    let pattern = "^[^@]+@[^@]+$";
    json!({ "type": "string", "pattern": pattern, "maxLength": PRINCIPAL_NAME_LENGTH_MAX })
}

/// It cannot resolve, and it must tell somebody
fn otherwise() -> Value {
    let tells = json!({ "type": "object", "required": ["notify"] });
    let schema = actions("What is done otherwise", OTHERWISE);
    let about = "Somebody must be told of an alert that stays open.";
    described(with(schema, "contains", tells), about)
}

fn case() -> Value {
    let short = |about| required(described(text(TEXT_LENGTH_MAX), about));
    let [resolved, open] = OUTCOMES;
    let because = usual(any_text(), criterion::NAMES);
    let because = described(because, "Open because that fact is unknown.");
    let expect = either([words([resolved, open]), variant([(open, because)])]);
    let fields = [
        short("What it shows."),
        short("The file with the alert, from the project's folder."),
        optional(described(reference("time"), "When it is decided; else the alert's newest time.")),
        optional(described(reference("caseFacts"), "What is known.")),
        required(described(expect, "What is to come of it.")),
    ];
    titled(object(Case::FIELDS, fields), "Test")
}

/// What a case says of every user, and then of some by name; or what it says of one
fn properties_of_facts(of_everybody: bool) -> Value {
    let risk = words(RiskLevel::ALL.iter().map(|it| it.name()));
    let facts = [
        reference("replies"),
        given(reference("boolean")),
        given(risk),
        given(reference("names")),
        given(reference("names")),
        given(described(number_between(0, OPEN_ALERTS_MAX), "How many.")),
        given(described(
            reference("boolean"),
            "Whether all that it is about is listed, or nothing.",
        )),
        described(reference("duration"), "How long ago all of it was read."),
    ];
    let own = Known::FIELDS.into_iter().zip(facts);
    let users = described(map_of(reference("userFacts")), "By id or principal name.");
    super::form::properties(own.chain(of_everybody.then_some((USERS, users))))
}

fn replies() -> Value {
    let [disabled, always_enabled, scheduled] = REPLIES;
    let moment = |about| required(described(reference("duration"), about));
    let times = [moment("From the time of deciding."), moment("From the time of deciding.")];
    let schema = either([
        words([disabled, always_enabled]),
        variant([(scheduled, object(SCHEDULED, times))]),
    ]);
    titled(schema, "Automatic replies")
}

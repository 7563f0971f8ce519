//! The settings, as JSON Schema.

use serde_json::{Value, json};

use super::{
    form::{
        Field, at_least_one, boolean, described, list_of, map_of, object, optional, range,
        reference, required, text, titled, variant, word, words,
    },
    names,
};
use crate::{
    fact::RiskLevel,
    organisation::{HighRisk, Organisation},
    playbook::API_VERSION,
    settings::{
        Channel, ChannelKind, CloudAppsSettings, GraphSettings, PLACES, Settings, TEXT_LENGTH_MAX,
    },
};

pub(super) fn schema() -> Value {
    let [api_version, kind, graph, cloud_apps, channels, receive, operations] = Settings::FIELDS;
    let [high_risk, named_ranges, user_tags] = Organisation::FIELDS;
    let names = [
        api_version,
        kind,
        graph,
        cloud_apps,
        channels,
        receive,
        operations,
        high_risk,
        named_ranges,
        user_tags,
    ];
    let field = |schema, about| optional(described(schema, about));
    let ranges = map_of(list_of(reference("range")));
    let high_risk = "Who is at high risk: any one of these is enough, and all must be known for \
        \"is not\".";
    let fields = [
        required(described(word(API_VERSION), "The version of the format.")),
        required(described(word("Settings"), "What the document is.")),
        field(graph_schema(), "How to reach Microsoft Graph."),
        field(cloud_apps_schema(), "How to reach Defender for Cloud Apps."),
        field(map_of(reference("channel")), "Where people are told, by name."),
        field(receive_schema(), "Whose alerts are taken."),
        field(operations_schema(), "Where those are told who run this."),
        field(high_risk_schema(), high_risk),
        field(ranges, "Address ranges that criteria can name."),
        field(map_of(reference("names")), "Our own tags of users, by id or principal name."),
    ];
    let about = "Whom Defuse asks, whom it tells, and what the organisation says of itself.";
    titled(described(object(names, fields), about), "Settings")
}

pub(super) fn definitions() -> Vec<(String, Value)> {
    let own = [
        ("address", address()),
        ("secret", secret()),
        ("channel", channel()),
        ("names", names()),
        ("range", range()),
    ];
    own.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

fn address() -> Value {
    let schema = json!({ "type": "string", "pattern": "^https?://", "maxLength": TEXT_LENGTH_MAX });
    titled(schema, "Address")
}

/// Where a secret is; the secret itself does not belong in a file
fn secret() -> Value {
    let [env, secrets_manager] = PLACES;
    let place = |about| described(text(TEXT_LENGTH_MAX), about);
    let places = [
        (env, place("The environment variable that has it.")),
        (secrets_manager, place("Its name or ARN at AWS Secrets Manager.")),
    ];
    titled(described(variant(places), "Where the secret is."), "Secret")
}

fn secret_field(about: &str) -> Field {
    required(described(reference("secret"), about))
}

fn graph_schema() -> Value {
    let fields = [
        required(described(reference("address"), "`https://graph.microsoft.com/v1.0`")),
        required(described(reference("address"), "Where tokens are to be had.")),
        required(described(text(TEXT_LENGTH_MAX), "The application's id.")),
        secret_field("The application's secret."),
        optional(described(boolean(), "Whether it is asked for its alerts; on if not said.")),
    ];
    object(GraphSettings::FIELDS, fields)
}

fn cloud_apps_schema() -> Value {
    let fields = [
        required(described(reference("address"), "The tenant's address of the API.")),
        secret_field("The API token."),
        optional(described(boolean(), "Whether it is asked for its alerts; off if not said.")),
    ];
    object(CloudAppsSettings::FIELDS, fields)
}

fn channel() -> Value {
    let kinds = words(ChannelKind::ALL.iter().map(|it| it.name()));
    let key = "What a plain webhook is signed with (`whsec_…`).";
    let fields = [
        required(described(kinds, "Teams (a Workflows webhook), Slack or a plain webhook.")),
        secret_field("The address to post to; whoever has it can post."),
        optional(described(reference("secret"), key)),
    ];
    titled(object(Channel::FIELDS, fields), "Channel")
}

fn receive_schema() -> Value {
    let secrets = |about| optional(described(list_of(reference("secret")), about));
    let fields = [
        secrets("Keys (`whsec_…`) that senders sign with; two while one is replaced."),
        secrets("Tokens of senders that cannot sign."),
    ];
    object(Settings::RECEIVE, fields)
}

fn operations_schema() -> Value {
    let about = "The channel that hears when a source cannot be read, by name.";
    object(Settings::OPERATIONS, [required(described(text(TEXT_LENGTH_MAX), about))])
}

fn high_risk_schema() -> Value {
    let levels = RiskLevel::ALL.iter().filter(|it| **it > RiskLevel::None).map(|it| it.name());
    let user_risk = object(HighRisk::USER_RISK, [required(words(levels))]);
    let fields = [
        optional(described(user_risk, "A risk in Entra ID of at least that level.")),
        optional(described(reference("names"), "Membership of a group, by id or display name.")),
        optional(described(reference("names"), "One of our own tags.")),
    ];
    at_least_one(object(HighRisk::FIELDS, fields))
}

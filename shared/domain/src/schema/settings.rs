//! The settings, as JSON Schema.

use serde_json::{Value, json};

use super::{
    form::{
        Field, at_least_one, boolean, described, either, list_of, map_of, number_between, object,
        optional, range, reference, required, text, titled, variant, with, with_one_of,
        with_property, word, words,
    },
    names,
};
use crate::{
    fact::RiskLevel,
    organisation::{HighRisk, Organisation},
    playbook::API_VERSION,
    principal::RoleName,
    services::{EntraIdProtection, Services},
    settings::{
        ApiSettings, Application, BASE_URL, Channel, ChannelKind, ClaimedRole, CloudAppsSettings,
        Credential, GraphSettings, Oidc, PLACES, POLLS, Settings, TEXT_LENGTH_MAX,
    },
    source::ServiceSource,
};

const ENDPOINT: &str = "How to reach Defender for Endpoint, which our allow list is written to.";

pub(super) fn schema() -> Value {
    let [
        api_version,
        kind,
        graph,
        cloud_apps,
        endpoint,
        channels,
        receive,
        services,
        operations,
        api,
    ] = Settings::FIELDS;
    let [high_risk, named_ranges, user_tags] = Organisation::FIELDS;
    let names = [
        api_version,
        kind,
        graph,
        cloud_apps,
        endpoint,
        channels,
        receive,
        services,
        operations,
        api,
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
        field(service("`https://api.securitycenter.microsoft.com`"), ENDPOINT),
        field(map_of(reference("channel")), "Where people are told, by name."),
        field(receive_schema(), "Whose alerts are taken."),
        field(services_schema(), "Which alerts of which service are taken at all."),
        field(operations_schema(), "Where those are told who run this."),
        field(api_schema(), "Who may use the API, beside those with a token of ours."),
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
    let poll = described(boolean(), "Whether it is asked for its alerts; on if not said.");
    let service = with_property(service("`https://graph.microsoft.com/v1.0`"), POLLS, poll);
    let about = "The mailbox, by address or id, that asks once an hour what the users of alerts reply \
        automatically; nobody is looked at if not said.";
    let mailbox = described(text(TEXT_LENGTH_MAX), about);
    with_property(service, GraphSettings::MAIL_TIPS_FROM, mailbox)
}

fn cloud_apps_schema() -> Value {
    const ADDRESS: &str = "The tenant's address of the API.";
    const POLL: &str = "Whether it is asked for its alerts; off if not said.";
    let fields = [
        required(described(reference("address"), ADDRESS)),
        secret_field("An API token of Cloud Apps' own."),
        optional(described(boolean(), POLL)),
    ];
    let with_a_token = object([BASE_URL, CloudAppsSettings::TOKEN, POLLS], fields);
    let polled = with_property(service(ADDRESS), POLLS, described(boolean(), POLL));
    either([with_a_token, polled])
}

/// A service at which the application signs in
fn service(address: &'static str) -> Value {
    let [token_url, client_id] = Application::FIELDS;
    let [client_secret, certificate, workload_identity] = Credential::FIELDS;
    let names = [BASE_URL, token_url, client_id, client_secret, certificate, workload_identity];
    let key = "Its private key and the certificate itself, as PEM.";
    let certified = object(Credential::CERTIFICATE, [secret_field(key)]);
    let file = described(text(TEXT_LENGTH_MAX), "The file with the token.");
    let audience = "The audience of a token of AWS: `api://AzureADTokenExchange`.";
    let audience = described(text(TEXT_LENGTH_MAX), audience);
    let [token_file, aws_audience] = Credential::WORKLOAD_IDENTITY;
    let workload = variant([(token_file, file), (aws_audience, audience)]);
    let fields = [
        required(described(reference("address"), address)),
        required(described(reference("address"), "Where tokens are to be had.")),
        required(described(text(TEXT_LENGTH_MAX), "The application's id.")),
        optional(described(reference("secret"), "The application's secret.")),
        optional(described(certified, "A certificate that the application has in Entra ID.")),
        optional(described(workload, "A token of somebody whom the application trusts.")),
    ];
    with_one_of(object(names, fields), &Credential::FIELDS)
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
    let list = |about| described(list_of(reference("secret")), about);
    let secrets = |about| optional(list(about));
    let shown = required(list(
        "What subscriptions have as `clientState`, as long as 128 characters; two while one is \
         replaced.",
    ));
    let notifications =
        "Change notifications of Microsoft Graph; they are hints, and bring no alert.";
    let fields = [
        secrets("Keys (`whsec_…`) that senders sign with; two while one is replaced."),
        secrets("Tokens of senders that cannot sign."),
        optional(described(object(Settings::GRAPH_NOTIFICATIONS, [shown]), notifications)),
    ];
    object(Settings::RECEIVE, fields)
}

fn services_schema() -> Value {
    let levels = words(EntraIdProtection::ALL.iter().map(|it| it.name()));
    let about = "Alerts of Microsoft Entra ID Protection that are taken, by severity: none, high \
        (as where this is left out), high and medium, or all. Others are counted.";
    object(Services::FIELDS, [optional(described(levels, about))])
}

fn operations_schema() -> Value {
    let about = "The channel that hears when a source cannot be read, by name.";
    object(Settings::OPERATIONS, [required(described(text(TEXT_LENGTH_MAX), about))])
}

fn api_schema() -> Value {
    let place = |about| required(described(reference("address"), about));
    let oidc = [
        place("Who issues the tokens, exactly as they say it (`iss`)."),
        required(described(text(TEXT_LENGTH_MAX), "Whom they are for (`aud`).")),
        place("Where the issuer's keys are (JWKS)."),
    ];
    let names = |about| optional(described(reference("names"), about));
    let sources = ServiceSource::ALL.iter().map(|it| it.name());
    let claim = "What stands in the token's `roles` or `groups`.";
    let role = "Our role; one that a policy in `roles/` speaks of.";
    let roles = [
        required(described(text(TEXT_LENGTH_MAX), claim)),
        required(described(
            with(text(RoleName::LENGTH_MAX), "pattern", json!("^[A-Za-z0-9]+$")),
            role,
        )),
        optional(described(list_of(words(sources)), "Of these service sources only.")),
        names("Of devices in these groups only."),
    ];
    let fields = [
        optional(described(object(Oidc::FIELDS, oidc), "Who says who people are.")),
        optional(described(list_of(object(ClaimedRole::FIELDS, roles)), "Who may do what.")),
        optional(described(
            number_between(1, ApiSettings::REQUESTS_PER_MINUTE_MAX),
            "How many requests a minute somebody may send; 300 if it is left out.",
        )),
    ];
    object(ApiSettings::FIELDS, fields)
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

//! The settings of one installation: whom it asks, whom it tells, whose alerts it takes.
//!
//! Secrets are named here and never written: each is the name of an environment variable, or of a
//! secret at AWS Secrets Manager.

mod api;
mod application;
mod secret;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub(crate) use self::secret::PLACES;
use self::secret::secret;
pub use self::{
    api::{ApiSettings, ClaimedRole, Oidc},
    application::{Application, Credential},
    secret::SecretRef,
};
use crate::{
    diagnostic::{Code, Diagnostic, did_you_mean},
    document::{Cursor, Fields, Problems, read_yaml},
    organisation::Organisation,
    playbook::API_VERSION,
    services::Services,
    wire_name::wire_names,
};

/// The longest address or id, in characters
pub(crate) const TEXT_LENGTH_MAX: usize = 2_048;

/// How to reach Microsoft Graph
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GraphSettings {
    /// `https://graph.microsoft.com/v1.0`
    pub base_url: String,
    /// Who we are there
    pub application: Application,
    /// Whether it is asked for its alerts; on unless it says otherwise
    pub poll: bool,
    /// The mailbox that asks what others reply automatically; without it none is looked at
    pub mail_tips_from: Option<String>,
}

/// How to reach Defender for Cloud Apps
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudAppsSettings {
    /// `https://<tenant>.<region>.portal.cloudappsecurity.com/api/v1`
    pub base_url: String,
    /// Who we are there
    pub sign_in: CloudAppsSignIn,
    /// Whether it is asked for its alerts; off unless it says otherwise, since Graph has them too
    pub poll: bool,
}

/// How Defender for Cloud Apps knows us
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CloudAppsSignIn {
    /// By an API token of its own
    Token(SecretRef),
    /// By the application
    Application(Application),
}

/// How to reach Defender for Endpoint
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointSettings {
    /// `https://api.securitycenter.microsoft.com`
    pub base_url: String,
    /// Who we are there
    pub application: Application,
}

/// The address of a service
pub(crate) const BASE_URL: &str = "baseUrl";

/// Whether a service is asked for its alerts
pub(crate) const POLLS: &str = "poll";

impl GraphSettings {
    /// The field with the mailbox that asks what others reply automatically
    pub(crate) const MAIL_TIPS_FROM: &'static str = "mailTipsFrom";
}

impl CloudAppsSettings {
    /// The field with a token of its own
    pub(crate) const TOKEN: &'static str = "token";
}

wire_names! {
    /// What a channel is
    ChannelKind {
        Teams = "teams",
        Slack = "slack",
        Webhook = "webhook",
    }
}

/// Where people are told
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    /// Teams, Slack or a plain webhook
    pub kind: ChannelKind,
    /// The address to post to; whoever has it can post, so it is a secret
    pub url: SecretRef,
    /// What a plain webhook is signed with (`whsec_…`)
    pub signing_key: Option<SecretRef>,
}

impl Channel {
    /// The names of the fields
    pub(crate) const FIELDS: [&'static str; 3] = ["kind", "url", "signingKey"];
}

/// The settings of one installation
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Microsoft Graph, if it is asked
    pub graph: Option<GraphSettings>,
    /// Defender for Cloud Apps, if it is asked
    pub cloud_apps: Option<CloudAppsSettings>,
    /// Defender for Endpoint, if our allow list is written there
    pub endpoint: Option<EndpointSettings>,
    /// Channels by name
    pub channels: BTreeMap<String, Channel>,
    /// Keys (`whsec_…`) that senders of alerts sign with; two while one is replaced
    pub signing_keys: Vec<SecretRef>,
    /// Tokens of senders that cannot sign
    pub tokens: Vec<SecretRef>,
    /// What Graph shows with each change notification; two while one is replaced, none where it
    /// sends none
    pub client_states: Vec<SecretRef>,
    /// Which alerts of which service are taken at all
    pub services: Services,
    /// Where those are told who run this; nowhere but in the log unless it is named
    pub operations_channel: Option<String>,
    /// Who may use the API, beside those with a token of ours
    pub api: ApiSettings,
    /// What the organisation says of itself
    pub organisation: Organisation,
}

impl Settings {
    /// The names of the fields, beside those of [`Organisation`]
    pub(crate) const FIELDS: [&'static str; 10] = [
        "apiVersion",
        "kind",
        "graph",
        "cloudApps",
        "endpoint",
        "channels",
        "receive",
        "services",
        "operations",
        "api",
    ];

    /// The names of the fields of `receive`
    pub(crate) const RECEIVE: [&'static str; 3] = ["signingKeys", "tokens", "graphNotifications"];

    /// The names of the fields of `graphNotifications`
    pub(crate) const GRAPH_NOTIFICATIONS: [&'static str; 1] = ["clientStates"];

    /// The names of the fields of `operations`
    pub(crate) const OPERATIONS: [&'static str; 1] = ["channel"];

    /// Every secret that the settings name
    pub fn secrets(&self) -> Vec<&SecretRef> {
        let channels = self.channels.values();
        let graph = self.graph.iter().filter_map(|it| it.application.credential.secret());
        let cloud_apps = self.cloud_apps.iter().filter_map(|it| match &it.sign_in {
            CloudAppsSignIn::Token(token) => Some(token),
            CloudAppsSignIn::Application(application) => application.credential.secret(),
        });
        let endpoint = self.endpoint.iter().filter_map(|it| it.application.credential.secret());
        graph
            .chain(cloud_apps)
            .chain(endpoint)
            .chain(channels.flat_map(|it| std::iter::once(&it.url).chain(&it.signing_key)))
            .chain(&self.signing_keys)
            .chain(&self.tokens)
            .chain(&self.client_states)
            .collect()
    }

    /// Reads `settings.yaml`, or says everything that is wrong with it
    pub fn parse(file: &str, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let node = read_yaml(file, text).map_err(|problem| vec![problem])?;
        let problems = Problems::new(file);
        let settings = Self::read(&Cursor::new(&node, &problems));
        problems.finish(settings)
    }

    fn read(at: &Cursor<'_>) -> Option<Self> {
        let fields = at.fields(&[&Self::FIELDS[..], &Organisation::FIELDS].concat())?;
        let api = fields.require("apiVersion").and_then(|it| it.word("version", &[API_VERSION]));
        let kind = fields.require("kind").and_then(|it| it.word("kind", &["Settings"]));
        let graph = fields.or("graph", None, |it| graph(it).map(Some));
        let cloud_apps = fields.or("cloudApps", None, |it| cloud_apps(it).map(Some));
        let endpoint = fields.or("endpoint", None, |it| endpoint(it).map(Some));
        let channels = fields.or("channels", BTreeMap::new(), channels);
        let receive = fields.or("receive", (Vec::new(), Vec::new(), Vec::new()), |it| {
            let fields = it.fields(&Self::RECEIVE)?;
            let keys = fields.or("signingKeys", Vec::new(), |it| it.list_of(secret));
            let tokens = fields.or("tokens", Vec::new(), |it| it.list_of(secret));
            let client_states = fields.or("graphNotifications", Vec::new(), |it| {
                let fields = it.fields(&Self::GRAPH_NOTIFICATIONS)?;
                fields.require("clientStates").and_then(|it| it.list_of(secret))
            });
            Some((keys?, tokens?, client_states?))
        });
        let services = fields.or("services", Services::default(), Services::read);
        let named = channels.as_ref();
        let operations = fields.or("operations", None, |it| {
            let fields = it.fields(&Self::OPERATIONS)?;
            fields.require("channel").and_then(|it| known_channel(it, named)).map(Some)
        });
        let api_settings = fields.or("api", ApiSettings::default(), ApiSettings::read);
        let organisation = Organisation::read(&fields);
        api?;
        kind?;
        let (signing_keys, tokens, client_states) = receive?;
        Some(Self {
            graph: graph?,
            cloud_apps: cloud_apps?,
            endpoint: endpoint?,
            channels: channels?,
            signing_keys,
            tokens,
            client_states,
            services: services?,
            operations_channel: operations?,
            api: api_settings?,
            organisation: organisation?,
        })
    }
}

fn graph(at: &Cursor<'_>) -> Option<GraphSettings> {
    let own = [BASE_URL, POLLS, GraphSettings::MAIL_TIPS_FROM];
    let known = [&own[..], &Application::FIELDS, &Credential::FIELDS].concat();
    let fields = at.fields(&known)?;
    let base_url = url(&fields, BASE_URL);
    let credential = fields.exactly_one("credential", &Credential::FIELDS);
    let application = Application::read(&fields, credential);
    let poll = fields.or(POLLS, true, Cursor::boolean);
    let mail_tips_from = fields
        .or(GraphSettings::MAIL_TIPS_FROM, None, |it| it.short_text(TEXT_LENGTH_MAX).map(Some));
    Some(GraphSettings {
        base_url: base_url?,
        application: application?,
        poll: poll?,
        mail_tips_from: mail_tips_from?,
    })
}

/// Either with a token of its own, or by the application
fn cloud_apps(at: &Cursor<'_>) -> Option<CloudAppsSettings> {
    let credentials = [&[CloudAppsSettings::TOKEN][..], &Credential::FIELDS].concat();
    let known = [&[BASE_URL, POLLS][..], &Application::FIELDS, &credentials].concat();
    let fields = at.fields(&known)?;
    let base_url = url(&fields, BASE_URL);
    let poll = fields.or(POLLS, false, Cursor::boolean);
    let sign_in = match fields.exactly_one("credential", &credentials)? {
        (CloudAppsSettings::TOKEN, at) => {
            for name in Application::FIELDS {
                if let Some(at) = fields.get(name) {
                    let message = format!("`{name}` says nothing beside `token`");
                    at.problem(Code::UnknownKey, message, Some("leave it out".to_owned()));
                }
            }
            secret(at).map(CloudAppsSignIn::Token)
        }
        credential => {
            Application::read(&fields, Some(credential)).map(CloudAppsSignIn::Application)
        }
    };
    Some(CloudAppsSettings { base_url: base_url?, sign_in: sign_in?, poll: poll? })
}

fn endpoint(at: &Cursor<'_>) -> Option<EndpointSettings> {
    let known = [&[BASE_URL][..], &Application::FIELDS, &Credential::FIELDS].concat();
    let fields = at.fields(&known)?;
    let base_url = url(&fields, BASE_URL);
    let credential = fields.exactly_one("credential", &Credential::FIELDS);
    let application = Application::read(&fields, credential);
    Some(EndpointSettings { base_url: base_url?, application: application? })
}

/// The name of one of the channels; where those cannot be read, any
fn known_channel(at: &Cursor<'_>, channels: Option<&BTreeMap<String, Channel>>) -> Option<String> {
    let name = at.short_text(TEXT_LENGTH_MAX)?;
    let Some(channels) = channels.filter(|it| !it.contains_key(&name)) else { return Some(name) };
    let near = did_you_mean(&name, channels.keys().map(String::as_str));
    let help = near.map_or_else(
        || "add it to `channels` in settings.yaml".to_owned(),
        |it| format!("did you mean `{it}`?"),
    );
    let message = format!("the settings have no channel `{name}`");
    at.problem(Code::UnknownReference, message, Some(help));
    None
}

fn channels(at: &Cursor<'_>) -> Option<BTreeMap<String, Channel>> {
    let entries = at.entries()?;
    let read: Vec<Option<(String, Channel)>> = entries
        .iter()
        .map(|(name, at)| {
            let fields = at.fields(&Channel::FIELDS)?;
            let kinds: Vec<&'static str> = ChannelKind::ALL.iter().map(|it| it.name()).collect();
            let kind = fields.require("kind").and_then(|it| it.word("kind of channel", &kinds));
            let url = fields.require("url").and_then(secret);
            let signing_key = fields.or("signingKey", None, |it| secret(it).map(Some));
            let kind = ChannelKind::from_name(kind?)?;
            Some(((*name).to_owned(), Channel { kind, url: url?, signing_key: signing_key? }))
        })
        .collect();
    read.into_iter().collect()
}

/// An address; plain `http` is refused later, unless the host is this machine
pub(crate) fn url(fields: &Fields<'_>, name: &str) -> Option<String> {
    address(fields, name).map(|it| it.trim_end_matches('/').to_owned())
}

/// The same, letter by letter as it stands there
pub(crate) fn address(fields: &Fields<'_>, name: &str) -> Option<String> {
    let at = fields.require(name)?;
    let text = at.short_text(TEXT_LENGTH_MAX)?;
    if !text.starts_with("https://") && !text.starts_with("http://") {
        let help = "write it like `https://graph.microsoft.com/v1.0`".to_owned();
        at.problem(Code::BadValue, format!("`{text}` is not an address"), Some(help));
        return None;
    }
    Some(text)
}

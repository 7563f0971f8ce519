//! Who is asked and told: the settings, with what the surroundings say in their place, and the
//! secrets that they name.

use std::time::Duration;

use defuse_adapters::{
    Application, Certificate, ChannelSettings, ChatChannels, CloudAppsFeed, CloudAppsSettings,
    CloudAppsSignIn, CloudAppsSource, Credential, Endpoint, EndpointSettings, Feed, Graph,
    GraphFacts, GraphFeed, GraphMailTips, GraphSettings, GraphSource, Http, OidcIssuer,
    OidcSettings, Reach, Secret, SecretsManager, SigningKey, Sources, WebIdentity,
};
use defuse_domain::{ChannelKind, SecretRef, Settings};

use crate::{environment::Lookup, turns::Turns, wiring::StartError};

/// How long one request may take
const REQUEST_LIMIT: Duration = Duration::from_secs(10);
/// How long all questions about one alert may take together
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// How long one change at a source may take, with all tries
const CHANGE_WITHIN: Duration = Duration::from_secs(25);
/// What we ask a token for
const SCOPE: &str = "https://graph.microsoft.com/.default";

/// Settings and surroundings together
#[derive(Clone, Copy)]
pub(crate) struct Tenant<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) lookup: Lookup<'a>,
    pub(crate) reach: Reach,
    pub(crate) secrets: &'a SecretsManager,
    pub(crate) sts: &'a aws_sdk_sts::Client,
}

impl std::fmt::Debug for Tenant<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tenant").field("settings", self.settings).finish_non_exhaustive()
    }
}

impl Tenant<'_> {
    fn text(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|it| !it.is_empty())
    }

    async fn secret(&self, secret: &SecretRef) -> Result<Secret, StartError> {
        let variable = secret.variable();
        if let Some(text) = self.text(&variable) {
            return Ok(Secret::new(text));
        }
        match secret {
            SecretRef::Env(_) => Err(StartError::SecretMissing(variable)),
            SecretRef::SecretsManager(name) => {
                let got = self.secrets.get(name).await;
                got.map_err(|source| StartError::Secret { variable, source })
            }
        }
    }

    async fn application(
        &self,
        set: &defuse_domain::Application,
    ) -> Result<Application, StartError> {
        Ok(Application {
            token_url: set.token_url.clone(),
            client_id: set.client_id.clone(),
            credential: self.credential(&set.credential).await?,
        })
    }

    async fn credential(&self, set: &defuse_domain::Credential) -> Result<Credential, StartError> {
        Ok(match set {
            defuse_domain::Credential::ClientSecret(secret) => {
                Credential::ClientSecret(self.secret(secret).await?)
            }
            defuse_domain::Credential::Certificate(secret) => {
                Credential::Certificate(Certificate::parse(&self.secret(secret).await?)?)
            }
            defuse_domain::Credential::TokenFile(path) => Credential::TokenFile(path.into()),
            defuse_domain::Credential::AwsToken(audience) => {
                Credential::WebIdentity(WebIdentity::new(self.sts.clone(), audience))
            }
        })
    }

    async fn all(&self, secrets: &[SecretRef]) -> Result<Vec<Secret>, StartError> {
        let mut found = Vec::new();
        for secret in secrets {
            found.push(self.secret(secret).await?);
        }
        Ok(found)
    }

    pub(crate) fn http(&self) -> Result<Http, StartError> {
        Ok(Http::new(self.reach, REQUEST_LIMIT)?)
    }

    /// Graph as the settings say, each part of it as `DEFUSE_GRAPH_*` says where that is set
    pub(crate) async fn graph(&self) -> Result<Option<Graph>, StartError> {
        let set = self.settings.graph.as_ref();
        let base_url = self.text("DEFUSE_GRAPH_URL").or_else(|| set.map(|it| it.base_url.clone()));
        let Some(base_url) = base_url else { return Ok(None) };
        let part = |name: &'static str, set: Option<String>| {
            self.text(name).or(set).ok_or(StartError::Missing(name))
        };
        let set = set.map(|it| &it.application);
        let token_url = part("DEFUSE_GRAPH_TOKEN_URL", set.map(|it| it.token_url.clone()))?;
        let client_id = part("DEFUSE_GRAPH_CLIENT_ID", set.map(|it| it.client_id.clone()))?;
        let credential = match (self.text("DEFUSE_GRAPH_CLIENT_SECRET"), set) {
            (Some(text), _) => Credential::ClientSecret(Secret::new(text)),
            (None, Some(set)) => self.credential(&set.credential).await?,
            (None, None) => return Err(StartError::Missing("DEFUSE_GRAPH_CLIENT_SECRET")),
        };
        let settings = GraphSettings {
            base_url,
            application: Application { token_url, client_id, credential },
            scope: SCOPE.to_owned(),
            answer_within: ANSWER_WITHIN,
            change_within: CHANGE_WITHIN,
        };
        Ok(Some(Graph::new(&settings, self.http()?)?))
    }

    /// Who says who people are, where the settings name somebody
    pub(crate) fn issuer(&self) -> Result<Option<OidcIssuer>, StartError> {
        let Some(oidc) = self.settings.api.oidc.clone() else { return Ok(None) };
        let settings = OidcSettings {
            issuer: oidc.issuer,
            audience: oidc.audience,
            keys: oidc.keys,
            roles: self.settings.api.roles.clone(),
        };
        Ok(Some(OidcIssuer::new(settings, self.http()?)?))
    }

    pub(crate) async fn graph_facts(
        &self,
        turns: Turns,
    ) -> Result<Option<GraphFacts<Turns>>, StartError> {
        Ok(self.graph().await?.map(|graph| GraphFacts::new(graph, turns)))
    }

    /// Where alerts are resolved
    pub(crate) async fn sources(&self) -> Result<Sources, StartError> {
        let graph = self.graph().await?.map(GraphSource::new);
        Ok(Sources { graph, cloud_apps: self.cloud_apps().await? })
    }

    /// Where alerts are read: the sources that the settings name for that
    pub(crate) async fn feeds(&self) -> Result<Vec<Feed>, StartError> {
        let mut feeds = Vec::new();
        if self.settings.graph.as_ref().is_some_and(|it| it.poll) {
            feeds.extend(self.graph().await?.map(|it| Feed::Graph(GraphFeed::new(it))));
        }
        if self.settings.cloud_apps.as_ref().is_some_and(|it| it.poll) {
            let source = self.cloud_apps().await?;
            feeds.extend(source.map(|it| Feed::CloudApps(CloudAppsFeed::new(it))));
        }
        Ok(feeds)
    }

    /// The mailbox that asks what others reply automatically, if there is one
    pub(crate) fn mail_tips_from(&self) -> Option<String> {
        self.settings.graph.as_ref()?.mail_tips_from.clone()
    }

    /// Where it is seen what others reply automatically
    pub(crate) async fn mailboxes(&self) -> Result<Option<GraphMailTips>, StartError> {
        let Some(asker) = self.mail_tips_from() else { return Ok(None) };
        Ok(self.graph().await?.map(|it| GraphMailTips::new(it, asker)))
    }

    /// Cloud Apps as the settings say, or as `DEFUSE_CLOUD_APPS_*` does
    async fn cloud_apps(&self) -> Result<Option<CloudAppsSource>, StartError> {
        let set = self.settings.cloud_apps.as_ref();
        let base_url =
            self.text("DEFUSE_CLOUD_APPS_URL").or_else(|| set.map(|it| it.base_url.clone()));
        let Some(base_url) = base_url else { return Ok(None) };
        let sign_in = match (self.text("DEFUSE_CLOUD_APPS_TOKEN"), set.map(|it| &it.sign_in)) {
            (Some(text), _) => CloudAppsSignIn::Token(Secret::new(text)),
            (None, Some(defuse_domain::CloudAppsSignIn::Token(token))) => {
                CloudAppsSignIn::Token(self.secret(token).await?)
            }
            (None, Some(defuse_domain::CloudAppsSignIn::Application(application))) => {
                CloudAppsSignIn::Application(self.application(application).await?)
            }
            (None, None) => return Err(StartError::Missing("DEFUSE_CLOUD_APPS_TOKEN")),
        };
        let settings = CloudAppsSettings { base_url, sign_in, change_within: CHANGE_WITHIN };
        Ok(Some(CloudAppsSource::new(&settings, self.http()?)?))
    }

    /// Where our allow list is written to, if the settings say
    pub(crate) async fn endpoint(&self) -> Result<Option<Endpoint>, StartError> {
        let Some(set) = &self.settings.endpoint else { return Ok(None) };
        let settings = EndpointSettings {
            base_url: set.base_url.clone(),
            application: self.application(&set.application).await?,
            change_within: CHANGE_WITHIN,
        };
        Ok(Some(Endpoint::new(&settings, self.http()?)?))
    }

    /// Where people are told
    pub(crate) async fn channels(&self) -> Result<ChatChannels, StartError> {
        let mut channels = Vec::new();
        for (name, channel) in &self.settings.channels {
            let signing_key = match &channel.signing_key {
                Some(key) => Some(self.secret(key).await?),
                None => None,
            };
            channels.push(ChannelSettings {
                name: name.clone(),
                kind: match channel.kind {
                    ChannelKind::Teams => defuse_adapters::ChannelKind::Teams,
                    ChannelKind::Slack => defuse_adapters::ChannelKind::Slack,
                    ChannelKind::Webhook => defuse_adapters::ChannelKind::Webhook,
                },
                url: self.secret(&channel.url).await?,
                signing_key,
            });
        }
        Ok(ChatChannels::new(self.http()?, channels))
    }

    /// What senders sign with
    pub(crate) async fn signing_keys(&self) -> Result<Vec<SigningKey>, StartError> {
        let keys = self.all(&self.settings.signing_keys).await?;
        keys.iter().map(|it| Ok(SigningKey::parse(it.expose())?)).collect()
    }

    /// What senders that cannot sign are known by
    pub(crate) async fn tokens(&self) -> Result<Vec<Secret>, StartError> {
        self.all(&self.settings.tokens).await
    }

    /// What Graph shows with each change notification
    pub(crate) async fn client_states(&self) -> Result<Vec<Secret>, StartError> {
        self.all(&self.settings.client_states).await
    }
}

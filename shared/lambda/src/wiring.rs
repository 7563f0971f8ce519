//! Joins flow and adapters: what each function is made of.

use std::{collections::BTreeMap, fmt, sync::Arc};

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use defuse_adapters::{
    CertificateError, ChatChannels, Doorkeeper, DynamoDbStore, Endpoint, Feed, GraphMailTips,
    HttpError, OwnPace, Reach, Roles, Secret, SecretError, SecretsManager, SigningKey,
    SigningKeyError, SnsNotifier, Sources, StoredAlertFacts, UrlError,
};
use defuse_domain::{ChannelKind, Organisation};
use defuse_flow::{
    ActionCenter, Allow, Bulks, Deliver, Housekeep, Manage, Poll, Post, Previewing, Receive,
    Releasing, Remembered, ServiceSettings, Triage, Tuning, TuningRules, Watch,
};

use crate::{
    config::{Config, ConfigError},
    environment::{AwsCredentials, Environment},
    facts::{AllFacts, OpenAlertFacts},
    tenant::Tenant,
    turns::Turns,
};

/// What the function `triage` is made of
pub type TriageApp = Triage<Remembered<AllFacts, DynamoDbStore>, DynamoDbStore>;
/// What the function `chat` is made of
pub type PostApp = Post<DynamoDbStore, ChatChannels>;

/// What the function `api` is made of
#[derive(Clone, Debug)]
pub struct ApiApp {
    /// What a person does to an alert
    pub manage: Manage<DynamoDbStore>,
    /// What was done, and undoing it
    pub center: ActionCenter<DynamoDbStore>,
    /// The same change of many alerts
    pub bulks: Bulks<DynamoDbStore>,
    /// Who is let in
    pub door: Doorkeeper,
    /// What they may do
    pub roles: Roles,
    /// How many requests a minute somebody may send
    pub requests_per_minute: u32,
    /// Tokens, what was answered, and how often somebody asks
    pub store: DynamoDbStore,
    /// What they change about tuning rules
    pub tuning: Tuning<DynamoDbStore>,
    /// Which of those there are
    pub rules: TuningRules<DynamoDbStore>,
    /// What one would have done
    pub previewing: Previewing<DynamoDbStore>,
    /// What rules hid, taken out again
    pub releasing: Releasing<DynamoDbStore>,
    /// What is taken of services
    pub services: ServiceSettings<DynamoDbStore>,
    /// Where people are told
    pub channels: BTreeMap<String, ChannelKind>,
    /// By what way
    pub notifier: SnsNotifier,
    /// What the organisation says of itself
    pub organisation: Organisation,
}
/// What the function `housekeep` is made of
pub type HousekeepApp = Housekeep<DynamoDbStore, SnsNotifier>;

/// What the function `receive` is made of
#[derive(Clone, Debug)]
pub struct ReceiveApp {
    /// The step
    pub receive: Receive<DynamoDbStore>,
    /// Which messages were taken
    pub log: DynamoDbStore,
    /// What senders sign with
    pub signing_keys: Vec<SigningKey>,
    /// What senders that cannot sign are known by
    pub tokens: Vec<Secret>,
    /// What Graph shows with each change notification; none where it is to send none
    pub client_states: Vec<Secret>,
}

/// What the function `deliver` is made of
#[derive(Clone, Debug)]
pub struct DeliverApp {
    /// The step
    pub deliver: Deliver<DynamoDbStore, Sources, SnsNotifier>,
    /// Beside it our allow list is written to where it is to stand too
    pub allow: Allow<DynamoDbStore, Endpoint, SnsNotifier>,
}

/// What the function `poll` is made of
#[derive(Clone, Debug)]
pub struct PollApp {
    /// The step
    pub poll: Poll<Feed, DynamoDbStore, SnsNotifier>,
    /// Beside it mailboxes are looked at, where the settings name one that asks
    pub watch: Option<Watch<GraphMailTips, DynamoDbStore>>,
}

/// The function cannot start
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration has mistakes
    #[error("configuration cannot be in force")]
    Config(#[from] ConfigError),
    /// A part of the settings is nowhere
    #[error("environment variable `{0}` is missing, and the settings do not say it either")]
    Missing(&'static str),
    /// A secret that the settings name is not there
    #[error("environment variable `{0}`, which the settings name for a secret, is missing")]
    SecretMissing(String),
    /// A secret that the settings name cannot be read at Secrets Manager
    #[error(
        "cannot read a secret that the settings name, and `{variable}` is not set in its place"
    )]
    Secret {
        /// The environment variable that could have it
        variable: String,
        /// Why not
        #[source]
        source: SecretError,
    },
    /// A key is none
    #[error("a signing key cannot be used")]
    Key(#[from] SigningKeyError),
    /// A certificate is none, or has no key
    #[error("the certificate that the settings name cannot be used")]
    Certificate(#[from] CertificateError),
    /// An address is none
    #[error("an address in the settings cannot be used")]
    Url(#[from] UrlError),
    /// No HTTP client
    #[error("HTTP client cannot be made")]
    Http(#[from] HttpError),
}

/// Where secrets and settings are looked up
pub type SharedLookup = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// Everything a function can be made of
#[derive(Clone)]
pub struct Wiring {
    environment: Environment,
    config: Config,
    lookup: SharedLookup,
    http: SharedHttpClient,
    secrets: SecretsManager,
    sts: aws_sdk_sts::Client,
}

impl fmt::Debug for Wiring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wiring").field("environment", &self.environment).finish_non_exhaustive()
    }
}

impl Wiring {
    /// Reads surroundings and configuration; a mistake in either keeps the function from starting
    pub fn start(lookup: SharedLookup) -> Result<Self, StartError> {
        let environment = Environment::read(&*lookup);
        let config = Config::load(&environment.config)?;
        Ok(Self::of(environment, config, lookup))
    }

    /// The same, with a configuration that was read already
    pub fn of(environment: Environment, config: Config, lookup: SharedLookup) -> Self {
        let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
        let secrets = SecretsManager::new(secrets_client(&environment, http.clone()));
        let sts = sts_client(&environment, http.clone());
        Self { environment, config, lookup, http, secrets, sts }
    }

    /// What the surroundings say
    pub const fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Where requests may go
    pub const fn reach(&self) -> Reach {
        if self.environment.may_reach_private { Reach::Anywhere } else { Reach::Public }
    }

    /// Secrets Manager
    pub fn secrets(&self) -> SecretsManager {
        self.secrets.clone()
    }

    fn tenant(&self) -> Tenant<'_> {
        let reach = self.reach();
        Tenant {
            settings: &self.config.settings,
            lookup: &*self.lookup,
            reach,
            secrets: &self.secrets,
            sts: &self.sts,
        }
    }

    /// The table
    pub fn store(&self) -> DynamoDbStore {
        DynamoDbStore::new(self.dynamodb(), self.environment.table.clone())
    }

    /// DynamoDB
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let environment = &self.environment;
        let mut config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(environment.region.clone()))
            .http_client(self.http.clone());
        config.set_endpoint_url(environment.dynamodb_endpoint.clone());
        if let Some(known) = &environment.credentials {
            config = config.credentials_provider(credentials(known));
        }
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// The HTTP client that all AWS clients share
    pub fn http(&self) -> SharedHttpClient {
        self.http.clone()
    }

    /// SNS
    pub fn sns(&self) -> aws_sdk_sns::Client {
        let environment = &self.environment;
        let mut config = aws_sdk_sns::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(environment.region.clone()))
            .http_client(self.http.clone());
        config.set_endpoint_url(environment.sns_endpoint.clone());
        if let Some(known) = &environment.credentials {
            config = config.credentials_provider(credentials(known));
        }
        aws_sdk_sns::Client::from_conf(config.build())
    }

    /// Facts, with open alerts from the table or, where nothing is stored, from their source
    pub async fn facts(&self, stored: bool) -> Result<AllFacts, StartError> {
        let (open_alerts, turns) = if stored {
            let store = StoredAlertFacts::new(self.store());
            (OpenAlertFacts::Stored(store), Turns::Shared(self.store()))
        } else {
            (OpenAlertFacts::AtSource, Turns::Own(OwnPace::default()))
        };
        Ok(AllFacts {
            graph: self.tenant().graph_facts(turns).await?,
            open_alerts,
            organisation: self.config.settings.organisation.clone(),
        })
    }

    /// The function `api`
    pub fn api(&self) -> Result<ApiApp, StartError> {
        let settings = &self.config.settings;
        let center = ActionCenter::new(self.store(), settings.cloud_apps.is_some());
        let ranges = settings.organisation.named_ranges.keys().cloned().collect();
        Ok(ApiApp {
            manage: Manage::new(self.store()),
            bulks: Bulks::new(self.store(), center.clone()),
            center,
            door: Doorkeeper::new(self.store(), self.tenant().issuer()?),
            roles: self.config.roles()?,
            requests_per_minute: self.config.settings.api.requests_per_minute,
            store: self.store(),
            tuning: Tuning::new(self.store(), ranges),
            rules: TuningRules::new(self.store(), self.config.tuning_texts()),
            previewing: Previewing::new(self.store()),
            releasing: Releasing::new(self.store()),
            services: ServiceSettings::new(settings.services, self.store()),
            channels: settings.channels.iter().map(|(name, it)| (name.clone(), it.kind)).collect(),
            notifier: self.notifier()?,
            organisation: settings.organisation.clone(),
        })
    }

    /// The same with a token that opens everything, for whoever sits at the embedded host.
    ///
    /// In Lambda there is no such token, whoever asks for it.
    pub fn api_with_development_token(&self, token: Secret) -> Result<ApiApp, StartError> {
        let app = self.api()?;
        if self.environment.is_in_lambda {
            return Ok(app);
        }
        Ok(ApiApp { door: app.door.with_development_token(token), ..app })
    }

    /// The function `receive`
    pub async fn receive(&self) -> Result<ReceiveApp, StartError> {
        Ok(ReceiveApp {
            receive: Receive::by(self.config.settings.services, self.store()),
            log: self.store(),
            signing_keys: self.tenant().signing_keys().await?,
            tokens: self.tenant().tokens().await?,
            client_states: self.tenant().client_states().await?,
        })
    }

    /// The function `triage`
    pub async fn triage(&self) -> Result<TriageApp, StartError> {
        let is_watched = self.tenant().mail_tips_from().is_some();
        let kept = self.store().with_watch_list(is_watched);
        let facts = Remembered::new(self.facts(true).await?, kept);
        Ok(Triage::new(self.config.rules.clone(), facts, self.store()))
    }

    /// The function `deliver`
    pub async fn deliver(&self) -> Result<DeliverApp, StartError> {
        let (tenant, notifier) = (self.tenant(), self.notifier()?);
        let channel = self.config.settings.operations_channel.clone();
        let endpoint = tenant.endpoint().await?;
        Ok(DeliverApp {
            deliver: Deliver::new(self.store(), tenant.sources().await?, notifier.clone()),
            allow: Allow::new(self.store(), endpoint, notifier, channel),
        })
    }

    /// The function `poll`
    pub async fn poll(&self) -> Result<PollApp, StartError> {
        let channel = self.config.settings.operations_channel.clone();
        let feeds = self.tenant().feeds().await?;
        let (services, notifier) = (self.config.settings.services, self.notifier()?);
        let mailboxes = self.tenant().mailboxes().await?;
        Ok(PollApp {
            poll: Poll::new(feeds, services, self.store(), notifier, channel),
            watch: mailboxes.map(|it| Watch::new(it, self.store())),
        })
    }

    /// The function `housekeep`
    pub fn housekeep(&self) -> Result<HousekeepApp, StartError> {
        let deployed = self.config.rules.tuning().rules().cloned().collect();
        let channel = self.config.settings.operations_channel.clone();
        Ok(Housekeep::new(deployed, self.store(), self.notifier()?, channel))
    }

    fn notifier(&self) -> Result<SnsNotifier, StartError> {
        if self.environment.topic_arn.is_empty() {
            return Err(StartError::Missing("DEFUSE_TOPIC_ARN"));
        }
        Ok(SnsNotifier::new(self.sns(), self.environment.topic_arn.clone()))
    }

    /// The function `chat`
    pub async fn post(&self) -> Result<PostApp, StartError> {
        Ok(Post::new(self.store(), self.tenant().channels().await?))
    }
}

fn secrets_client(
    environment: &Environment,
    http: SharedHttpClient,
) -> aws_sdk_secretsmanager::Client {
    let mut config = aws_sdk_secretsmanager::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(environment.region.clone()))
        .http_client(http);
    config.set_endpoint_url(environment.secrets_manager_endpoint.clone());
    if let Some(known) = &environment.credentials {
        config = config.credentials_provider(credentials(known));
    }
    aws_sdk_secretsmanager::Client::from_conf(config.build())
}

fn sts_client(environment: &Environment, http: SharedHttpClient) -> aws_sdk_sts::Client {
    let mut config = aws_sdk_sts::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(environment.region.clone()))
        .http_client(http);
    config.set_endpoint_url(environment.sts_endpoint.clone());
    if let Some(known) = &environment.credentials {
        config = config.credentials_provider(credentials(known));
    }
    aws_sdk_sts::Client::from_conf(config.build())
}

fn credentials(known: &AwsCredentials) -> Credentials {
    let session = known.session_token.clone();
    Credentials::new(
        known.access_key_id.clone(),
        known.secret_access_key.clone(),
        session,
        None,
        "environment",
    )
}

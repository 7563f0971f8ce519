//! The one-machine host: the functions' own handlers in one process, with an embedded DynamoDB, an
//! in-process topic, the table's stream pumped into them, and HTTP.
//!
//! The adapters are those of production; only endpoints differ.

mod asked;
mod database;
mod folder;
mod pump;
mod timer;
mod topic;
mod web;

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use defuse_adapters::{DynamoDbStore, Secret, create_table, development_token};
use defuse_domain::TuningRule;
use defuse_flow::{AlertFeed, note_deployed};
use defuse_lambda::{
    ApiApp, AwsCredentials, Config, DeliverApp, Environment, HousekeepApp, PollApp, PostApp,
    ReceiveApp, SharedLookup, StartError, TriageApp, Wiring,
};
use jiff::Timestamp;
use tokio::{net::TcpListener, task::JoinSet};

use self::topic::Topic;
pub(crate) use self::{
    asked::{Held, announce, ask, live_store, store, tell},
    database::Database,
    folder::Folder,
};
use crate::failure::Failure;

/// Tells the time; the demo's stands near its sample events
pub(crate) type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How a host is set up
pub(crate) struct HostOptions {
    /// Port on the loopback, 0 for a free one
    pub(crate) port: u16,
    /// Folder that keeps the state; in memory where there is none
    pub(crate) data: Option<PathBuf>,
    /// The configuration in force
    pub(crate) config: Config,
    /// Where settings and secrets are looked up
    pub(crate) lookup: SharedLookup,
    /// Tells the time
    pub(crate) clock: Clock,
}

/// The functions, each wired as in production
pub(crate) struct Apps {
    pub(crate) receive: ReceiveApp,
    pub(crate) api: ApiApp,
    pub(crate) triage: TriageApp,
    pub(crate) deliver: DeliverApp,
    pub(crate) poll: PollApp,
    pub(crate) housekeep: HousekeepApp,
    pub(crate) post: PostApp,
    pub(crate) store: DynamoDbStore,
}

impl Apps {
    /// The functions; whoever has that token may do everything at the API
    async fn of(wiring: &Wiring, token: Secret) -> Result<Self, StartError> {
        Ok(Self {
            receive: wiring.receive().await?,
            api: wiring.api_with_development_token(token)?,
            triage: wiring.triage().await?,
            deliver: wiring.deliver().await?,
            poll: wiring.poll().await?,
            housekeep: wiring.housekeep()?,
            post: wiring.post().await?,
            store: wiring.store(),
        })
    }
}

/// A running host; it stops when dropped
pub(crate) struct Host {
    /// Where it listens
    pub(crate) address: SocketAddr,
    /// Opens the API to whoever started it
    pub(crate) token: Secret,
    /// Where its table is
    pub(crate) database: String,
    pub(crate) apps: Arc<Apps>,
    pub(crate) topic: Arc<Topic>,
    tasks: JoinSet<()>,
    _database: Option<Database>,
    _folder: Option<Folder>,
}

impl Host {
    /// Starts everything; returns once alerts can be sent
    pub(crate) async fn start(options: HostOptions) -> Result<Self, Failure> {
        let HostOptions { port, data, config, lookup, clock } = options;
        let folder = data.as_deref().map(Folder::take).transpose()?;
        let mut tasks = JoinSet::new();
        let own = Environment::read(&*lookup);

        let (database, dynamodb) = if let Some(endpoint) = &own.dynamodb_endpoint {
            (None, endpoint.clone())
        } else {
            let database = Database::start(data.as_deref()).await?;
            let endpoint = database.endpoint.clone();
            (Some(database), endpoint)
        };
        let (topic, inbox) = Topic::open(data.as_deref())?;
        let topic = Arc::new(topic);
        let sns = match &own.sns_endpoint {
            Some(endpoint) => endpoint.clone(),
            None => topic::serve(Arc::clone(&topic), &mut tasks).await?,
        };
        let environment = Environment {
            dynamodb_endpoint: Some(dynamodb.clone()),
            sns_endpoint: Some(sns),
            topic_arn: match own.topic_arn.as_str() {
                "" => topic::ARN.to_owned(),
                arn => arn.to_owned(),
            },
            credentials: Some(own.credentials.clone().unwrap_or_else(|| AwsCredentials {
                access_key_id: "embedded".to_owned(),
                secret_access_key: "embedded".to_owned(),
                session_token: None,
            })),
            may_reach_private: true,
            ..own
        };
        let deployed: Vec<TuningRule> = config.rules.tuning().rules().cloned().collect();
        let wiring = Wiring::of(environment, config, lookup);
        create_table(&wiring.dynamodb(), &wiring.environment().table).await?;
        let token = development_token()
            .map_err(|error| Failure::host("cannot make a token for the API", error))?;
        note_deployed(&wiring.store(), &deployed, clock()).await?;
        let apps = Arc::new(Apps::of(&wiring, token.clone()).await?);

        let listener = TcpListener::bind(("127.0.0.1", port)).await;
        let listener = listener
            .map_err(|error| Failure::host(format!("cannot listen on 127.0.0.1:{port}"), error))?;
        let address = listener
            .local_addr()
            .map_err(|error| Failure::host("cannot tell where we listen", error))?;
        tasks.spawn(web::serve(listener, Arc::clone(&apps), Arc::clone(&clock)));
        tasks.spawn(topic::hand_on(
            Arc::clone(&topic),
            inbox,
            Arc::clone(&apps),
            Arc::clone(&clock),
        ));
        let streams = pump::Streams::of(&wiring);
        tasks.spawn_local(pump::run(streams, Arc::clone(&apps), Arc::clone(&clock)));
        tasks.spawn_local(timer::run(Arc::clone(&apps), clock));
        Ok(Self {
            address,
            token,
            database: dynamodb,
            apps,
            topic,
            tasks,
            _database: database,
            _folder: folder,
        })
    }

    /// Where alerts are sent
    pub(crate) fn receive_url(&self) -> String {
        format!("http://{}/receive", self.address)
    }

    /// What is asked for its alerts, as people call it
    pub(crate) fn polled(&self) -> Vec<&'static str> {
        self.apps.poll.poll.feeds().iter().map(|it| it.info().title).collect()
    }

    /// Waits until a part of it stops, which none should
    pub(crate) async fn stopped(&mut self) {
        let first = self.tasks.join_next().await;
        drop(first);
    }
}

/// Whether an embedded host ever had its state there
pub(crate) fn has_state(data: &std::path::Path) -> bool {
    data.join(database::FILE).is_file()
}

/// Opens the state of a host that does not run
pub(crate) async fn open(data: &std::path::Path) -> Result<Database, Failure> {
    Database::start(Some(data)).await
}

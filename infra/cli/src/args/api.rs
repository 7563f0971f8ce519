//! What can be asked of the API: alerts, their history, and tokens.

use clap::{Args, Subcommand};

/// Where the API is, and what comes of an answer
#[derive(Debug, Args)]
pub(crate) struct ApiArguments {
    /// Address of the API
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8787", global = true)]
    pub(crate) url: String,
    /// One JSON object
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AlertsArguments {
    #[command(flatten)]
    pub(crate) api: ApiArguments,
    #[command(subcommand)]
    pub(crate) command: AlertCommand,
}

/// What is done to an alert
#[derive(Debug, Subcommand)]
pub(crate) enum AlertCommand {
    /// Shows how it stands
    Show { alert_id: String },
    /// Gives it to a person, by principal name; to nobody where there is none
    Assign { alert_id: String, person: Option<String> },
    /// Says what it turned out to be
    Classify { alert_id: String, classification: String, determination: String },
    /// Says something of it
    Comment { alert_id: String, text: String },
    /// Gives it tags and takes them away
    Tag {
        alert_id: String,
        /// A tag that it gets
        #[arg(long, value_name = "TAG")]
        add: Vec<String>,
        /// A tag that it loses
        #[arg(long, value_name = "TAG")]
        remove: Vec<String>,
    },
    /// Resolves it, as something if that is said
    #[command(override_usage = "defuse alerts resolve <ALERT_ID> [CLASSIFICATION DETERMINATION]")]
    Resolve {
        alert_id: String,
        #[arg(requires = "determination")]
        classification: Option<String>,
        determination: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct HistoryArguments {
    #[command(flatten)]
    pub(crate) api: ApiArguments,
    #[command(subcommand)]
    pub(crate) command: HistoryCommand,
}

/// What is done with a history
#[derive(Debug, Subcommand)]
pub(crate) enum HistoryCommand {
    /// Fails where an entry is missing or was changed, of one alert or of all
    Verify { alert_id: Option<String> },
}

#[derive(Debug, Args)]
pub(crate) struct TokensArguments {
    #[command(flatten)]
    pub(crate) api: ApiArguments,
    #[command(subcommand)]
    pub(crate) command: TokenCommand,
}

/// What is done with tokens
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Makes one, and prints it this once
    Create {
        /// What people call it
        name: String,
        /// A role that it has
        #[arg(long, value_name = "ROLE", required = true)]
        role: Vec<String>,
        /// Only for alerts of this service source
        #[arg(long, value_name = "SOURCE")]
        source: Vec<String>,
        /// Only for alerts with a device in this group
        #[arg(long, value_name = "GROUP")]
        group: Vec<String>,
        /// How long it lasts
        #[arg(long, default_value_t = 90)]
        days: i64,
    },
    /// Lists them, without what opens anything
    List,
    /// Refuses one from now on
    Revoke { token_id: String },
}

//! What can be asked of the API: alerts, what was done to them, their history, and tokens.

use clap::{Args, Subcommand};

/// Examples for `defuse alerts`
pub(super) const ALERTS_HELP: &str = "\
The token is read from DEFUSE_TOKEN: one of your issuer's, one made by `defuse tokens create`, or the
one that `defuse dev` prints. An alert that somebody changed since it was read is left as it is.

  defuse alerts assign ad1 kim@contoso.example
  defuse alerts resolve ad1 informationalExpectedActivity confirmedActivity
  defuse alerts comment ad1 'Asked the user; it was them.'
  defuse alerts resolve ad1 --also ad2 falsePositive notMalicious";
/// Examples for `defuse actions`
pub(super) const ACTIONS_HELP: &str = "\
Examples:
  defuse actions list --state pending
  defuse actions list --rule legitimate-travel --csv > actions.csv
  defuse actions undo act,3,ad1";

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
    Assign {
        #[command(flatten)]
        alerts: ChosenAlerts,
        person: Option<String>,
    },
    /// Says what it turned out to be
    Classify {
        #[command(flatten)]
        alerts: ChosenAlerts,
        classification: String,
        determination: String,
    },
    /// Says something of it
    Comment {
        #[command(flatten)]
        alerts: ChosenAlerts,
        text: String,
    },
    /// Gives it tags and takes them away
    Tag {
        #[command(flatten)]
        alerts: ChosenAlerts,
        /// A tag that it gets
        #[arg(long, value_name = "TAG")]
        add: Vec<String>,
        /// A tag that it loses
        #[arg(long, value_name = "TAG")]
        remove: Vec<String>,
    },
    /// Links it to another incident, here alone; without one it is as its source has it
    Link {
        #[command(flatten)]
        alerts: ChosenAlerts,
        incident_id: Option<String>,
    },
    /// Resolves it, as something if that is said
    #[command(override_usage = "defuse alerts resolve <ALERT_ID> [CLASSIFICATION DETERMINATION]")]
    Resolve {
        #[command(flatten)]
        alerts: ChosenAlerts,
        #[arg(requires = "determination")]
        classification: Option<String>,
        determination: Option<String>,
    },
    /// Undoes a change of several alerts, within 15 minutes
    UndoBulk { bulk_id: String },
}

/// One alert or several
#[derive(Debug, Args)]
pub(crate) struct ChosenAlerts {
    /// Which; `-` reads ids from standard input, one a line
    pub(crate) alert_id: String,
    /// Another that is changed in the same way, with a result for each
    #[arg(long, value_name = "ALERT_ID")]
    pub(crate) also: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ActionsArguments {
    #[command(flatten)]
    pub(crate) api: ApiArguments,
    #[command(subcommand)]
    pub(crate) command: ActionCommand,
}

/// What is done with actions
#[derive(Debug, Subcommand)]
pub(crate) enum ActionCommand {
    /// Lists what rules and persons did, the newest first
    List {
        /// Only those that are pending, done, refused, overtaken or undone
        #[arg(long)]
        state: Option<String>,
        /// Only those that resolve, hide, assign, classify, tag, link, comment or notify
        #[arg(long)]
        kind: Option<String>,
        /// Only those of that person
        #[arg(long)]
        person: Option<String>,
        /// Only those of that playbook or tuning rule
        #[arg(long)]
        rule: Option<String>,
        /// Only those on that alert, however old
        #[arg(long, value_name = "ALERT_ID")]
        alert: Option<String>,
        /// Only those on alerts of that service
        #[arg(long, value_name = "SOURCE")]
        source: Option<String>,
        /// Not before that time; 30 days ago if it is left out
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
        /// Not after that time
        #[arg(long, value_name = "TIME")]
        until: Option<String>,
        /// How many at the most
        #[arg(long, default_value_t = 50)]
        limit: usize,
        /// For a spreadsheet: a line for each part of an action
        #[arg(long, conflicts_with = "json")]
        csv: bool,
    },
    /// Shows one, and whether it can be undone
    Show { action_id: String },
    /// Undoes one, here and at its source
    Undo { action_id: String },
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

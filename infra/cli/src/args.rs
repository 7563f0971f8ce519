//! What can be asked on the command line.

mod api;
mod schema;
mod settings;
mod tuning;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use defuse_domain::IndicatorKind;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

use self::api::{ACTIONS_HELP, ALERTS_HELP};
pub(crate) use self::api::{
    ActionCommand, ActionsArguments, AlertCommand, AlertsArguments, ApiArguments, ChosenAlerts,
    HistoryArguments, HistoryCommand, TokenCommand, TokensArguments,
};
pub(crate) use self::schema::{SchemaArguments, SchemaName};
pub(crate) use self::settings::{
    ChannelCommand, ChannelsArguments, SettingName, SettingsArguments, SettingsCommand,
};
pub(crate) use self::tuning::{
    CheckTuningArguments, FromAlertArguments, PreviewArguments, StateArguments, StoredArguments,
    TableArguments, TuningArguments, TuningChangeArguments, TuningCommand, TuningListArguments,
    TuningReleaseArguments, TuningSaveArguments, TuningShowArguments, WhyArguments,
};

/// Defuse triages security alerts by itself, and shows its reasons
#[derive(Debug, Parser)]
#[command(
    name = "defuse",
    bin_name = "defuse",
    version,
    disable_help_subcommand = true,
    after_help = "\
Start here, in the folder of the checkout:
  defuse demo --once                    see alerts come in, be decided and be told in chat
  defuse triage --facts FILE ALERT...   try your own alerts; writes nothing anywhere
  defuse dev                            run it for real, with your tenant and your channels

`defuse <COMMAND> --help` has examples. Nothing needs an account at AWS."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Plays sample alerts the whole way, with a stand-in for your tenant
    #[command(after_help = "\
From a signed push over HTTP to the message in the channel, on this machine and without an account.
The people, mailboxes and channels are made up; the playbooks are those in the --config folder.

Examples:
  defuse demo --once                                      all sample events, then stop
  defuse demo                                             the same, and stay up to be sent more
  defuse demo --once --events my-alerts                   your own files (.json or .ndjson)
  defuse demo --once --json | jq -c '[.alert, .outcome]'  for programs")]
    Demo(DemoArguments),
    /// Receives, decides, resolves and tells, all in one process on this machine
    #[command(after_help = "\
Whom it asks and tells is in settings.yaml, which names secrets; an environment variable of the same
name has each, as DEFUSE_RECEIVE_SIGNING_KEY for `defuse/receive-signing-key`. As shipped, these are
what senders sign with, and the webhook of the channel:

  export DEFUSE_RECEIVE_SIGNING_KEY=whsec_$(head -c 32 /dev/urandom | base64)
  export DEFUSE_CHANNEL_SOC_URL=https://...
  defuse dev

Without `graph` in the settings nothing can be asked about users, and alerts stay open.
The state is kept across restarts and crashes; one host at a time can have a folder.

These are used where they are set:
  DEFUSE_GRAPH_URL, DEFUSE_GRAPH_TOKEN_URL,        Microsoft Graph, in place of
  DEFUSE_GRAPH_CLIENT_ID, _CLIENT_SECRET           what the settings say
  DEFUSE_CLOUD_APPS_URL, DEFUSE_CLOUD_APPS_TOKEN   the same for Defender for Cloud Apps
  AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL_SNS  in place of the embedded ones
  RUST_LOG                                         what is logged, such as `info`")]
    Dev(DevArguments),
    /// Decides alerts from files and shows why; writes nothing anywhere
    #[command(after_help = "\
Examples:
  defuse triage events/receive/impossible-travel.json    asks the tenant of the settings
  defuse triage --facts facts.yaml --now 2026-11-21T10:00:00Z alert.json
  curl ... | defuse triage --json - | jq -c '[.alert, .outcome, .unknown]'

A file of facts says what the directory would answer, in the shapes of Microsoft Graph:
  users:
    kim@contoso.example:
      automaticRepliesSetting:
        status: scheduled
        scheduledStartDateTime: { dateTime: '2026-11-16T08:00:00', timeZone: UTC }
        scheduledEndDateTime: { dateTime: '2026-11-30T18:00:00', timeZone: UTC }
      riskyUser: { riskLevel: none, riskState: none }
      memberOf: { value: [{ id: 1f0e, displayName: Sales }] }
      tags: []
    lee@contoso.example: { unknown: timedOut }
  otherOpenAlerts: 0
What it leaves out is unknown, and an alert is never resolved on what is unknown.

Exit code: 0 decided, 2 bad input (every mistake is named, nothing is decided), 1 anything else.
Each line of --json: alert revision outcome (resolved, hidden, open) classification determination
determinedBy reasons unknown (each fact and reason) flags trace.")]
    Triage(TriageArguments),
    /// Checks a configuration as a deployment would, with the tests that its playbooks carry
    Check(CheckArguments),
    /// Writes what a deployment takes along, named by its content
    Bundle(BundleArguments),
    /// Shows what a configuration changes
    Diff(DiffArguments),
    /// Shows why `defuse dev` decided an alert as it did, and its history
    #[command(after_help = "\
Examples:
  defuse explain ca6b016779f552cc5023d8319a
  defuse explain --data /var/lib/defuse --json ca6b016779f552cc5023d8319a

The host may run or not. `defuse demo` keeps no state; `defuse triage` shows its reasons at once.")]
    Explain(ExplainArguments),
    /// Shows what the service settings left out, by day
    #[command(after_help = "\
Examples:
  defuse status
  defuse status --data /var/lib/defuse --json

Which alerts are left out stands under `services` in settings.yaml; `defuse explain` says it of one
alert. The host may run or not.")]
    Status(StatusArguments),
    /// Shows and changes alerts, here and at their source, over the API of a host or of a stack
    #[command(after_help = ALERTS_HELP)]
    Alerts(AlertsArguments),
    /// Shows what rules and persons did, and undoes it
    #[command(after_help = ACTIONS_HELP)]
    Actions(ActionsArguments),
    /// Verifies that nothing was taken out of an alert's history, and nothing changed in it
    History(HistoryArguments),
    /// Makes, lists and revokes tokens of the API
    #[command(after_help = "\
Examples:
  defuse tokens create identity-desk --role securityOperator --source azureAdIdentityProtection
  defuse tokens list; defuse tokens revoke 0123456789abcdef")]
    Tokens(TokensArguments),
    /// Shows settings, and changes those that may change at run time, over the API
    #[command(after_help = "\
Examples:
  defuse settings show
  defuse settings set entra-id-protection highAndMedium

What settings.yaml says counts; what it leaves out may be set here. The token is read from
DEFUSE_TOKEN.")]
    Settings(SettingsArguments),
    /// Lists the channels where people are told, and tries one, over the API
    #[command(after_help = "\
Examples:
  defuse channels list
  defuse channels test soc

The message says that it is a test. The token is read from DEFUSE_TOKEN.")]
    Channels(ChannelsArguments),
    /// Puts indicators on your own allow list, and shows what stands there
    Allow(AllowArguments),
    /// Rules that hide or resolve expected alerts
    #[command(after_help = "\
Examples:
  defuse tuning save backup-agent.yaml                 a new rule
  defuse tuning save backup-agent.yaml --version 3     in place of version 3, which you read
  defuse tuning list
  defuse tuning show backup-agent
  defuse tuning release --rule backup-agent            all that it hid, back into the queue

They are about the state of `defuse dev` in --data, be it running or not; where DEFUSE_TABLE is set
and --data is not given, or --table is, about that table, with AWS_REGION and the usual variables
for a key.")]
    Tuning(TuningArguments),
    /// Writes the JSON Schemas that editors complete and mark documents by
    Schema(SchemaArguments),
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Stop when every event is played, instead of staying up
    #[arg(long)]
    pub(crate) once: bool,
    /// One JSON object a line: each alert as `triage --json` gives it, with `effects`
    #[arg(long)]
    pub(crate) json: bool,
    /// Folder with `settings.yaml` and `playbooks/`
    #[arg(long, value_name = "DIR", default_value = "infra")]
    pub(crate) config: PathBuf,
    /// Folder with the events that are played
    #[arg(long, value_name = "DIR", default_value = "events/receive")]
    pub(crate) events: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct DevArguments {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8787)]
    pub(crate) port: u16,
    /// Folder that keeps the state; made where there is none
    #[arg(long, value_name = "DIR", default_value = ".defuse")]
    pub(crate) data: PathBuf,
    /// Folder with `settings.yaml` and `playbooks/`
    #[arg(long, value_name = "DIR", default_value = "infra")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct TriageArguments {
    /// Files with one alert, a list of alerts, or one a line; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// YAML file with facts, in place of asking the tenant that the settings name
    #[arg(long, value_name = "FILE")]
    pub(crate) facts: Option<PathBuf>,
    /// Folder with `settings.yaml` and `playbooks/`
    #[arg(long, value_name = "DIR", default_value = "infra")]
    pub(crate) config: PathBuf,
    /// Decide as at that time, such as `2026-11-23T10:00:00Z`, instead of now
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<Timestamp>,
    /// One JSON object a line, an alert each
    #[arg(long)]
    pub(crate) json: bool,
}

/// How mistakes are shown
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Human,
    /// One JSON object
    Json,
    /// SARIF 2.1.0, for code hosts and editors
    Sarif,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// Folder with `settings.yaml` and `playbooks/`, or a file in it
    #[arg(value_name = "DIR", default_value = "infra")]
    pub(crate) dir: PathBuf,
    /// How mistakes are shown
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

#[derive(Debug, Args)]
pub(crate) struct BundleArguments {
    /// Folder with `settings.yaml` and `playbooks/`
    #[arg(value_name = "DIR", default_value = "infra")]
    pub(crate) dir: PathBuf,
    /// Folder to write to
    #[arg(long, value_name = "DIR", default_value = "target/bundle")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArguments {
    /// Folder with `settings.yaml` and `playbooks/`
    #[arg(value_name = "DIR", default_value = "infra")]
    pub(crate) dir: PathBuf,
    /// Compare with this folder instead of the bundle in force at AWS (`DEFUSE_TABLE`, `AWS_*`)
    #[arg(long, value_name = "DIR")]
    pub(crate) against: Option<PathBuf>,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// The alert's id at its source
    pub(crate) alert_id: String,
    /// Folder that keeps the state of the host
    #[arg(long, value_name = "DIR", default_value = ".defuse")]
    pub(crate) data: PathBuf,
    /// One JSON object: of `triage --json`, and `decided`, `bundle`, `facts`, `history`
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    /// Folder that keeps the state of the host
    #[arg(long, value_name = "DIR", default_value = ".defuse")]
    pub(crate) data: PathBuf,
    /// One JSON object: `leftOut`, by day and severity
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AllowArguments {
    #[command(subcommand)]
    pub(crate) command: AllowCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AllowCommand {
    /// Allows an indicator, or those of an alert; the same one again replaces it
    #[command(after_help = "\
Examples:
  defuse allow add updates.contoso.example --title Updates --description 'Our own servers'
  defuse allow add 203.0.113.9 --title Scanner --description Ours --device-group Servers
  defuse allow add --from-alert da7f3c0b2e9d41
  defuse allow add --from-alert da7f3c0b2e9d41 --all --all-devices

Where settings.yaml has `endpoint`, Defender for Endpoint is told to allow the same, within seconds
while the host runs. Its API has no call that we know of to take that back: put the indicator again
with an early --expires, or delete it in the portal.")]
    Add(AllowAddArguments),
    /// Lists what is allowed
    List(AllowListArguments),
    /// Shows one entry with its history
    Show(AllowShowArguments),
}

/// Where the allow list stands
#[derive(Debug, Args)]
pub(crate) struct AllowPlace {
    /// Folder that keeps the state of the host
    #[arg(long, value_name = "DIR", default_value = ".defuse")]
    pub(crate) data: PathBuf,
    /// Table at AWS in place of that (`AWS_*`: region, credentials)
    #[arg(long, value_name = "NAME", conflicts_with = "data")]
    pub(crate) table: Option<String>,
    /// JSON, for programs
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct AllowAddArguments {
    /// Hash, IP address, domain name or URL
    #[arg(required_unless_present = "from_alert", conflicts_with = "from_alert")]
    pub(crate) value: Option<String>,
    /// What it is, such as `fileSha256`; by its looks if not said
    #[arg(long = "type", value_name = "TYPE", value_parser = kind, conflicts_with = "from_alert")]
    pub(crate) kind: Option<IndicatorKind>,
    /// Takes what triggered that alert
    #[arg(long, value_name = "ALERT_ID")]
    pub(crate) from_alert: Option<String>,
    /// Takes everything in the alert
    #[arg(long, requires = "from_alert")]
    pub(crate) all: bool,
    /// What it is; of an alert, its title
    #[arg(long, required_unless_present = "from_alert")]
    pub(crate) title: Option<String>,
    /// Why it is allowed
    #[arg(long, required_unless_present = "from_alert")]
    pub(crate) description: Option<String>,
    /// How long, such as `90d`; a year is the most
    #[arg(long, value_name = "TIME", default_value = "90d", value_parser = duration)]
    pub(crate) expires: SignedDuration,
    /// Device group to allow it in, once for each; or the alert's
    #[arg(long, value_name = "NAME")]
    pub(crate) device_group: Vec<String>,
    /// Allows it on all devices, as a value without groups is
    #[arg(long, conflicts_with = "device_group")]
    pub(crate) all_devices: bool,
    /// Who allows it; `USER` of the environment if not said
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
    #[command(flatten)]
    pub(crate) place: AllowPlace,
}

#[derive(Debug, Args)]
pub(crate) struct AllowListArguments {
    /// What expired, too
    #[arg(long)]
    pub(crate) expired: bool,
    #[command(flatten)]
    pub(crate) place: AllowPlace,
}

#[derive(Debug, Args)]
pub(crate) struct AllowShowArguments {
    /// Hash, IP address, domain name or URL
    pub(crate) value: String,
    /// What it is, such as `fileSha256`; by its looks if not said
    #[arg(long = "type", value_name = "TYPE", value_parser = kind)]
    pub(crate) kind: Option<IndicatorKind>,
    #[command(flatten)]
    pub(crate) place: AllowPlace,
}

fn kind(text: &str) -> Result<IndicatorKind, String> {
    let names: Vec<&str> = IndicatorKind::ALL.iter().map(|it| it.name()).collect();
    IndicatorKind::from_name(text).ok_or_else(|| format!("it is one of {}", names.join(", ")))
}

fn duration(text: &str) -> Result<SignedDuration, String> {
    let span: Result<Span, jiff::Error> = text.parse();
    let duration = span.and_then(|it| it.to_duration(SpanRelativeTo::days_are_24_hours()));
    duration.map_err(|error| format!("write it like `90d` or `12h`: {error}"))
}

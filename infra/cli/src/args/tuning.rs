//! What can be asked about tuning rules.

use std::{num::ParseFloatError, path::PathBuf};

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Span, SpanRelativeTo};

use super::Format;

#[derive(Debug, Args)]
pub(crate) struct TuningArguments {
    #[command(subcommand)]
    pub(crate) command: TuningCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TuningCommand {
    /// Checks tuning rules in files, each by itself and beside those of the folder
    #[command(after_help = "\
Examples:
  defuse tuning check infra/tuning/backup-agent.yaml
  defuse tuning check --format sarif new/*.yaml

Exit code: 0 no mistake, 2 any (all are named), 1 anything else.")]
    Check(CheckTuningArguments),
    /// Shows what a rule would have done with the alerts that came before it
    #[command(after_help = "\
Examples:
  defuse tuning preview rule.yaml                           alerts that `defuse dev` keeps
  defuse tuning preview rule.yaml --table defuse            alerts of the deployed table (AWS_*)
  defuse tuning preview rule.yaml --alerts events/receive   alerts in files

It counts what the rule would have taken had it been in force, names what was classified true
positive since, other rules that take the same, and parts of the rule that never held. Other rules
are those of --config and those that people saved in the table; the allow list is taken as it is
now, and groups of users are not asked.
The whole table is read for that, at a read request unit for each 8 KB: a million alerts, 4 KB
each as they are stored, cost some 500,000 units or 0.06 USD. Nothing is written.")]
    Preview(PreviewArguments),
    /// Prints a rule for alerts like this one, for you to cut down
    #[command(after_help = "\
Examples:
  defuse tuning from-alert ca6b016779f552cc5023d8319a > infra/tuning/office-in-oslo.yaml
  defuse tuning from-alert --trigger-only --any-alert-type ca6b016779f552cc5023d8319a

Each property of each piece of evidence has a line: delete those that need not be so. Write who
answers for the rule and why; without that it is refused. It lasts 90 days.
Standard error names the commands that put what is in the alert on the allow list.")]
    FromAlert(FromAlertArguments),
    /// Shows why a rule holds of an alert or not, part by part with what was seen
    #[command(after_help = "\
Examples:
  defuse tuning why backup-agent ca6b016779f552cc5023d8319a
  defuse tuning why new/rule.yaml --alerts events/receive ca6b016779f552cc5023d8319a

The rule is asked about the alert as it is now and as of now: one that expired holds of nothing.
Groups of users are not asked.")]
    Why(WhyArguments),
    /// Saves a rule; it acts on alerts that come from then on
    Save(TuningSaveArguments),
    /// Lists every rule, deployed or saved, with what it did
    List(TuningListArguments),
    /// Shows one rule: its text, what it did day by day, and who changed what
    Show(TuningShowArguments),
    /// Turns a saved rule on
    On(TuningChangeArguments),
    /// Turns a saved rule off
    Off(TuningChangeArguments),
    /// Deletes a saved rule; its history stays
    Delete(TuningChangeArguments),
    /// Puts hidden alerts back into the queue; no rule takes them out again
    Release(TuningReleaseArguments),
}

#[derive(Debug, Args)]
pub(crate) struct CheckTuningArguments {
    /// Files with one tuning rule each
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Folder with `settings.yaml` and the other rules
    #[arg(long, value_name = "DIR", default_value = "infra")]
    pub(crate) config: PathBuf,
    /// How mistakes are shown
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(crate) format: Format,
}

/// Which table is meant
#[derive(Debug, Args)]
pub(crate) struct TableArguments {
    /// Folder of the host's state; `.defuse` where no table is named
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Table at AWS in place of that (`AWS_*`); `DEFUSE_TABLE` if not said
    #[arg(long, value_name = "NAME", conflicts_with = "data")]
    pub(crate) table: Option<String>,
}

/// Where stored alerts are
#[derive(Debug, Args)]
pub(crate) struct StoredArguments {
    /// Files with alerts, or folders of such, instead of what is stored
    #[arg(long, value_name = "PATH")]
    pub(crate) alerts: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) table: TableArguments,
}

#[derive(Debug, Args)]
pub(crate) struct PreviewArguments {
    /// File with the tuning rule
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// How far back, such as `30d` or `12h`
    #[arg(long, value_name = "TIME", default_value = "30d", value_parser = duration)]
    pub(crate) since: SignedDuration,
    /// Warn where it takes more than so many percent of all
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0, value_parser = percent)]
    pub(crate) share: f64,
    /// List at most so many alerts
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Folder with `settings.yaml` and the rules in force
    #[arg(long, value_name = "DIR", default_value = "infra")]
    pub(crate) config: PathBuf,
    #[command(flatten)]
    pub(crate) stored: StoredArguments,
}

#[derive(Debug, Args)]
pub(crate) struct FromAlertArguments {
    /// The alert's id at its source
    pub(crate) alert_id: String,
    /// Only the evidence that triggered the alert
    #[arg(long)]
    pub(crate) trigger_only: bool,
    /// For alerts of any type, instead of this type alone
    #[arg(long)]
    pub(crate) any_alert_type: bool,
    #[command(flatten)]
    pub(crate) stored: StoredArguments,
}

#[derive(Debug, Args)]
pub(crate) struct WhyArguments {
    /// Name of a rule of the folder or of a saved one, or a file with one
    pub(crate) rule: String,
    /// The alert's id at its source
    pub(crate) alert_id: String,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Folder with `settings.yaml` and `tuning/`
    #[arg(long, value_name = "DIR", default_value = "infra")]
    pub(crate) config: PathBuf,
    #[command(flatten)]
    pub(crate) stored: StoredArguments,
}

/// Where saved tuning rules are
#[derive(Debug, Args)]
pub(crate) struct StateArguments {
    #[command(flatten)]
    pub(crate) table: TableArguments,
    /// Folder with `settings.yaml` and `tuning/`
    #[arg(long, value_name = "DIR", default_value = "infra")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct TuningSaveArguments {
    /// File with the rule
    pub(crate) file: PathBuf,
    /// The version that you read and that this takes the place of; none for a new rule
    #[arg(long, value_name = "N")]
    pub(crate) version: Option<u64>,
    /// Who does it; else whoever is signed in here
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
    #[command(flatten)]
    pub(crate) state: StateArguments,
}

#[derive(Debug, Args)]
pub(crate) struct TuningListArguments {
    /// One JSON object a line, a rule each
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) state: StateArguments,
}

#[derive(Debug, Args)]
pub(crate) struct TuningShowArguments {
    /// The rule's name
    pub(crate) name: String,
    /// One JSON object: of `list --json`, and `text`, `perDay`, `history`
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) state: StateArguments,
}

#[derive(Debug, Args)]
pub(crate) struct TuningChangeArguments {
    /// The rule's name
    pub(crate) name: String,
    /// Who does it; else whoever is signed in here
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
    #[command(flatten)]
    pub(crate) state: StateArguments,
}

#[derive(Debug, Args)]
pub(crate) struct TuningReleaseArguments {
    /// Ids of hidden alerts
    #[arg(value_name = "ALERT_ID", required_unless_present = "rule", conflicts_with = "rule")]
    pub(crate) alert_ids: Vec<String>,
    /// All that this rule keeps hidden
    #[arg(long, value_name = "NAME")]
    pub(crate) rule: Option<String>,
    /// Who does it; else whoever is signed in here
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
    /// One JSON object a line: `alert`, `released`, `error`
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) state: StateArguments,
}

/// A duration such as `30d`; a day has 24 hours
fn duration(text: &str) -> Result<SignedDuration, String> {
    let span = text.parse::<Span>().map_err(|error| error.to_string())?;
    let duration = span.to_duration(SpanRelativeTo::days_are_24_hours());
    let duration = duration.map_err(|error| error.to_string())?;
    if duration.is_negative() { Err("write it without a minus".to_owned()) } else { Ok(duration) }
}

fn percent(text: &str) -> Result<f64, String> {
    let number: f64 = text.parse().map_err(|error: ParseFloatError| error.to_string())?;
    if (0.0..=100.0).contains(&number) { Ok(number) } else { Err("write 0 to 100".to_owned()) }
}

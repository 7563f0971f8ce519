//! What can be asked on the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;

/// Defuse triages security alerts by itself, and shows its reasons.
///
/// Start with `defuse demo --once`: it plays sample alerts through the whole way, from a push over
/// HTTP to the message in the channel, on this machine and without an account.
#[derive(Debug, Parser)]
#[command(name = "defuse", version, propagate_version = true, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Plays sample alerts the whole way, with a stand-in tenant
    Demo(DemoArguments),
    /// Runs everything in one process on this machine
    Dev(DevArguments),
    /// Decides alerts from files and shows why; writes nothing
    Triage(TriageArguments),
    /// Checks a configuration as a deployment would, with the tests that its playbooks carry
    Check(CheckArguments),
    /// Writes what a deployment takes along, named by its content
    Bundle(BundleArguments),
    /// Shows what a configuration changes
    Diff(DiffArguments),
    /// Shows why an alert was decided as it was
    Explain(ExplainArguments),
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Stop when every alert is played, instead of staying up
    #[arg(long)]
    pub(crate) once: bool,
    /// One JSON object a line: each alert as `triage --json` gives it, with `effects`
    #[arg(long)]
    pub(crate) json: bool,
    /// Folder with `settings.yaml` and `playbooks/`
    #[arg(long, value_name = "DIR", default_value = "infra")]
    pub(crate) config: PathBuf,
    /// Folder with the sample events that are played
    #[arg(long, value_name = "DIR", default_value = "events/receive")]
    pub(crate) events: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct DevArguments {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8787)]
    pub(crate) port: u16,
    /// Folder that keeps the state
    #[arg(long, value_name = "DIR", default_value = ".defuse")]
    pub(crate) data: PathBuf,
    /// Folder with `settings.yaml` and `playbooks/`
    #[arg(long, value_name = "DIR", default_value = "infra")]
    pub(crate) config: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct TriageArguments {
    /// Files with alerts (`-` is standard input): one, a list, or one a line
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Facts from a YAML file, in place of the tenant that the settings name
    #[arg(long, value_name = "FILE")]
    pub(crate) facts: Option<PathBuf>,
    /// Folder with `settings.yaml` and `playbooks/`
    #[arg(long, value_name = "DIR", default_value = "infra")]
    pub(crate) config: PathBuf,
    /// Decide as at that time, such as `2026-11-23T10:00:00Z`, instead of now
    #[arg(long, value_name = "TIME")]
    pub(crate) now: Option<Timestamp>,
    /// One JSON object a line
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
    /// Folder with `settings.yaml` and `playbooks/`
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
    /// The alert's id
    pub(crate) alert_id: String,
    /// Folder that keeps the state of the host, running or not
    #[arg(long, value_name = "DIR", default_value = ".defuse")]
    pub(crate) data: PathBuf,
    /// The run as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

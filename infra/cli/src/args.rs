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
    /// Shows why an alert was decided as it was
    Explain(ExplainArguments),
    /// Writes the JSON Schemas that editors complete and mark documents by
    Schema(SchemaArguments),
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

#[derive(Debug, Args)]
pub(crate) struct SchemaArguments {
    /// Print the schema of this document, instead of writing all to files
    #[arg(value_name = "DOCUMENT")]
    pub(crate) name: Option<SchemaName>,
    /// Folder that the files are written to
    #[arg(long, value_name = "DIR", default_value = "infra/schema", conflicts_with = "name")]
    pub(crate) out: PathBuf,
}

/// A document that people write
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaName {
    /// A playbook
    Playbook,
    /// `settings.yaml`
    Settings,
    /// A file of facts
    Facts,
}

//! What can be asked of the schemas of documents.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

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
    /// A tuning rule
    TuningRule,
    /// `settings.yaml`
    Settings,
    /// A file of facts
    Facts,
}

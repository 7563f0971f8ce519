//! Why a command did not do what it was asked, and the exit code that says so.

use std::{fmt, io, path::PathBuf};

use defuse_domain::{Diagnostic, Unreadable};
use defuse_flow::StoreError;
use defuse_lambda::{Chain, ConfigError, StartError};

/// Bad input: 2. Anything else that went wrong: 1.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Documents with mistakes
    Documents(Vec<Diagnostic>),
    /// Mistakes that standard output has already
    Said,
    /// Parts of files that are no alerts
    Unreadable(Vec<(PathBuf, Unreadable)>),
    /// A file that cannot be read
    File { path: PathBuf, source: io::Error },
    /// Something that was asked for is not there
    NotFound(String),
    /// The host, or a part of it, cannot do its work
    Host { what: String, source: Box<dyn std::error::Error + Send + Sync> },
    /// Output cannot be written
    Output(io::Error),
}

impl Failure {
    pub(crate) fn host(
        what: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Host { what: what.into(), source: source.into() }
    }

    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Documents(_) | Self::Said | Self::Unreadable(_) | Self::File { .. } => 2,
            Self::NotFound(_) | Self::Host { .. } | Self::Output(_) => 1,
        }
    }

    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Documents(problems) => {
                for problem in problems {
                    writeln!(f, "{problem}")?;
                }
                write!(f, "{} mistakes; nothing was decided", problems.len())
            }
            Self::Said => Ok(()),
            Self::Unreadable(parts) => {
                for (path, part) in parts {
                    let (file, line) = (path.display(), part.line);
                    writeln!(f, "error[{}]: {}\n  --> {file}:{line}", part.code, part.message)?;
                }
                write!(f, "{} parts of the input are no alerts", parts.len())
            }
            Self::File { path, source } => {
                write!(f, "error: cannot read {}: {source}", path.display())
            }
            Self::NotFound(what) => write!(f, "error: {what}"),
            Self::Host { what, source } => write!(f, "error: {what}: {}", Chain(&**source)),
            Self::Output(error) => write!(f, "error: cannot write output: {error}"),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Documents(error.problems)
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Config(error) => error.into(),
            other @ (StartError::Missing(_)
            | StartError::SecretMissing(_)
            | StartError::Secret(_)
            | StartError::Key(_)
            | StartError::Url(_)
            | StartError::Http(_)) => Self::host("cannot start", other),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::host("cannot read or write the state", error)
    }
}

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
    /// There is no folder with a configuration
    NoConfig(PathBuf),
    /// Several of these at once
    Several(Vec<Failure>),
    /// A file that cannot be read
    File { path: PathBuf, source: io::Error },
    /// Arguments that cannot be taken as they are
    Input(Vec<String>),
    /// Something that was asked for is not there
    NotFound(String),
    /// The host, or a part of it, cannot do its work
    Host { what: String, source: Box<dyn std::error::Error + Send + Sync> },
    /// The API refuses it
    Refused { status: u16, said: String },
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

    /// All mistakes of the input as one
    pub(crate) fn all(failures: Vec<Self>) -> Self {
        <[Self; 1]>::try_from(failures).map_or_else(Self::Several, |[only]| only)
    }

    /// Everything that is wrong, each by itself
    fn problems(&self) -> Vec<String> {
        match self {
            Self::Documents(problems) => problems.iter().map(ToString::to_string).collect(),
            Self::Said => Vec::new(),
            Self::Unreadable(parts) => {
                let shown = parts.iter().map(|(path, part)| {
                    let (file, line) = (path.display(), part.line);
                    format!("error[{}]: {}\n  --> {file}:{line}", part.code, part.message)
                });
                shown.collect()
            }
            Self::NoConfig(dir) => vec![format!(
                "error: there is no folder {} with the configuration\n  help: give it with --config",
                dir.display()
            )],
            Self::Several(failures) => failures.iter().flat_map(Self::problems).collect(),
            Self::File { path, source } => {
                vec![format!("error: cannot read {}: {source}", path.display())]
            }
            Self::Input(problems) => problems.iter().map(|it| format!("error: {it}")).collect(),
            Self::NotFound(what) => vec![format!("error: {what}")],
            Self::Host { what, source } => vec![format!("error: {what}: {}", Chain(&**source))],
            Self::Refused { said, .. } => vec![said.clone()],
            Self::Output(error) => vec![format!("error: cannot write output: {error}")],
        }
    }

    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::Documents(_)
            | Self::Said
            | Self::Unreadable(_)
            | Self::NoConfig(_)
            | Self::Several(_)
            | Self::Input(_)
            | Self::File { .. }
            | Self::Refused { status: 400 | 413 | 422, .. } => 2,
            Self::Refused { .. } | Self::NotFound(_) | Self::Host { .. } | Self::Output(_) => 1,
        }
    }

    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems = self.problems();
        f.write_str(&problems.join("\n"))?;
        if problems.len() > 1 {
            write!(f, "\n{} problems; nothing was done", problems.len())?;
        }
        Ok(())
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
            | StartError::Secret { .. }
            | StartError::Certificate(_)
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

//! The configuration of a command.

use std::path::Path;

use defuse_lambda::Config;

use crate::failure::Failure;

/// Reads the folder; where there is none, whoever starts out is told what is missing
pub(crate) fn load(dir: &Path) -> Result<Config, Failure> {
    if !dir.is_dir() {
        return Err(Failure::NoConfig(dir.to_owned()));
    }
    Ok(Config::load(dir)?)
}

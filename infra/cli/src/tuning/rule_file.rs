//! A rule in a file, and the configuration beside which it stands.

use std::{fs, path::Path};

use defuse_domain::TuningRule;
use defuse_lambda::Config;

use crate::{config, failure::Failure};

/// The rule of a file, and the configuration beside which it stands: every mistake in both at once
pub(super) fn read(file: &Path, dir: &Path) -> Result<(TuningRule, Config), Failure> {
    let text =
        fs::read_to_string(file).map_err(|source| Failure::File { path: file.to_owned(), source });
    let rule = text.and_then(|text| {
        TuningRule::parse(&file.display().to_string(), &text).map_err(Failure::Documents)
    });
    match (rule, config::load(dir)) {
        (Ok(rule), Ok(config)) => Ok((rule, config)),
        (rule, config) => {
            Err(Failure::all([rule.err(), config.err()].into_iter().flatten().collect()))
        }
    }
}

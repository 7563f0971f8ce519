//! A rule in a file, the configuration beside which it stands, and the rules that people saved.

use std::{fs, path::Path};

use defuse_domain::TuningRule;
use defuse_lambda::Config;

use super::stored::Stored;
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

/// The rules that people saved and that hold, where a table is named
pub(super) async fn saved(
    stored: &Stored,
    config: &Config,
) -> Result<Option<Vec<TuningRule>>, Failure> {
    let Some(place) = stored.place() else { return Ok(None) };
    let ranges = config.rules.organisation().named_ranges.keys();
    let ranges: Vec<&str> = ranges.map(String::as_str).collect();
    place.saved_rules(&ranges).await.map(Some)
}

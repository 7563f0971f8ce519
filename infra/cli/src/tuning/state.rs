//! Saved tuning rules beside those of the deployment, and who changes them.

use std::{collections::BTreeMap, path::PathBuf};

use defuse_adapters::DynamoDbStore;
use defuse_domain::{TuningRule, TuningRuleName};
use defuse_flow::{BundleStore as _, DeployedTuning as _};
use defuse_lambda::Config;

use super::place::Place;
use crate::{args::StateArguments, config, failure::Failure};

/// The store, with what keeps it there
pub(crate) struct State {
    pub(crate) store: DynamoDbStore,
    config: PathBuf,
    _place: Place,
}

impl State {
    /// Opens what the arguments and the surroundings name
    pub(crate) async fn open(arguments: &StateArguments) -> Result<Self, Failure> {
        let place = Place::open(&arguments.table).await?;
        let config = arguments.config.clone();
        Ok(Self { store: place.store.clone(), config, _place: place })
    }

    /// The rules of the deployment with their texts, as far as these can be found: in the bundle in
    /// force, else in the folder with the configuration
    pub(crate) async fn deployed(
        &self,
    ) -> Result<BTreeMap<TuningRuleName, (TuningRule, String)>, Failure> {
        let noted = self.store.deployed().await?;
        if noted.current.is_empty() {
            return Ok(BTreeMap::new());
        }
        let files = match self.store.in_force().await? {
            Some(bundle) => bundle.files,
            None if self.config.is_dir() => config::load(&self.config)?.files,
            None => BTreeMap::new(),
        };
        let texts = files.into_iter().filter(|(name, _)| Config::is_tuning_rule(name));
        let rules = texts.filter_map(|(file, text)| {
            let rule = TuningRule::parse(&file, &text).ok()?;
            let since = noted.since(&rule)?;
            Some((rule.name().clone(), (rule.in_force_since(since), text)))
        });
        Ok(rules.collect())
    }

    /// The ranges of addresses that conditions may ask for
    pub(crate) fn ranges(&self) -> Result<Vec<String>, Failure> {
        if !self.config.is_dir() {
            return Ok(Vec::new());
        }
        let settings = config::load(&self.config)?.settings;
        Ok(settings.organisation.named_ranges.keys().cloned().collect())
    }
}

/// Who does it: as said, or as the surroundings call whoever is signed in
pub(crate) fn who(by: Option<&String>) -> Result<String, Failure> {
    let variables = ["USER", "LOGNAME", "USERNAME"];
    let signed_in = || variables.iter().find_map(|it| std::env::var(it).ok());
    by.cloned()
        .or_else(signed_in)
        .filter(|it| !it.trim().is_empty())
        .ok_or_else(|| Failure::NotFound("who does it? say so with --by NAME".to_owned()))
}

//! The table that commands about tuning rules look at: that of a deployment, or of a host, be it
//! running or not.

use std::{env, path::Path, sync::Arc};

use defuse_adapters::DynamoDbStore;
use defuse_domain::TuningRule;
use defuse_flow::{StoredRule, StoredTuning as _};
use defuse_lambda::{SharedLookup, start_without_config_from};

use crate::{
    args::TableArguments,
    failure::Failure,
    host::{self, Held},
    report::quoted,
};

/// Where a host keeps its state if nobody says otherwise
const DATA: &str = ".defuse";

/// What names the deployed table
const TABLE: &str = "DEFUSE_TABLE";

/// A table, with what keeps it there
pub(crate) struct Place {
    pub(crate) store: DynamoDbStore,
    /// How `defuse allow` is told of it
    pub(crate) option: String,
    _held: Option<Held>,
}

impl Place {
    /// Whether arguments or surroundings name one
    pub(crate) fn is_named(arguments: &TableArguments) -> bool {
        arguments.data.is_some() || table(arguments).is_some()
    }

    /// Opens what arguments and surroundings name
    pub(crate) async fn open(arguments: &TableArguments) -> Result<Self, Failure> {
        if let Some(table) = table(arguments) {
            let option = format!(" --table {}", quoted(&table));
            let lookup: SharedLookup = Arc::new(move |name: &str| match name {
                TABLE => Some(table.clone()),
                name => env::var(name).ok(),
            });
            let store = start_without_config_from(lookup).store();
            return Ok(Self { store, option, _held: None });
        }
        let data = arguments.data.as_deref().unwrap_or(Path::new(DATA));
        let Some((store, held)) = host::live_store(data).await? else {
            let data = data.display();
            let help = "give --data or --table, or set DEFUSE_TABLE";
            return Err(Failure::NotFound(format!("there is no state in {data}; {help}")));
        };
        let option = arguments.data.as_ref().map_or_else(String::new, |it| {
            format!(" --data {}", quoted(&it.display().to_string()))
        });
        Ok(Self { store, option, _held: held })
    }

    /// The rules that people saved and that hold; what is no rule any more holds nothing
    pub(crate) async fn saved_rules(&self, ranges: &[&str]) -> Result<Vec<TuningRule>, Failure> {
        let stored: Vec<StoredRule> = self.store.stored_rules().await?;
        let on = stored.into_iter().filter(|it| it.is_on && !it.is_deleted);
        Ok(on.filter_map(|it| it.parse(ranges).ok()).collect())
    }
}

/// The table at AWS that is named, unless a host's is
fn table(arguments: &TableArguments) -> Option<String> {
    let named = || env::var(TABLE).ok().filter(|it| !it.is_empty());
    match (&arguments.table, &arguments.data) {
        (Some(table), _) => Some(table.clone()),
        (None, Some(_)) => None,
        (None, None) => named(),
    }
}

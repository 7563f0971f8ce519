//! Where the allow list stands: with a host that runs, in what one stored, or in a table at AWS.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use defuse_adapters::DynamoDbStore;
use defuse_domain::{Alert, AlertId, AllowListDraft, AllowListEntry, Indicator};
use defuse_flow::{
    AllowList as _, AllowListOutbox as _, AllowListPage, Put, RunStore as _, StoreError,
    StoredEntry,
};
use defuse_lambda::{SharedLookup, start_without_config_from};
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    args::AllowPlace,
    failure::Failure,
    host::{self, Database},
};

/// The path of the list at a host
const PATH: &str = "allow-list";

/// Where the list stands
pub(super) enum Place {
    /// With a host that runs and has this folder
    Host(PathBuf),
    /// In what a host stored
    Stored {
        store: DynamoDbStore,
        // Held for its drop.
        _database: Database,
    },
    /// In a table at AWS
    Table(DynamoDbStore),
}

/// An entry that was put on the list
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Taken {
    pub(crate) entry: AllowListEntry,
    pub(crate) put: Put,
}

impl Place {
    pub(super) async fn of(arguments: &AllowPlace) -> Result<Self, Failure> {
        if let Some(table) = arguments.table.clone() {
            let lookup: SharedLookup = Arc::new(move |name: &str| match name {
                "DEFUSE_TABLE" => Some(table.clone()),
                name => std::env::var(name).ok(),
            });
            return Ok(Self::Table(start_without_config_from(lookup).store()));
        }
        let data = &arguments.data;
        if host::ask(data, &["health"]).await.is_some() {
            return Ok(Self::Host(data.clone()));
        }
        if !host::has_state(data) {
            let data = data.display();
            let what = format!("there is no state in {data}; give --data, or --table");
            return Err(Failure::NotFound(what));
        }
        let (store, database) = host::store(data).await?;
        Ok(Self::Stored { store, _database: database })
    }

    pub(super) async fn alert(&self, id: &AlertId) -> Result<Option<Alert>, Failure> {
        match self {
            Self::Host(data) => {
                let Some(body) = get::<Value>(data, &["runs", id.as_str()]).await? else {
                    return Ok(None);
                };
                let raw = body.get("raw").and_then(Value::as_str);
                raw.map(|it| Alert::read(it).map_err(|error| unreadable(error.to_string())))
                    .transpose()
            }
            Self::Stored { store, .. } | Self::Table(store) => {
                Ok(store.load(id).await?.map(|it| it.alert))
            }
        }
    }

    pub(super) async fn put(
        &self,
        drafts: &[AllowListDraft],
        now: Timestamp,
    ) -> Result<Vec<Taken>, Failure> {
        match self {
            Self::Host(data) => {
                let answer = host::tell(data, &[PATH], &json!(drafts)).await;
                let (status, body) = answer.ok_or_else(|| unreadable("it does not answer"))?;
                if status != 200 {
                    return Err(unreadable(String::from_utf8_lossy(&body).into_owned()));
                }
                serde_json::from_slice(&body).map_err(|error| unreadable(error.to_string()))
            }
            Self::Stored { store, .. } | Self::Table(store) => {
                Ok(put_all(store, drafts.to_vec(), now).await?.map_err(Failure::Input)?)
            }
        }
    }

    pub(super) async fn page(&self, after: Option<&Indicator>) -> Result<AllowListPage, Failure> {
        match self {
            Self::Host(data) => {
                let kind = after.map(|it| it.kind().name());
                let mut path = vec![PATH];
                if let (Some(kind), Some(after)) = (kind, after) {
                    path.extend(["after", kind, after.value()]);
                }
                Ok(get(data, &path).await?.unwrap_or_default())
            }
            Self::Stored { store, .. } | Self::Table(store) => Ok(page_after(store, after).await?),
        }
    }

    pub(super) async fn entry(
        &self,
        indicator: &Indicator,
    ) -> Result<Option<StoredEntry>, Failure> {
        match self {
            Self::Host(data) => {
                get(data, &[PATH, "of", indicator.kind().name(), indicator.value()]).await
            }
            Self::Stored { store, .. } | Self::Table(store) => Ok(store.entry(indicator).await?),
        }
    }

    /// What becomes of an entry that was just put there
    pub(super) const fn what_follows(&self) -> &'static str {
        match self {
            Self::Host(_) | Self::Table(_) => {
                "`defuse allow show` says whether Defender for Endpoint has it too."
            }
            Self::Stored { .. } => {
                "The host does not run: Defender for Endpoint hears of it when it does."
            }
        }
    }
}

/// Puts every entry on the list, if none has a mistake
pub(crate) async fn put_all(
    store: &DynamoDbStore,
    drafts: Vec<AllowListDraft>,
    now: Timestamp,
) -> Result<Result<Vec<Taken>, Vec<String>>, StoreError> {
    let (mut entries, mut problems) = (Vec::new(), Vec::new());
    for draft in drafts {
        match AllowListEntry::new(draft, now) {
            Ok(entry) => entries.push(entry),
            Err(found) => problems.extend(found.iter().map(ToString::to_string)),
        }
    }
    if !problems.is_empty() {
        return Ok(Err(problems));
    }
    let mut taken = Vec::new();
    for entry in entries {
        let put = store.put(&entry, now).await?;
        taken.push(Taken { entry, put });
    }
    Ok(Ok(taken))
}

/// The entries after that indicator
pub(crate) async fn page_after(
    store: &DynamoDbStore,
    after: Option<&Indicator>,
) -> Result<AllowListPage, StoreError> {
    store.page(after).await
}

/// What a running host says; `None` where it has nothing of the kind
async fn get<T: DeserializeOwned>(data: &Path, path: &[&str]) -> Result<Option<T>, Failure> {
    let answer = host::ask(data, path).await.ok_or_else(|| unreadable("it does not answer"))?;
    match answer {
        (200, body) => {
            let read = serde_json::from_slice(&body).map_err(|error| unreadable(error.to_string()));
            read.map(Some)
        }
        (404, _) => Ok(None),
        (_, body) => Err(unreadable(String::from_utf8_lossy(&body).into_owned())),
    }
}

fn unreadable(why: impl Into<String>) -> Failure {
    Failure::host("the host did not do that", why.into())
}

//! Alerts of the past: in files, in the folder of a host, or in the deployed table.

use std::{
    collections::BTreeMap,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use defuse_adapters::DynamoDbStore;
use defuse_domain::{Alert, AlertId, BODY_BYTES_MAX, Later, Revision, read_body};
use defuse_flow::{AlertExport as _, ExportPage, ExportedAlert, RunStore as _};
use defuse_lambda::{SharedLookup, has_variable, start_without_config_from};
use jiff::Timestamp;

use crate::{
    args::StoredArguments,
    failure::Failure,
    host::{self, Held},
};

/// The folder that keeps a host's state where none is given
const DATA: &str = ".defuse";

/// Where alerts of the past are
pub(crate) enum Stored {
    Files(Vec<PathBuf>),
    /// What is held is the folder's database, and there for as long as it is held
    Table {
        store: Box<DynamoDbStore>,
        _held: Option<Held>,
    },
}

impl Stored {
    pub(crate) async fn open(arguments: &StoredArguments) -> Result<Self, Failure> {
        if !arguments.alerts.is_empty() {
            return files_of(&arguments.alerts).map(Self::Files);
        }
        if arguments.data.is_none() && has_variable("DEFUSE_TABLE") {
            let lookup: SharedLookup = Arc::new(|name: &str| std::env::var(name).ok());
            let store = start_without_config_from(lookup).store();
            return Ok(Self::Table { store: Box::new(store), _held: None });
        }
        let data = arguments.data.as_deref().unwrap_or(Path::new(DATA));
        let Some((store, held)) = host::live_store(data).await? else {
            let data = data.display();
            let what =
                format!("there is no state in {data}; give --data, --alerts, or DEFUSE_TABLE");
            return Err(Failure::NotFound(what));
        };
        Ok(Self::Table { store: Box::new(store), _held: held })
    }

    /// The newest revision of an alert
    pub(crate) async fn alert(&self, id: &str) -> Result<Alert, Failure> {
        let id = AlertId::parse(id)
            .map_err(|error| Failure::NotFound(format!("no such alert: {error}")))?;
        let found = match self {
            Self::Files(files) => newest_of(files, &id)?,
            Self::Table { store, .. } => store.load(&id).await?.map(|it| it.alert),
        };
        found.ok_or_else(|| Failure::NotFound(format!("there is no alert `{id}`")))
    }

    /// Hands on every alert that came since then, page by page
    pub(crate) async fn each(
        &self,
        since: Timestamp,
        mut see: impl FnMut(ExportPage),
    ) -> Result<(), Failure> {
        match self {
            Self::Files(files) => each_in_files(files, since, see),
            Self::Table { store, .. } => {
                let mut next: Option<String> = None;
                loop {
                    let mut page = store.export(since, next.as_deref()).await?;
                    next = page.next.take();
                    see(page);
                    if next.is_none() {
                        return Ok(());
                    }
                }
            }
        }
    }
}

/// Each file itself, and the files of each folder in the order of their names
fn files_of(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let listed = fs::read_dir(path)
            .and_then(|entries| entries.map(|it| it.map(|it| it.path())).collect());
        let mut of_folder: Vec<PathBuf> =
            listed.map_err(|source| Failure::File { path: path.clone(), source })?;
        of_folder.retain(|it| it.extension().is_some_and(|it| it == "json" || it == "ndjson"));
        of_folder.sort();
        files.extend(of_folder);
    }
    Ok(files)
}

/// The alerts of a file, and how many parts of it are none
fn read(path: &Path) -> Result<(Vec<Alert>, usize), Failure> {
    let mut bytes = Vec::new();
    let opened = fs::File::open(path);
    let read = opened.and_then(|it| it.take(BODY_BYTES_MAX as u64 + 1).read_to_end(&mut bytes));
    read.map_err(|source| Failure::File { path: path.to_owned(), source })?;
    let (mut alerts, mut unreadable) = (Vec::new(), 0);
    for part in read_body(&bytes) {
        match part {
            Ok(alert) => alerts.push(alert),
            Err(_) => unreadable += 1,
        }
    }
    Ok((alerts, unreadable))
}

fn newest_of(files: &[PathBuf], id: &AlertId) -> Result<Option<Alert>, Failure> {
    let mut newest: Option<Alert> = None;
    for file in files {
        for alert in read(file)?.0.into_iter().filter(|it| it.id == *id) {
            if newest.as_ref().is_none_or(|it| it.revision() < alert.revision()) {
                newest = Some(alert);
            }
        }
    }
    Ok(newest)
}

/// What is known of an alert before it is looked at: its oldest revision and its newest, and what
/// that one says
struct Known {
    oldest: Revision,
    newest: Revision,
    later: Later,
    is_seen: bool,
}

/// Reads the files twice, so that only ids are kept of what is in them
fn each_in_files(
    files: &[PathBuf],
    since: Timestamp,
    mut see: impl FnMut(ExportPage),
) -> Result<(), Failure> {
    let mut all: BTreeMap<AlertId, Known> = BTreeMap::new();
    for file in files {
        for alert in read(file)?.0 {
            let revision = alert.revision();
            let known = all.entry(alert.id.clone()).or_insert_with(|| Known {
                oldest: revision,
                newest: revision,
                later: Later::from(&alert),
                is_seen: false,
            });
            known.oldest = known.oldest.min(revision);
            if known.newest < revision {
                known.newest = revision;
                known.later = Later::from(&alert);
            }
        }
    }
    for file in files {
        let (alerts, unreadable) = read(file)?;
        let mut page = ExportPage { unreadable, ..ExportPage::default() };
        for came in alerts {
            let Some(known) = all.get_mut(&came.id) else { continue };
            if known.is_seen || known.oldest != came.revision() {
                continue;
            }
            known.is_seen = true;
            if came.came().is_none_or(|it| it >= since) {
                page.alerts.push(ExportedAlert { came, later: known.later.clone() });
            }
        }
        see(page);
    }
    Ok(())
}

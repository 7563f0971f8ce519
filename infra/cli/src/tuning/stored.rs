//! Alerts of the past: in files, in the folder of a host, or in the deployed table.

use std::{
    collections::BTreeMap,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use defuse_domain::{Alert, AlertId, BODY_BYTES_MAX, Later, Revision, read_body};
use defuse_flow::{AlertExport as _, ExportPage, ExportedAlert, RunStore as _};
use jiff::Timestamp;

use super::place::Place;
use crate::{args::StoredArguments, failure::Failure};

/// Where alerts of the past are
pub(crate) enum Stored {
    /// In files; the table beside them is there for what else is asked of it
    Files(Vec<PathBuf>, Option<Place>),
    Table(Place),
}

impl Stored {
    pub(crate) async fn open(arguments: &StoredArguments) -> Result<Self, Failure> {
        let StoredArguments { alerts, table } = arguments;
        if alerts.is_empty() {
            return Place::open(table).await.map(Self::Table);
        }
        let files = files_of(alerts)?;
        let place = if Place::is_named(table) { Some(Place::open(table).await?) } else { None };
        Ok(Self::Files(files, place))
    }

    /// The table, where one is named
    pub(crate) const fn place(&self) -> Option<&Place> {
        match self {
            Self::Files(_, place) => place.as_ref(),
            Self::Table(place) => Some(place),
        }
    }

    /// The newest revision of an alert
    pub(crate) async fn alert(&self, id: &str) -> Result<Alert, Failure> {
        let id = AlertId::parse(id)
            .map_err(|error| Failure::NotFound(format!("no such alert: {error}")))?;
        let found = match self {
            Self::Files(files, _) => newest_of(files, &id)?,
            Self::Table(place) => place.store.load(&id).await?.map(|it| it.alert),
        };
        found.ok_or_else(|| Failure::NotFound(format!("there is no alert `{id}`")))
    }

    /// Hands on every alert that came since then, page by page
    pub(crate) async fn each(
        &self,
        since: Timestamp,
        mut see: impl AsyncFnMut(ExportPage) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        match self {
            Self::Files(files, _) => each_in_files(files, since, see).await,
            Self::Table(place) => {
                let mut next: Option<String> = None;
                loop {
                    let mut page = place.store.export(since, next.as_deref()).await?;
                    next = page.next.take();
                    see(page).await?;
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
async fn each_in_files(
    files: &[PathBuf],
    since: Timestamp,
    mut see: impl AsyncFnMut(ExportPage) -> Result<(), Failure>,
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
        see(page).await?;
    }
    Ok(())
}

//! The bundle: configuration as it travels with a deployment, named by its content.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use defuse_domain::Playbook;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Config, ConfigError, cases::is_below};

/// The folder of the configuration inside the bundle
const FOLDER: &str = "infra";
/// The file that names the bundle
const MANIFEST: &str = "bundle.json";

/// The bundle was not written
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The configuration has mistakes
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A file cannot be written or read
    #[error("cannot write {path}")]
    File {
        /// Which
        path: PathBuf,
        /// Why
        #[source]
        source: io::Error,
    },
    /// The folder has files that no bundle put there, and they would be taken for a part of it
    #[error("{0} has files that are not of a bundle: choose another folder")]
    NotOurs(PathBuf),
}

/// What the bundle says of itself
#[derive(Debug, Deserialize, Serialize)]
struct Manifest {
    digest: String,
    /// Every other file of it, by its path
    files: BTreeSet<PathBuf>,
}

/// Names the files by what is in them, whatever their order: `sha256:` and 64 digits
pub(super) fn digest(files: &BTreeMap<String, String>) -> String {
    let mut hash = Sha256::new();
    for (name, text) in files {
        // Lengths go in too, so that no two sets of files look alike.
        for part in [name, text] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    format!("sha256:{:x}", hash.finalize())
}

/// Writes the bundle into `out`, which is emptied of an older one and of nothing else
pub(super) fn write(config: &Config, root: &Path, out: &Path) -> Result<String, BundleError> {
    let digest = config.rules.bundle().to_owned();
    let files = files(config, root)?;
    let folder = out.join(FOLDER);
    let manifest = folder.join(MANIFEST);
    remove_older(out, &manifest)?;
    if has_files(&folder)? {
        return Err(BundleError::NotOurs(folder));
    }
    for (path, bytes) in &files {
        put(&out.join(path), bytes)?;
    }
    let said = Manifest { digest: digest.clone(), files: files.into_keys().collect() };
    let said = serde_json::to_vec(&said).map_err(io::Error::from).map_err(at(&manifest))?;
    put(&manifest, &said)?;
    Ok(digest)
}

/// The configuration's files, and the alerts that its cases name
fn files(config: &Config, root: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>, BundleError> {
    let mut files = BTreeMap::new();
    for case in config.rules.playbooks().flat_map(Playbook::cases) {
        let source = root.join(&case.alert);
        let bytes = fs::read(&source).map_err(at(&source))?;
        files.insert(PathBuf::from(&case.alert), bytes);
    }
    for (name, text) in &config.files {
        files.insert(Path::new(FOLDER).join(name), text.clone().into_bytes());
    }
    Ok(files)
}

/// Removes the files that an older bundle names as its own
fn remove_older(out: &Path, manifest: &Path) -> Result<(), BundleError> {
    let said = match fs::read(manifest) {
        Ok(said) => said,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(at(manifest)(error)),
    };
    let Ok(older) = serde_json::from_slice::<Manifest>(&said) else { return Ok(()) };
    for file in older.files.iter().filter(|it| is_below(it)) {
        let path = out.join(file);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&path)(error)),
            Ok(()) | Err(_) => {}
        }
    }
    fs::remove_file(manifest).map_err(at(manifest))
}

/// Whether there is any file in the folder, at whatever depth
fn has_files(folder: &Path) -> Result<bool, BundleError> {
    if !folder.is_dir() {
        return Ok(false);
    }
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let path = entry.map_err(at(folder))?.path();
        if !path.is_dir() || has_files(&path)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), BundleError> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(at(parent))?;
    }
    fs::write(path, bytes).map_err(at(path))
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> BundleError {
    let path = path.to_owned();
    move |source| BundleError::File { path, source }
}

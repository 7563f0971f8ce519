//! The bundle: configuration as it travels with a deployment, named by its content.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use defuse_domain::Playbook;
use sha2::{Digest as _, Sha256};

use super::{Config, ConfigError};

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

/// Writes the bundle into `out`, which is emptied of an older one
pub(super) fn write(config: &Config, root: &Path, out: &Path) -> Result<String, BundleError> {
    let digest = config.rules.bundle().to_owned();
    let folder = out.join(FOLDER);
    for old in [&folder, &out.join("events")] {
        if old.is_dir() {
            fs::remove_dir_all(old).map_err(at(old))?;
        }
    }
    for (name, text) in &config.files {
        put(&folder.join(name), text.as_bytes())?;
    }
    let cases = config.rules.playbooks().flat_map(Playbook::cases);
    let alerts: BTreeSet<&str> = cases.map(|it| it.alert.as_str()).collect();
    for alert in alerts {
        let source = root.join(alert);
        let bytes = fs::read(&source).map_err(at(&source))?;
        put(&out.join(alert), &bytes)?;
    }
    let manifest = serde_json::json!({ "digest": digest }).to_string();
    put(&folder.join(MANIFEST), manifest.as_bytes())?;
    Ok(digest)
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

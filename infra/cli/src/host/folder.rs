//! The folder that keeps a host's state: one host at a time.
//!
//! Two hosts would each number the topic's messages, and one would write over the other's.

use std::{
    fs::{self, File, TryLockError},
    path::Path,
};

use super::asked::announced;
use crate::failure::Failure;

/// The file that a running host has locked. The lock goes with the process, however it ends.
const LOCK: &str = "host.lock";

/// A folder that is ours until this is dropped
pub(crate) struct Folder {
    _lock: File,
}

impl Folder {
    /// Takes the folder, which is made where there is none
    pub(crate) fn take(dir: &Path) -> Result<Self, Failure> {
        let path = dir.join(LOCK);
        let opened = fs::create_dir_all(dir).and_then(|()| open(&path));
        let lock = opened.map_err(|source| Failure::File { path: path.clone(), source })?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                let what = format!("another host has the folder {}", dir.display());
                let place = announced(dir)
                    .map_or_else(String::new, |it| format!("it listens on http://{it}; "));
                Err(Failure::host(what, format!("{place}stop it, or give another --data")))
            }
            Err(TryLockError::Error(source)) => Err(Failure::File { path, source }),
        }
    }

    /// Whether a host that runs has it
    pub(crate) fn is_taken(dir: &Path) -> bool {
        let lock = File::open(dir.join(LOCK));
        lock.is_ok_and(|it| matches!(it.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    File::options().create(true).truncate(false).write(true).open(path)
}

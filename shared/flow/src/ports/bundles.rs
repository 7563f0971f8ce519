//! The configuration of a deployment.

use std::{collections::BTreeMap, future::Future};

use jiff::Timestamp;

use super::StoreError;

/// The configuration of a deployment, named by its content
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The name: `sha256:` and 64 digits
    pub digest: String,
    /// Every file, by its name in the folder
    pub files: BTreeMap<String, String>,
}

/// Which bundles were proven, and which is in force
pub trait BundleStore {
    /// The bundle of that name, if it was ever proven
    fn proven(
        &self,
        digest: &str,
    ) -> impl Future<Output = Result<Option<Bundle>, StoreError>> + Send;

    /// The bundle in force
    fn in_force(&self) -> impl Future<Output = Result<Option<Bundle>, StoreError>> + Send;

    /// Keeps a proven bundle, and puts it in force
    fn put_in_force(
        &self,
        bundle: &Bundle,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

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
    /// The bundle of that name, if it was ever proven as it came with `layer`.
    ///
    /// A layer is one configuration with the code that it was deployed with: other code may read
    /// the same files otherwise, so its proof is another.
    fn proven(
        &self,
        digest: &str,
        layer: &str,
    ) -> impl Future<Output = Result<Option<Bundle>, StoreError>> + Send;

    /// The bundle in force
    fn in_force(&self) -> impl Future<Output = Result<Option<Bundle>, StoreError>> + Send;

    /// Keeps a bundle that was proven as it came with `layer`, and puts it in force
    fn put_in_force(
        &self,
        bundle: &Bundle,
        layer: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

//! What people set of services at run time: which alerts of identity protection are taken,
//! where the settings that are deployed leave it to them.

use defuse_domain::{EntraIdProtection, Services};
use jiff::Timestamp;

use crate::ports::{LevelChange, ServiceLevelLog, StoreError};

/// Shows and changes it
#[derive(Clone, Debug)]
pub struct ServiceSettings<S> {
    deployed: Services,
    store: S,
}

/// How it stands
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicesNow {
    /// What is taken
    pub level: EntraIdProtection,
    /// What the settings say that are deployed; it counts before what people set
    pub deployed: Option<EntraIdProtection>,
    /// What people set, the oldest first
    pub changes: Vec<LevelChange>,
}

impl ServicesNow {
    /// Counts the changes
    pub fn version(&self) -> u64 {
        self.changes.last().map_or(0, |it| it.version)
    }
}

/// It was not changed
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// What is deployed says it
    #[error(
        "settings.yaml says `services.entraIdProtection: {0}`, and what is deployed counts: change \
         it there, or leave it out there to set it here"
    )]
    IsDeployed(EntraIdProtection),
    /// Somebody changed it since it was read
    #[error("somebody changed it meanwhile, so it is at version {0}")]
    Overtaken(u64),
    /// The store failed
    #[error("what people set cannot be read or changed")]
    Store(#[from] StoreError),
}

impl<S: ServiceLevelLog> ServiceSettings<S> {
    /// On that store, beside what is deployed
    pub const fn new(deployed: Services, store: S) -> Self {
        Self { deployed, store }
    }

    /// How it stands
    pub async fn now(&self) -> Result<ServicesNow, StoreError> {
        let changes = self.store.level_changes().await?;
        let set = changes.last().and_then(|it| it.level);
        let services = self.deployed.or(set);
        Ok(ServicesNow {
            level: services.entra_id_protection.unwrap_or(Services::DEFAULT),
            deployed: self.deployed.entra_id_protection,
            changes,
        })
    }

    /// Sets it, if it is still as it was at `version`; nothing is the default
    pub async fn set(
        &self,
        level: Option<EntraIdProtection>,
        version: u64,
        (by, at): (&str, Timestamp),
    ) -> Result<ServicesNow, ServiceError> {
        if let Some(deployed) = self.deployed.entra_id_protection {
            return Err(ServiceError::IsDeployed(deployed));
        }
        let before = self.now().await?;
        if before.version() != version {
            return Err(ServiceError::Overtaken(before.version()));
        }
        if before.changes.last().is_some_and(|it| it.level == level) {
            return Ok(before);
        }
        let version = version.saturating_add(1);
        let change = LevelChange { version, level, by: by.to_owned(), at };
        let is_kept = self.store.keep_level(&change).await?;
        let now = self.now().await?;
        if is_kept { Ok(now) } else { Err(ServiceError::Overtaken(now.version())) }
    }
}

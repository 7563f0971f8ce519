//! The first step: what arrives is read and stored, or kept with the reason why it cannot be read.

use defuse_domain::{Alert, AlertId, Revision, Unreadable, read_body};
use jiff::Timestamp;
use tracing::{info, warn};

use crate::ports::{AlertStore, PartStore, RejectStore, StoreError, Stored};

/// Takes alerts in
#[derive(Clone, Debug)]
pub struct Receive<S> {
    store: S,
}

/// What became of a body
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Every alert in it, and whether it was new
    pub stored: Vec<(AlertId, Revision, Stored)>,
    /// Alerts of which only evidence came: that is kept until they say what they are
    pub waiting: Vec<AlertId>,
    /// What could not be read
    pub rejected: Vec<Unreadable>,
}

impl<S: AlertStore + PartStore + RejectStore> Receive<S> {
    /// The step, on that store
    pub const fn new(store: S) -> Self {
        Self { store }
    }

    /// Stores every alert of `body`.
    ///
    /// An error means that not everything is stored: the sender must send the whole again, and what
    /// was stored meanwhile is recognised.
    pub async fn receive(&self, body: &[u8], now: Timestamp) -> Result<Receipt, StoreError> {
        let mut receipt = Receipt::default();
        for read in read_body(body) {
            match read {
                Ok(alert) => {
                    let alert = self.put_together(alert, now).await?;
                    if !alert.is_whole() {
                        info!(alert.id = %alert.id, "keeping evidence of alert `{}`", alert.id);
                        receipt.waiting.push(alert.id);
                        continue;
                    }
                    let stored = self.store.store(&alert, now).await?;
                    let (id, revision) = (alert.id.clone(), alert.revision());
                    info!(alert.id = %id, alert.revision = %revision, stored = ?stored,
                        flags = alert.flags.len(), "received alert `{id}`");
                    receipt.stored.push((id, revision, stored));
                }
                Err(unreadable) => {
                    self.store.reject(&unreadable, now).await?;
                    warn!(code = %unreadable.code, line = unreadable.line,
                        "rejected a part of a body: {}", unreadable.code);
                    receipt.rejected.push(unreadable);
                }
            }
        }
        Ok(receipt)
    }

    /// The alert with every part of it that came before; one that comes whole as it is
    async fn put_together(&self, alert: Alert, now: Timestamp) -> Result<Alert, StoreError> {
        let parts = alert.records();
        if parts.is_empty() {
            return Ok(alert);
        }
        let all = self.store.keep(&alert.id, &parts, now).await?;
        Ok(Alert::of_records(&all).unwrap_or(alert))
    }
}

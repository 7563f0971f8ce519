//! The first step: what arrives is read and stored, or kept with the reason why it cannot be read.

use defuse_domain::{AlertId, Revision, Unreadable, read_body};
use jiff::Timestamp;
use tracing::{info, warn};

use crate::ports::{AlertStore, RejectStore, StoreError, Stored};

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
    /// What could not be read
    pub rejected: Vec<Unreadable>,
}

impl<S: AlertStore + RejectStore> Receive<S> {
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
}

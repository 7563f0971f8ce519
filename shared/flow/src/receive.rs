//! The first step: what arrives is read and stored, or kept with the reason why it cannot be read.

use defuse_domain::{AlertId, Revision, Services, Unreadable, read_body};
use jiff::Timestamp;
use tracing::{info, warn};

use crate::{
    intake::{Intake, Taken},
    ports::{AlertStore, LeftOutLog, RejectStore, StoreError, Stored},
};

/// Takes alerts in
#[derive(Clone, Debug)]
pub struct Receive<S> {
    intake: Intake<S>,
}

/// What became of a body
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Every alert in it, and whether it was new
    pub stored: Vec<(AlertId, Revision, Stored)>,
    /// Every alert in it that the settings leave out
    pub left_out: Vec<(AlertId, Revision)>,
    /// What could not be read
    pub rejected: Vec<Unreadable>,
}

impl<S: AlertStore + LeftOutLog + RejectStore> Receive<S> {
    /// The step, on that store; every alert of every service is taken
    pub const fn new(store: S) -> Self {
        Self::by(Services::ALL, store)
    }

    /// The step, on that store, by the settings of services
    pub const fn by(services: Services, store: S) -> Self {
        Self { intake: Intake::new(services, store) }
    }

    /// Stores every alert of `body` that the settings take.
    ///
    /// An error means that not everything is stored: the sender must send the whole again, and what
    /// was stored meanwhile is recognised.
    pub async fn receive(&self, body: &[u8], now: Timestamp) -> Result<Receipt, StoreError> {
        let mut receipt = Receipt::default();
        for read in read_body(body) {
            match read {
                Ok(alert) => {
                    let taken = self.intake.take(&alert, now).await?;
                    let (id, revision) = (alert.id.clone(), alert.revision());
                    let stored = match taken {
                        Taken::Stored(stored) => stored,
                        Taken::LeftOut => {
                            receipt.left_out.push((id, revision));
                            continue;
                        }
                    };
                    info!(alert.id = %id, alert.revision = %revision, stored = ?stored,
                        flags = alert.flags.len(), "received alert `{id}`");
                    receipt.stored.push((id, revision, stored));
                }
                Err(unreadable) => {
                    self.intake.store().reject(&unreadable, now).await?;
                    warn!(code = %unreadable.code, line = unreadable.line,
                        "rejected a part of a body: {}", unreadable.code);
                    receipt.rejected.push(unreadable);
                }
            }
        }
        Ok(receipt)
    }
}

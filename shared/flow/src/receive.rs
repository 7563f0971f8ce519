//! The first step: what arrives is read and stored, or kept with the reason why it cannot be read.

use defuse_domain::{Alert, AlertId, Revision, Services, Unreadable, read_body};
use jiff::Timestamp;
use tracing::{info, warn};

use crate::{
    intake::{Intake, Taken},
    ports::{AlertStore, LeftOutLog, PartStore, RejectStore, ServiceLevels, StoreError, Stored},
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
    /// Alerts of which only evidence came: that is kept until they say what they are
    pub waiting: Vec<AlertId>,
    /// What could not be read
    pub rejected: Vec<Unreadable>,
}

impl Receipt {
    /// Whether there was no alert at all
    pub const fn has_none(&self) -> bool {
        self.stored.is_empty() && self.left_out.is_empty() && self.waiting.is_empty()
    }
}

impl<S: AlertStore + LeftOutLog + PartStore + RejectStore + ServiceLevels> Receive<S> {
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
                Ok(alert) => self.take(alert, now, &mut receipt).await?,
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

    /// Stores one alert, or says in the receipt what else became of it
    async fn take(
        &self,
        alert: Alert,
        now: Timestamp,
        receipt: &mut Receipt,
    ) -> Result<(), StoreError> {
        let alert = self.put_together(alert, now).await?;
        let (id, revision) = (alert.id.clone(), alert.revision());
        if !alert.is_whole() {
            info!(alert.id = %id, "keeping evidence of alert `{id}`");
            receipt.waiting.push(id);
            return Ok(());
        }
        match self.intake.take(&alert, now).await? {
            Taken::LeftOut => receipt.left_out.push((id, revision)),
            Taken::Stored(stored) => {
                info!(alert.id = %id, alert.revision = %revision, stored = ?stored,
                    flags = alert.flags.len(), "received alert `{id}`");
                receipt.stored.push((id, revision, stored));
            }
        }
        Ok(())
    }

    /// The alert with every part of it that came before; one that comes whole as it is
    async fn put_together(&self, alert: Alert, now: Timestamp) -> Result<Alert, StoreError> {
        let parts = alert.records();
        if parts.is_empty() {
            return Ok(alert);
        }
        let all = self.intake.store().keep(&alert.id, &parts, now).await?;
        Ok(Alert::of_records(&all).unwrap_or(alert))
    }
}

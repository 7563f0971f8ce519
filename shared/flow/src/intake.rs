//! The one way in for alerts, whoever brings them: what the settings take is stored, and what they
//! leave out is counted.

use defuse_domain::{Alert, Services, Severity};
use jiff::Timestamp;
use tracing::info;

use crate::ports::{AlertStore, LeftOut, LeftOutLog, ServiceLevels, StoreError, Stored};

/// Takes one alert in
#[derive(Clone, Debug)]
pub struct Intake<S> {
    services: Services,
    store: S,
}

/// What became of an alert
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is stored
    Stored(Stored),
    /// The settings leave it out, and it is counted
    LeftOut,
}

impl<S: AlertStore + LeftOutLog + ServiceLevels> Intake<S> {
    /// The way in, by those settings
    pub const fn new(services: Services, store: S) -> Self {
        Self { services, store }
    }

    /// Stores the alert, or counts that it is left out.
    ///
    /// An alert that we have is always taken, be it less grave by now: what people see of it would
    /// stand still otherwise.
    pub async fn take(&self, alert: &Alert, now: Timestamp) -> Result<Taken, StoreError> {
        let mut services = self.services;
        if services.leave_open(alert) {
            services = services.or(self.store.last_level().await?.and_then(|it| it.level));
        }
        if !services.take(alert) {
            match self.store.leave_out(alert, now).await? {
                LeftOut::Counted | LeftOut::Again => {
                    let severity = alert.known_severity().map(Severity::name);
                    info!(alert.id = %alert.id, alert.severity = severity,
                        "left out alert `{}` by the service settings", alert.id);
                    return Ok(Taken::LeftOut);
                }
                LeftOut::IsStored => {}
            }
        }
        self.store.store(alert, now).await.map(Taken::Stored)
    }

    /// Where alerts are kept
    pub(crate) const fn store(&self) -> &S {
        &self.store
    }
}

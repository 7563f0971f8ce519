//! Whose turns are taken: those of all functions together, or our own where there is no table.

use std::time::Duration;

use defuse_adapters::{DynamoDbStore, OwnPace};
use defuse_flow::{Pace, Rate, StoreError, Turn};
use jiff::Timestamp;

/// Where turns are kept
#[derive(Clone, Debug)]
pub enum Turns {
    /// In the table, for all functions together
    Shared(DynamoDbStore),
    /// In this process
    Own(OwnPace),
    /// Nowhere: whoever is asked bears any rate, as a stand-in does
    Free,
}

impl Pace for Turns {
    async fn turn(
        &self,
        rate: Rate,
        patience: Duration,
        now: Timestamp,
    ) -> Result<Turn, StoreError> {
        match self {
            Self::Shared(store) => store.turn(rate, patience, now).await,
            Self::Own(pace) => pace.turn(rate, patience, now).await,
            Self::Free => Ok(Turn::Now),
        }
    }
}

//! How often a service may be asked, by all of us together.

use std::{future::Future, time::Duration};

use jiff::Timestamp;

use super::StoreError;

/// How often somebody may be asked
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Names whom is asked for what, everywhere the same
    pub name: &'static str,
    /// How much time there is between two turns
    pub every: Duration,
}

/// Whether it is our turn
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It is ours, now
    Now,
    /// It comes later than we are ready to wait; nobody was kept from theirs
    TooLate {
        /// When there will be a free one, as it looks
        free: Timestamp,
    },
}

/// Turns that all functions together take one after the other
pub trait Pace {
    /// Waits for the next free turn, for at most `patience`
    fn turn(
        &self,
        rate: Rate,
        patience: Duration,
        now: Timestamp,
    ) -> impl Future<Output = Result<Turn, StoreError>> + Send;
}

//! Answers that are kept, and who of many may ask for a new one.

use std::{future::Future, time::Duration};

use defuse_domain::{Fact, Need};
use jiff::Timestamp;

use super::StoreError;

/// The right to ask a question that nobody else may ask meanwhile.
///
/// It runs out by itself after some seconds, so nothing is held up by who crashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease(pub String);

/// What there is of an answer
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// It is there: young enough, or unknown to who asked for it while we waited
    Answered(Fact),
    /// Nobody has it: it is ours to ask
    Ask(Lease),
    /// Somebody else is asking, and has no answer yet
    InHand,
}

/// Keeps answers for all functions together, each for one user and one kind of question
pub trait FactCache {
    /// What is kept, else the right to ask; where somebody else has that, their answer is waited
    /// for, as long as `patience` says
    fn find(
        &self,
        need: &Need,
        patience: Duration,
        now: Timestamp,
    ) -> impl Future<Output = Result<Found, StoreError>> + Send;

    /// Keeps what came of asking, gives the lease back, and gives the fact with what was seen
    /// before.
    ///
    /// What is unknown is handed to those who wait for it, and else is not kept: the next who
    /// needs it asks again. Only after having asked too often nobody asks for some seconds.
    fn keep(
        &self,
        lease: &Lease,
        fact: Fact,
        now: Timestamp,
    ) -> impl Future<Output = Result<Fact, StoreError>> + Send;
}

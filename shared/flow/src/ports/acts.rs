//! What persons do to alerts: kept like everything else on condition of a version, and carried out
//! at the source from what was kept.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
};

use defuse_domain::{Act, ActEffect, Alert, AlertId, EffectId, EffectState, Managed};

use super::{AlertState, StoreError};

/// An alert with what persons made of it
#[derive(Clone, Debug, PartialEq)]
pub struct ManagedAlert {
    /// The newest revision
    pub alert: Alert,
    /// Where it stands with us
    pub state: AlertState,
    /// Counts every change of the head; a write is conditional on it
    pub version: u64,
    /// Our own tags
    pub tags: BTreeSet<String>,
    /// What persons said of it
    pub managed: Managed,
    /// What became of telling the source, of the newest acts
    pub asked: BTreeMap<EffectId, EffectState>,
    /// How many acts there were
    pub n_acts: u64,
    /// The digest of the last of them; empty where there was none
    pub last_act: String,
}

/// What came of keeping an act
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acted {
    /// It is what happened, and this is the version since
    New(u64),
    /// Somebody else changed the alert since it was read: the act did not happen
    Overtaken,
}

/// The acts of an alert, as they were kept
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Acts {
    /// Every act that is there and unchanged, the oldest first, with its digest
    pub acts: Vec<(Act, String)>,
    /// The newest act that is not there any more, or not as it was
    pub broken: Option<BrokenAct>,
}

/// An act that somebody took away or changed
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenAct {
    /// Which of the alert's acts
    pub number: u64,
    /// Whether something stands in its place
    pub is_changed: bool,
}

/// Where acts are kept
pub trait ActStore {
    /// The alert of that id, if we have it
    fn managed(
        &self,
        id: &AlertId,
    ) -> impl Future<Output = Result<Option<ManagedAlert>, StoreError>> + Send;

    /// Keeps the act and makes the alert what it says, in one write that holds only if the alert
    /// still has `version`. What a rule had begun to do and not done is dropped where the act
    /// decides.
    fn act(
        &self,
        act: &Act,
        managed: &Managed,
        version: u64,
    ) -> impl Future<Output = Result<Acted, StoreError>> + Send;

    /// Every act of the alert, each looked at whether it still is what it was
    fn acts(&self, id: &AlertId) -> impl Future<Output = Result<Acts, StoreError>> + Send;
}

/// What acts ask of an alert's source, and what was done of it
pub trait ActOutbox {
    /// What is still to be done, in order: nothing, while a newer revision waits to be decided
    fn asked(&self, id: &AlertId)
    -> impl Future<Output = Result<Option<Asked>, StoreError>> + Send;

    /// Says what became of it; what is settled stays as it is
    fn settle(
        &self,
        id: &AlertId,
        effect: &EffectId,
        state: &EffectState,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// What is still to be done for persons
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The alert, as it is now
    pub alert: Alert,
    /// What, in order
    pub effects: Vec<ActEffect>,
}

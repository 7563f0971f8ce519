//! Somebody who keeps indicators, in memory.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use defuse_domain::{AllowListEntry, Indicator};
use defuse_flow::{DeliveryError, IndicatorClient, Rate};

use super::locked;

/// Keeps every indicator that it is to allow, the newest of each
#[derive(Clone, Debug, Default)]
pub struct MemoryIndicators {
    allowed: Arc<Mutex<BTreeMap<Indicator, AllowListEntry>>>,
}

impl MemoryIndicators {
    /// What it allows
    pub fn allowed(&self) -> Vec<AllowListEntry> {
        locked(&self.allowed).values().cloned().collect()
    }
}

impl IndicatorClient for MemoryIndicators {
    fn rate(&self) -> Rate {
        Rate { name: "indicators", every: Duration::ZERO }
    }

    async fn allow(&self, entry: &AllowListEntry) -> Result<String, DeliveryError> {
        locked(&self.allowed).insert(entry.indicator().clone(), entry.clone());
        Ok("taken".to_owned())
    }
}

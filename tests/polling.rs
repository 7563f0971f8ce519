//! Alerts are read from their sources without a gap, whatever happens meanwhile.
//!
//! No real time passes: the test tells the time, and the stand-in tenant goes by the same clock, a
//! few minutes off, as clocks are.

#[cfg(test)]
#[path = "contract/embedded.rs"]
mod embedded;
#[cfg(test)]
#[path = "contract/emulator.rs"]
#[expect(dead_code, reason = "other tests look closer at the table")]
mod emulator;
#[cfg(test)]
#[path = "polling/faults.rs"]
mod faults;
#[cfg(test)]
#[path = "polling/model.rs"]
mod model;
#[cfg(test)]
#[path = "polling/outage.rs"]
mod outage;
#[cfg(test)]
#[path = "polling/proof.rs"]
mod proof;
#[cfg(test)]
#[path = "polling/properties.rs"]
mod properties;
#[cfg(test)]
#[path = "polling/slow.rs"]
mod slow;
#[cfg(test)]
#[path = "polling/stores.rs"]
mod stores;
#[cfg(test)]
#[path = "polling/world.rs"]
mod world;

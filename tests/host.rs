//! The one-machine host as a process: `defuse demo` and `defuse dev`, from a push over HTTP to the
//! message in the channel, through kills, outages and bad input.
//!
//! Each module says `cfg(test)`, so that the lints take its helpers for what they are.

#[cfg(test)]
#[path = "host/after_a_kill.rs"]
mod after_a_kill;
#[cfg(test)]
#[path = "host/allow.rs"]
mod allow;
#[cfg(test)]
#[path = "host/bad_input.rs"]
mod bad_input;
#[cfg(test)]
#[path = "host/binary.rs"]
mod binary;
#[cfg(test)]
#[path = "host/channels.rs"]
mod channels;
#[cfg(test)]
#[path = "host/demo.rs"]
mod demo;
#[cfg(test)]
#[path = "host/dev.rs"]
mod dev;
#[cfg(test)]
#[path = "contract/embedded.rs"]
mod embedded;
#[cfg(test)]
#[path = "host/endpoints.rs"]
mod endpoints;
#[cfg(test)]
#[path = "host/explain.rs"]
mod explain;
#[cfg(test)]
#[path = "host/gate.rs"]
mod gate;
#[cfg(test)]
#[path = "host/managed.rs"]
mod managed;
#[cfg(test)]
#[path = "host/outage.rs"]
mod outage;
#[cfg(test)]
#[path = "host/places.rs"]
mod places;
#[cfg(test)]
#[path = "host/polled.rs"]
mod polled;
#[cfg(test)]
#[path = "host/state.rs"]
mod state;
#[cfg(test)]
#[path = "host/tuning.rs"]
mod tuning;
#[cfg(test)]
#[path = "host/tuning_preview.rs"]
mod tuning_preview;
#[cfg(test)]
#[path = "host/way.rs"]
mod way;
#[cfg(test)]
#[path = "host/world.rs"]
mod world;

//! The API as whoever asks it sees it: who is let in, what they may do, and what becomes of two who
//! want the same.
//!
//! Each module says `cfg(test)`, so that the lints take its helpers for what they are.

#[cfg(test)]
#[path = "api/document.rs"]
mod document;
#[cfg(test)]
#[path = "contract/embedded.rs"]
mod embedded;
#[cfg(test)]
#[path = "api/history.rs"]
mod history;
#[cfg(test)]
#[path = "api/permissions.rs"]
mod permissions;
#[cfg(test)]
#[path = "api/race.rs"]
mod race;
#[cfg(test)]
#[path = "api/requests.rs"]
mod requests;
#[cfg(test)]
#[path = "api/world.rs"]
mod world;

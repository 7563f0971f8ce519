//! The commands of `defuse` that begin and end: what they print, what they refuse, what they exit
//! with.
//!
//! Each module says `cfg(test)`, so that the lints take its helpers for what they are.

#[cfg(test)]
#[path = "command/bad_input.rs"]
mod bad_input;
#[cfg(test)]
#[path = "host/binary.rs"]
mod binary;
#[cfg(test)]
#[path = "command/bundle.rs"]
mod bundle;
#[cfg(test)]
#[path = "command/check.rs"]
mod check;
#[cfg(test)]
#[path = "command/diff.rs"]
mod diff;
#[cfg(test)]
#[path = "command/facts.rs"]
mod facts;
#[cfg(test)]
#[path = "command/folder.rs"]
mod folder;
#[cfg(test)]
#[path = "command/help.rs"]
mod help;
#[cfg(test)]
#[path = "command/inputs.rs"]
mod inputs;
#[cfg(test)]
#[path = "command/progress.rs"]
mod progress;
#[cfg(test)]
#[path = "command/roles.rs"]
mod roles;
#[cfg(test)]
#[path = "command/tenant.rs"]
mod tenant;
#[cfg(test)]
#[path = "command/tuning.rs"]
mod tuning;
#[cfg(test)]
#[path = "command/tuning_unasked.rs"]
mod tuning_unasked;

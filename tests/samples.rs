//! Public payloads, where there are any: every alert among them is received, what is odd in it is
//! flagged, and nothing of it is lost.
//!
//! They are in the folder that the environment variable `DEFUSE_SAMPLES` names, or in a folder of
//! public payloads kept beside the checkout, if there is one. Where there is none, the tests say so
//! and pass.

#[cfg(test)]
#[path = "contract/embedded.rs"]
mod embedded;
#[cfg(test)]
#[path = "samples/received.rs"]
mod received;

//! In-memory ports: plain structs that share what they hold among their clones.
//!
//! They keep to what the ports promise, and no more: nothing is fast, nothing is durable.

mod chat;
mod facts;
mod indicators;
mod source;
mod store;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use chat::{ChatPost, MemoryChat, MemoryTopic};
pub use facts::{FixedFacts, FixedMailboxes};
pub use indicators::MemoryIndicators;
pub use source::{MemorySource, SourceView};
pub use store::MemoryStore;

/// What is behind the lock, also after a test panicked that held it
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

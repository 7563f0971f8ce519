//! What happens when: the steps an alert takes, and the ports they need.

mod ports;

pub use ports::*;

//! What happens when: the steps an alert takes, and the ports they need.
//!
//! In the order of an alert's way: `receive` or `poll`, `triage`, `deliver`, `post`.

mod deliver;
mod poll;
mod ports;
mod post;
mod receive;
mod triage;

pub use deliver::{Deliver, DeliverError};
pub use poll::{FeedPlace, Outage, Pass, Poll, Reading, SLICES};
pub use ports::*;
pub use post::{Post, PostError, Posted};
pub use receive::{Receipt, Receive};
pub use triage::{Triage, Triaged};

//! What happens when: the steps an alert takes, and the ports they need.
//!
//! In the order of an alert's way: `receive` or `poll`, `triage` (by way of `facts`), `deliver`,
//! `post`; and beside it `housekeep`, `manage`, `tuning`, `watch` and `allow`.

mod allow;
mod deliver;
mod facts;
mod housekeep;
mod intake;
mod manage;
mod poll;
mod ports;
mod post;
mod receive;
mod triage;
mod tuning;
mod watch;

pub use allow::Allow;
pub use deliver::{Deliver, DeliverError};
pub use facts::Remembered;
pub use housekeep::Housekeep;
pub use intake::{Intake, Taken};
pub use manage::{Manage, Outcome as ManageOutcome, Told};
pub use poll::{FeedPlace, Outage, Pass, Poll, Reading, SLICES};
pub use ports::*;
pub use post::{Post, PostError, Posted};
pub use receive::{Receipt, Receive};
pub use triage::{Triage, Triaged};
pub use tuning::{
    DeployedRules, Draft, ReleaseError, Releasing, RulesInForce, TextSince, Tuned, Tuning,
    TuningError, note_deployed,
};
pub use watch::{Watch, Watched};

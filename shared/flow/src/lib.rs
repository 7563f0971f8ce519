//! What happens when: the steps an alert takes, and the ports they need.
//!
//! In the order of an alert's way: `receive` or `poll`, `triage` (by way of `facts`), `deliver`,
//! `post`; and beside it `housekeep`, `manage`, `center`, `bulk`, `tuning`, `service_settings`,
//! `watch` and `allow`.

mod allow;
mod bulk;
mod center;
mod deliver;
mod facts;
mod housekeep;
mod intake;
mod manage;
mod poll;
mod ports;
mod post;
mod receive;
mod service_settings;
mod triage;
mod tuning;
mod watch;

pub use allow::Allow;
pub use bulk::{Access, BULK_MAX, BulkResult, BulkResults, BulkUndone, Bulks};
pub use center::{ActionCenter, ActionFilter, ActionOnAlert, ActionPage, Undone};
pub use deliver::{Deliver, DeliverError};
pub use facts::Remembered;
pub use housekeep::Housekeep;
pub use intake::{Intake, Taken};
pub use manage::{Manage, Outcome as ManageOutcome, Told};
pub use poll::{FeedPlace, Outage, Pass, Poll, Reading, SLICES};
pub use ports::*;
pub use post::{Post, PostError, Posted};
pub use receive::{Receipt, Receive};
pub use service_settings::{ServiceError, ServiceSettings, ServicesNow};
pub use triage::{Triage, Triaged};
pub use tuning::{
    DeployedRules, DeployedTexts, Draft, KnownRule, Previewed, Previewing, ReleaseError,
    ReleasedAlerts, Releasing, RuleSummary, RulesInForce, TextSince, Tuned, Tuning, TuningError,
    TuningRules, note_deployed,
};
pub use watch::{Watch, Watched};

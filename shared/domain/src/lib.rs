//! What things are and what becomes of them: pure, no I/O, no clock.
//!
//! Read in this order: `alert`, `classification`, `fact`, `condition`, `criterion`, `playbook`,
//! `decision`, `run`.

mod alert;
mod alert_id;
mod alert_type;
mod catalogue;
mod classification;
mod decision;
mod evidence;
mod explanation;
mod fact;
mod flag;
mod notification;
mod playbook;
mod run;
mod severity;
mod source;
mod user;
mod wire_name;

pub use alert::{
    ALERTS_MAX, Alert, AlertError, BODY_BYTES_MAX, Comment, Shape, Unreadable, UnreadableCode,
    read_body,
};
pub use alert_id::{ALERT_ID_LENGTH_MAX, AlertId, AlertIdError, Revision};
pub use alert_type::AlertType;
pub use catalogue::{BASE, EvidenceType, Kind, Property};
pub use classification::{
    Activity, CLASSIFICATIONS, Classification, FalseAlarm, RETIRED_DETERMINATIONS, Threat,
};
pub use decision::{Decision, Outcome, PlaybookTrace};
pub use evidence::Evidence;
pub use explanation::{Explanation, Truth, UnknownFact};
pub use fact::{
    Answer, AutomaticReplies, Fact, Facts, OPEN_ALERTS_DAYS, OPEN_ALERTS_MAX, OpenAlert, Question,
    Risk, RiskLevel, Unknown, UnknownReason,
};
pub use flag::{FLAG_VALUE_LENGTH_MAX, FLAGS_MAX, Flag, Oddity};
pub use notification::{Notification, Template};
pub use playbook::{Mode, PlaybookName};
pub use run::{Effect, EffectAction, EffectId, EffectState, Run, RunKey};
pub use severity::{Severity, Status};
pub use source::{DetectionSource, ServiceSource};
pub use user::User;
pub use wire_name::AsRead;

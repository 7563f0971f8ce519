//! Tuning rules beside an alert's way: which are in force, what people change about them, and
//! hidden alerts that people take out again.

mod change;
mod deployed;
mod in_force;
mod known;
mod previewing;
mod release;

pub use self::{
    change::{Draft, Tuned, Tuning, TuningError},
    deployed::{DeployedRules, TextSince, note_deployed},
    in_force::RulesInForce,
    known::{DeployedTexts, KnownRule, RuleSummary, TuningRules},
    previewing::{Previewed, Previewing},
    release::{ReleaseError, ReleasedAlerts, Releasing},
};

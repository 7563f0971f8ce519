//! What a person makes of an alert: what they wish, what comes of it, and how the alert stands then.
//!
//! The source's own words stay as they came. What a person said lies over them until the source says
//! the same, or says that somebody there changed it meanwhile.

mod act;
mod standing;
mod wish;

pub use self::{
    act::{Act, ActAction, ActEffect, Actor, ManageError, Step, TAGS_MAX},
    standing::{Managed, Said, Standing},
    wish::Wish,
};

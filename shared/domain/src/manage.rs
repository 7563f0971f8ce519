//! What a person makes of an alert: what they wish, what comes of it, and how the alert stands then.
//!
//! The source's own words stay as they came. What a person said lies over them until the source says
//! the same, or says that somebody there changed it meanwhile.

mod act;
mod past;
mod standing;
mod taken;
mod undo;
mod wish;

pub use self::{
    act::{Act, ActAction, ActEffect, Actor, ManageError, Step, TAGS_MAX},
    past::Past,
    standing::{Managed, Said, Standing},
    taken::{ActionId, ActionKey, ActionKind, ActionState, Part, TakenAction, TakenBy},
    undo::{Stay, Undo, UndoError, Undoing},
    wish::{INCIDENT_LENGTH_MAX, Wish},
};

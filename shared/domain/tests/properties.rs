//! Laws of the decision, over generated alerts, playbooks and facts.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test ends at the first surprise"
)]

#[path = "properties/arbitrary.rs"]
mod arbitrary;
#[path = "properties/decisions.rs"]
mod decisions;
#[path = "properties/fill.rs"]
mod fill;
#[path = "properties/history.rs"]
mod history;
#[path = "properties/index.rs"]
mod index;
#[path = "properties/logic.rs"]
mod logic;
#[path = "properties/never_panics.rs"]
mod never_panics;
#[path = "properties/patterns.rs"]
mod patterns;
#[path = "properties/scan.rs"]
mod scan;
#[path = "properties/tuning.rs"]
mod tuning;
#[path = "properties/windows.rs"]
mod windows;

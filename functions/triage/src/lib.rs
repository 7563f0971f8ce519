//! The function triage.

//! The function receive.

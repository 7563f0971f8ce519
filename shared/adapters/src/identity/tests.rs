//! Tokens that are good, and every way in which one is not.

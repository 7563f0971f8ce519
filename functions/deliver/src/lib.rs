//! The function deliver.

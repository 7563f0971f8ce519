//! The product's promises, tested from outside.

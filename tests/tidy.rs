//! What a review would say about the house and not about a change: layers, sizes, names, documents
//! that tell what the code does.
//!
//! Everything here reads files of the repository and runs nothing. Each module says `cfg(test)`, so
//! that the lints take its helpers for what they are.

#[cfg(test)]
#[path = "tidy/documents.rs"]
mod documents;
#[cfg(test)]
#[path = "tidy/files.rs"]
mod files;
#[cfg(test)]
#[path = "tidy/layers.rs"]
mod layers;
#[cfg(test)]
#[path = "tidy/playbooks.rs"]
mod playbooks;
#[cfg(test)]
#[path = "tidy/repository.rs"]
mod repository;
#[cfg(test)]
#[path = "tidy/surface.rs"]
mod surface;

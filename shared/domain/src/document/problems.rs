//! Every problem of one document.

use std::cell::RefCell;

use crate::diagnostic::Diagnostic;

/// What is wrong with one document, as far as it was read
#[derive(Debug)]
pub(crate) struct Problems {
    pub(super) file: String,
    /// Whether it is JSON, where a text has quotes and a number has none
    pub(super) is_json: bool,
    pub(super) list: RefCell<Vec<Diagnostic>>,
}

impl Problems {
    pub(crate) fn new(file: &str) -> Self {
        Self { file: file.to_owned(), is_json: false, list: RefCell::new(Vec::new()) }
    }

    /// The same for a document in JSON
    pub(crate) fn of_json(file: &str) -> Self {
        Self { is_json: true, ..Self::new(file) }
    }

    /// The value, if nothing was wrong; else every problem, in the order of places
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Vec<Diagnostic>> {
        let mut list = self.list.into_inner();
        list.sort();
        match value {
            Some(value) if list.is_empty() => Ok(value),
            Some(_) | None => Err(list),
        }
    }
}

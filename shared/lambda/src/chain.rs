//! An error with all its causes, on one line.

use std::{error::Error, fmt, iter};

/// Shows an error and each of its causes, on one line.
///
/// The runtime's JSON logs drop causes; this keeps them.
#[derive(Debug)]
pub struct Chain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        for cause in iter::successors(self.0.source(), |&error| error.source()) {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

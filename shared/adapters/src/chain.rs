//! Shows an error with every cause, for the log.

use std::{error::Error, fmt, iter};

/// An error and each of its causes, on one line
#[derive(Debug)]
pub(crate) struct Chain<'a>(pub(crate) &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        for cause in iter::successors(self.0.source(), |&error| error.source()) {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

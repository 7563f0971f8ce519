//! Names.
use super::slots::Slot;
#[derive(Clone, Debug)]
pub(super) struct Names;
impl Names {
    pub(super) fn new(_slots: &[Slot]) -> Self {
        Self
    }
}

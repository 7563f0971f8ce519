//! Looks after what nobody asks about: tells people of tuning rules that expire soon.

use defuse_flow::StoreError;
use defuse_lambda::HousekeepApp;
use jiff::Timestamp;

/// Does everything that is due; what fails is due still at the next run
pub async fn handle(app: &HousekeepApp, now: Timestamp) -> Result<(), StoreError> {
    // Why: generic futures this deep overflow the compiler's queries; one box cures it.
    Box::pin(app.tell_what_expires(now)).await
}

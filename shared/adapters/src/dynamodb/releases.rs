//! Where hidden alerts are released: a mark in the head, which every later revision keeps.
//!
//! DynamoDB actions: `dynamodb:UpdateItem`.

use defuse_domain::{AlertId, Release};
use defuse_flow::{AlertState, ReleaseStore, Released, StoreError};

use super::{
    DynamoDbStore,
    change::{Change, Written},
    items::{cut, number, state_name, text},
    keys::Key,
    work::WorkKind,
};

/// As much of a person's name as the head has, in bytes
const BY_BYTES_MAX: usize = 80;

impl ReleaseStore for DynamoDbStore {
    async fn release(
        &self,
        id: &AlertId,
        version: u64,
        release: &Release,
    ) -> Result<Released, StoreError> {
        let what = format!("to release alert `{id}`");
        let released = Change::default()
            .set("state", text(state_name(AlertState::Pending)))
            .set("releasedAt", text(release.at.to_string()))
            .set("releasedBy", text(cut(&release.by, BY_BYTES_MAX)))
            .increase("version")
            .work(Some(WorkKind::Pending), release.at)
            .only_if("#version = :seen AND #state = :hidden", &[])
            .given("seen", number(version))
            .given("hidden", text(state_name(AlertState::Hidden)));
        match self.change(&what, Key::head(id), released).await? {
            Written::Changed(_) => Ok(Released::Released),
            Written::Kept(_) => Ok(Released::Overtaken),
        }
    }
}

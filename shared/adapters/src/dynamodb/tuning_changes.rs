//! Where people change tuning rules: each change is an item of its own, and each names the one
//! before.
//!
//! The change is written first, under a name that has its digest in it, and then the rule, which
//! points to it: of two who change a rule at once one does, and the change of the other is in no
//! history.
//!
//! DynamoDB actions: `dynamodb:GetItem`, `dynamodb:Query`, `dynamodb:PutItem`, `dynamodb:UpdateItem`.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use defuse_domain::TuningRuleName;
use defuse_flow::{ChangedRule, RuleChange, RuleVerb, StoreError, StoredRule, TuningStore};
use serde::{Deserialize, Serialize};

use super::{
    DynamoDbStore,
    bodies::{CONTENT, content},
    change::{Change, Written},
    errors::{StateError, refused, store_error},
    items::{Item, bytes, compress, decompress, number, text},
    keys::{Key, SK, TUNING_CHANGE, digest, tuning},
    tuning::read_rule,
};

/// Name of the attribute that points to the last change
const LAST: &str = "change";

/// A change as it stands in the table
#[derive(Debug, Deserialize, Serialize)]
struct ChangeItem {
    /// Names the change before, if there was one
    before: Option<String>,
    change: RuleChange,
}

impl TuningStore for DynamoDbStore {
    async fn stored_rule(&self, name: &TuningRuleName) -> Result<Option<StoredRule>, StoreError> {
        let what = format!("to read tuning rule `{name}`");
        let item = self.get(&what, Key::tuning_rule(name)).await?;
        item.map(|it| read_rule(&what, it)).transpose()
    }

    async fn change(&self, rule: &StoredRule, verb: RuleVerb) -> Result<ChangedRule, StoreError> {
        let StoredRule { name, version, .. } = rule;
        let what = format!("to change tuning rule `{name}`");
        let item = self.get(&what, Key::tuning_rule(name)).await?;
        let before = item.as_ref().and_then(last_change).map(str::to_owned);
        let change = RuleChange {
            version: version.saturating_add(1),
            what: verb,
            by: rule.by.clone(),
            at: rule.changed,
            text: rule.text.clone(),
        };
        let json = serde_json::to_vec(&ChangeItem { before, change });
        let json = json.map_err(|error| refused(&what, error))?;
        let digest = digest(&json);
        let key = Key::tuning_change(name, version.saturating_add(1), &digest);
        let mut kept = key.attributes();
        kept.insert(CONTENT.to_owned(), bytes(compress(&what, &json)?));
        let put = self.client.put_item().table_name(&self.table).set_item(Some(kept)).send().await;
        put.map_err(|error| store_error(&what, error))?;

        let changed = Change::default()
            .set("name", text(name.as_str()))
            .set(CONTENT, bytes(compress(&what, rule.text.as_bytes())?))
            .set("isOn", AttributeValue::Bool(rule.is_on))
            .set("isDeleted", AttributeValue::Bool(rule.is_deleted))
            .set("since", text(rule.since.to_string()))
            .set("changed", text(rule.changed.to_string()))
            .set("by", text(&rule.by))
            .set(LAST, text(&digest))
            .increase("version");
        let changed = if *version == 0 {
            changed.only_if("attribute_not_exists(#pk)", &["pk"])
        } else {
            changed.given("seen", number(*version)).only_if("#version = :seen", &[])
        };
        match self.change(&what, Key::tuning_rule(name), changed).await? {
            Written::Changed(_) => {}
            // Why: our own write may have been made and its answer lost on the way.
            Written::Kept(Some(item)) if last_change(&item) == Some(&digest) => {}
            Written::Kept(_) => return Ok(ChangedRule::Overtaken),
        }
        let count = Change::default().increase("generation");
        self.change(&what, Key::tuning_generation(), count).await?;
        Ok(ChangedRule::Changed)
    }

    async fn changes(&self, name: &TuningRuleName) -> Result<Vec<RuleChange>, StoreError> {
        let what = format!("to read the history of tuning rule `{name}`");
        let Some(item) = self.get(&what, Key::tuning_rule(name)).await? else {
            return Ok(Vec::new());
        };
        let written = self.all(&what, tuning(name), TUNING_CHANGE.to_owned()).await?;
        let mut by_digest = BTreeMap::new();
        for item in &written {
            let sk = item.get(SK).and_then(|it| AttributeValue::as_s(it).ok());
            let digest = sk.and_then(|it| it.rsplit_once('#')).map(|(_, digest)| digest);
            by_digest.extend(digest.map(|it| (it, item)));
        }
        let mut changes = Vec::new();
        let mut next = last_change(&item).map(str::to_owned);
        while let Some(digest) = next {
            // Taken out, so that this ends whatever they point to.
            let item = by_digest.remove(digest.as_str());
            let item = item.ok_or_else(|| refused(&what, StateError::Missing(digest)))?;
            let json = decompress(content(&what, item)?).map_err(|error| refused(&what, error))?;
            let read: ChangeItem =
                serde_json::from_slice(&json).map_err(|error| refused(&what, error))?;
            changes.push(read.change);
            next = read.before;
        }
        changes.reverse();
        Ok(changes)
    }
}

/// The change that made the rule what it is
fn last_change(item: &Item) -> Option<&str> {
    item.get(LAST).and_then(|it| AttributeValue::as_s(it).ok()).map(String::as_str)
}

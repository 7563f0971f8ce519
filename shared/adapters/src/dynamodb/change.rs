//! One conditional change of one item: the expressions of an `UpdateItem`, put together.

use aws_sdk_dynamodb::{
    operation::update_item::UpdateItemError::ConditionalCheckFailedException,
    types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure as OnFailure},
};
use defuse_flow::StoreError;

use super::{
    DynamoDbStore,
    errors::store_error,
    items::{Item, number},
    keys::{Key, PK, SK},
};

/// What came of a change
#[derive(Debug)]
pub(super) enum Written {
    /// It was made; this is the item as it was before, if it was there
    Changed(Option<Item>),
    /// The condition did not hold; this is the item as it stands, if it is there
    Kept(Option<Item>),
}

/// A change of one item, and the condition under which it is made.
///
/// Every attribute is written by an alias, `#name`, since many of the good words are reserved.
#[derive(Debug, Default)]
pub(super) struct Change {
    set: Vec<String>,
    remove: Vec<String>,
    add: Vec<String>,
    condition: Option<String>,
    names: Vec<&'static str>,
    values: Vec<(String, AttributeValue)>,
}

impl Change {
    /// Gives an attribute a value
    pub(super) fn set(mut self, name: &'static str, value: AttributeValue) -> Self {
        self.set.push(format!("#{name} = :{name}"));
        self.values.push((format!(":{name}"), value));
        self.name(name)
    }

    /// Gives an attribute a value, unless it has one
    pub(super) fn set_once(mut self, name: &'static str, value: AttributeValue) -> Self {
        self.set.push(format!("#{name} = if_not_exists(#{name}, :{name})"));
        self.values.push((format!(":{name}"), value));
        self.name(name)
    }

    /// Gives an attribute a value, or takes it away
    pub(super) fn put(self, name: &'static str, value: Option<AttributeValue>) -> Self {
        match value {
            Some(value) => self.set(name, value),
            None => self.remove(name),
        }
    }

    /// Takes an attribute away
    pub(super) fn remove(mut self, name: &'static str) -> Self {
        self.remove.push(format!("#{name}"));
        self.name(name)
    }

    /// Adds one to a number, which is 0 where it is absent
    pub(super) fn increase(mut self, name: &'static str) -> Self {
        self.set.push(format!("#{name} = if_not_exists(#{name}, :zero) + :one"));
        self.values.push((":zero".to_owned(), number(0)));
        self.values.push((":one".to_owned(), number(1)));
        self.name(name)
    }

    /// Adds to a number that is there
    pub(super) fn raise(mut self, name: &'static str, by: AttributeValue) -> Self {
        self.set.push(format!("#{name} = #{name} + :{name}"));
        self.values.push((format!(":{name}"), by));
        self.name(name)
    }

    /// Adds the members to a set
    pub(super) fn add(mut self, name: &'static str, members: AttributeValue) -> Self {
        self.add.push(format!("#{name} :{name}"));
        self.values.push((format!(":{name}"), members));
        self.name(name)
    }

    /// Makes the change only where `condition` holds, which may speak of `names`
    pub(super) fn only_if(mut self, condition: &str, names: &[&'static str]) -> Self {
        self.condition = Some(condition.to_owned());
        names.iter().fold(self, |it, name| it.name(name))
    }

    /// Gives a value that only the condition speaks of
    pub(super) fn given(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.push((format!(":{name}"), value));
        self
    }

    fn name(mut self, name: &'static str) -> Self {
        self.names.push(name);
        self
    }

    /// The update expression
    fn expression(&self) -> String {
        [("SET", &self.set), ("REMOVE", &self.remove), ("ADD", &self.add)]
            .into_iter()
            .filter(|(_, parts)| !parts.is_empty())
            .map(|(verb, parts)| format!("{verb} {}", parts.join(", ")))
            .collect::<Vec<String>>()
            .join(" ")
    }
}

impl DynamoDbStore {
    /// Makes the change, if its condition holds
    pub(super) async fn change(
        &self,
        what: &str,
        key: Key,
        change: Change,
    ) -> Result<Written, StoreError> {
        let names = change.names.iter().map(|it| (format!("#{it}"), (*it).to_owned())).collect();
        let written = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .update_expression(change.expression())
            .set_condition_expression(change.condition)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(change.values.into_iter().collect()))
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .send()
            .await;
        // Why: for an item that was not there, nothing comes back, or its key alone.
        let present =
            |item: Option<Item>| item.filter(|it| it.keys().any(|name| name != PK && name != SK));
        let error = match written {
            Ok(output) => return Ok(Written::Changed(present(output.attributes))),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(ConditionalCheckFailedException(failed)) => {
                Ok(Written::Kept(present(failed.item.clone())))
            }
            Some(_) | None => Err(store_error(what, error)),
        }
    }
}

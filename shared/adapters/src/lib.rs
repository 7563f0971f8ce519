//! The ports, made of DynamoDB, SNS, Graph, Defender for Cloud Apps, Teams and Slack.

mod dynamodb;

pub use dynamodb::{
    DynamoDbStore, StoredAlertFacts, WORK_MAX, Work, WorkKind, create_table, work_of,
};

//! Secrets at AWS Secrets Manager.
//!
//! Secrets Manager actions: `secretsmanager:GetSecretValue` to read one,
//! `secretsmanager:DescribeSecret` to see whether it is there.

use aws_sdk_secretsmanager::Client;

use crate::{chain::Chain, secret::Secret};

/// A secret cannot be had
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Secrets Manager did not give it
    #[error("secret `{name}` cannot be read at Secrets Manager: {why}")]
    NotGiven {
        /// Its name
        name: String,
        /// What Secrets Manager said
        why: String,
    },
    /// It is bytes, and we want text
    #[error("secret `{0}` at Secrets Manager is not text")]
    NotText(String),
}

/// Reads secrets
#[derive(Clone, Debug)]
pub struct SecretsManager {
    client: Client,
}

impl SecretsManager {
    /// Reads with that client
    pub const fn new(client: Client) -> Self {
        Self { client }
    }

    /// The text of a secret
    pub async fn get(&self, name: &str) -> Result<Secret, SecretError> {
        let got = self.client.get_secret_value().secret_id(name).send().await;
        let got = got.map_err(|error| not_given(name, &Chain(&error)))?;
        let text = got.secret_string.ok_or_else(|| SecretError::NotText(name.to_owned()))?;
        Ok(Secret::new(text))
    }

    /// Whether there is such a secret, without reading it
    pub async fn look(&self, name: &str) -> Result<(), SecretError> {
        let described = self.client.describe_secret().secret_id(name).send().await;
        described.map(drop).map_err(|error| not_given(name, &Chain(&error)))
    }
}

fn not_given(name: &str, why: &impl std::fmt::Display) -> SecretError {
    SecretError::NotGiven { name: name.to_owned(), why: why.to_string() }
}

//! Secrets, which settings name and never hold.

use super::TEXT_LENGTH_MAX;
use crate::{diagnostic::Code, document::Cursor};

/// Where a secret may be
pub(crate) const PLACES: [&str; 2] = ["env", "secretsManager"];

/// Where a secret is to be found
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretRef {
    /// In the environment variable of that name
    Env(String),
    /// At AWS Secrets Manager, by name or ARN
    SecretsManager(String),
}

impl SecretRef {
    /// The environment variable that has it, or that stands in its place where there is no Secrets
    /// Manager: the name in capitals, with `_` for what no variable's name has
    ///
    /// ```
    /// use defuse_domain::SecretRef;
    ///
    /// let secret = SecretRef::SecretsManager("defuse/channel-soc-url".to_owned());
    /// assert_eq!(secret.variable(), "DEFUSE_CHANNEL_SOC_URL");
    /// ```
    pub fn variable(&self) -> String {
        match self {
            Self::Env(name) => name.clone(),
            Self::SecretsManager(name) => {
                let plain = |it: char| if it.is_ascii_alphanumeric() { it } else { '_' };
                name.chars().map(plain).collect::<String>().to_ascii_uppercase()
            }
        }
    }
}

/// Reads `{ env: NAME }` or `{ secretsManager: NAME }`; a secret itself does not belong in a file
pub(super) fn secret(at: &Cursor<'_>) -> Option<SecretRef> {
    if at.is_scalar() {
        let message = "a secret does not belong in this file";
        let help = "name where it is: `{ env: NAME }` or `{ secretsManager: NAME }`".to_owned();
        at.problem(Code::WrongType, message, Some(help));
        return None;
    }
    let (place, body) = at.variant("place of a secret", &PLACES)?;
    let name = body?.short_text(TEXT_LENGTH_MAX)?;
    Some(if place == "env" { SecretRef::Env(name) } else { SecretRef::SecretsManager(name) })
}

//! What the surroundings say: read once, at the start, and nowhere else.

use std::path::PathBuf;

/// Looks up a variable; tests hand in a map
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What the surroundings say
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// The table (`DEFUSE_TABLE`)
    pub table: String,
    /// The topic (`DEFUSE_TOPIC_ARN`)
    pub topic_arn: String,
    /// The folder with `playbooks/` and `settings.yaml` (`DEFUSE_CONFIG`)
    pub config: PathBuf,
    /// Where AWS is (`AWS_REGION`)
    pub region: String,
    /// DynamoDB, where it is not AWS's own (`AWS_ENDPOINT_URL_DYNAMODB`)
    pub dynamodb_endpoint: Option<String>,
    /// SNS, where it is not AWS's own (`AWS_ENDPOINT_URL_SNS`)
    pub sns_endpoint: Option<String>,
    /// Secrets Manager, where it is not AWS's own (`AWS_ENDPOINT_URL_SECRETS_MANAGER`)
    pub secrets_manager_endpoint: Option<String>,
    /// STS, where it is not AWS's own (`AWS_ENDPOINT_URL_STS`)
    pub sts_endpoint: Option<String>,
    /// What AWS knows us by (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`)
    pub credentials: Option<AwsCredentials>,
    /// Whether requests may go to this machine and private networks: the embedded host's only
    /// (`DEFUSE_REACH=anywhere`)
    pub may_reach_private: bool,
    /// Whether this is a function in Lambda (`AWS_LAMBDA_FUNCTION_NAME`)
    pub is_in_lambda: bool,
    /// Whether logs are JSON (`AWS_LAMBDA_LOG_FORMAT=JSON`)
    pub json_logs: bool,
    /// What is logged (`AWS_LAMBDA_LOG_LEVEL`, `RUST_LOG`)
    pub log_level: Option<String>,
}

/// What AWS knows us by
#[derive(Clone, PartialEq, Eq)]
pub struct AwsCredentials {
    /// The key's id
    pub access_key_id: String,
    /// The key
    pub secret_access_key: String,
    /// The session, where the key is a temporary one
    pub session_token: Option<String>,
}

impl std::fmt::Debug for AwsCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<secret>")
    }
}

impl Environment {
    /// Reads the surroundings; nothing is demanded here that only some functions need
    pub fn read(lookup: Lookup<'_>) -> Self {
        let text = |name: &str| lookup(name).filter(|it| !it.is_empty());
        let credentials = text("AWS_ACCESS_KEY_ID").zip(text("AWS_SECRET_ACCESS_KEY"));
        Self {
            table: text("DEFUSE_TABLE").unwrap_or_else(|| "defuse".to_owned()),
            topic_arn: text("DEFUSE_TOPIC_ARN").unwrap_or_default(),
            config: text("DEFUSE_CONFIG")
                .map_or_else(|| PathBuf::from("/opt/infra"), PathBuf::from),
            region: text("AWS_REGION").unwrap_or_else(|| "us-east-1".to_owned()),
            dynamodb_endpoint: text("AWS_ENDPOINT_URL_DYNAMODB"),
            secrets_manager_endpoint: text("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
            sts_endpoint: text("AWS_ENDPOINT_URL_STS"),
            sns_endpoint: text("AWS_ENDPOINT_URL_SNS"),
            credentials: credentials.map(|(access_key_id, secret_access_key)| AwsCredentials {
                access_key_id,
                secret_access_key,
                session_token: text("AWS_SESSION_TOKEN"),
            }),
            // A function in Lambda reaches no private address, whatever a variable says.
            may_reach_private: text("DEFUSE_REACH").as_deref() == Some("anywhere")
                && (text("AWS_LAMBDA_FUNCTION_NAME").is_none() || text("AWS_SAM_LOCAL").is_some()),
            is_in_lambda: text("AWS_LAMBDA_FUNCTION_NAME").is_some(),
            json_logs: text("AWS_LAMBDA_LOG_FORMAT").as_deref() == Some("JSON"),
            log_level: text("AWS_LAMBDA_LOG_LEVEL").or_else(|| text("RUST_LOG")),
        }
    }
}

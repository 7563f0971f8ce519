//! The gate: a custom resource of the deployment, on which every other function depends.
//!
//! It reads the configuration that was really deployed, checks it with the cases that its playbooks
//! carry, looks for the secrets that it names, and puts it in force. It always answers, whatever
//! happens, because a deployment that waits for an answer hangs for an hour.

mod request;

use std::{path::Path, time::Duration};

use defuse_adapters::{DynamoDbStore, SecretsManager};
use defuse_domain::{SecretRef, TuningRule};
use defuse_flow::{Bundle, BundleStore, note_deployed};
use defuse_lambda::{Chain, Config, ConfigError, Environment};
use jiff::Timestamp;
use tracing::{error, info};

pub use self::request::{Answer, Request, RequestType, send};

/// What is left of a function's time when the answer is sent
const SPARE: Duration = Duration::from_secs(2);
/// How long the check may take at the least
const CHECK_WITHIN_MIN: Duration = Duration::from_secs(2);

/// What the function `provision` is made of
#[derive(Clone)]
pub struct ProvisionApp {
    /// Which bundles were proven
    pub store: DynamoDbStore,
    /// Where secrets are
    pub secrets: SecretsManager,
    /// What the surroundings say
    pub environment: Environment,
    /// Whether a variable is set here
    pub has_variable: fn(&str) -> bool,
}

impl std::fmt::Debug for ProvisionApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProvisionApp")
            .field("environment", &self.environment)
            .finish_non_exhaustive()
    }
}

/// What becomes of a request; there is an answer to every one, and time left to send it before the
/// function's own ends
pub async fn handle(
    app: &ProvisionApp,
    request: &Request,
    now: Timestamp,
    deadline: Timestamp,
) -> Answer {
    let left = Duration::try_from(deadline.duration_since(now)).unwrap_or_default();
    let limit = left.saturating_sub(request::ANSWER_WITHIN + SPARE).max(CHECK_WITHIN_MIN);
    let (app, asked) = (app.clone(), request.clone());
    // A task of its own, so that there is an answer even if the check breaks off; and when its time
    // is over it is dropped, so that nothing comes in force after the answer.
    let checking = async move { tokio::time::timeout(limit, outcome(&app, &asked, now)).await };
    let outcome = match tokio::spawn(checking).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_elapsed)) => Err(format!("the check was not done within {} s", limit.as_secs())),
        Err(error) => Err(format!("the check broke off: {error}")),
    };
    match outcome {
        Ok(digest) => {
            info!(bundle = %digest, request = ?request.request_type, "bundle in force");
            Answer::success(request, &digest)
        }
        Err(reason) => {
            error!(reason = %reason, "bundle refused");
            Answer::failed(request, &reason)
        }
    }
}

/// The digest of the bundle that is in force now, or why none came in force
async fn outcome(app: &ProvisionApp, request: &Request, now: Timestamp) -> Result<String, String> {
    match &request.request_type {
        // What is kept of a removed stack is the table, and that is not ours to touch.
        RequestType::Delete => Ok(String::new()),
        RequestType::Create | RequestType::Update => prove(app, request, now).await,
        RequestType::Unknown(word) => {
            Err(format!("RequestType is `{word}`, and only Create, Update and Delete are known"))
        }
    }
}

async fn prove(app: &ProvisionApp, request: &Request, now: Timestamp) -> Result<String, String> {
    let wanted = request.bundle.as_deref();
    let layer = request.layer.as_deref().unwrap_or_default();
    if let Some(wanted) = wanted
        && !layer.is_empty()
    {
        // A rollback asks for what was in force before, with the code of then: that needs no second
        // proof, and the layer that is attached at that moment may be another.
        let proven = app.store.proven(wanted, layer).await;
        if let Some(bundle) = proven.map_err(|error| Chain(&error).to_string())? {
            return in_force(app, &bundle, layer, now).await;
        }
    }
    let (config, n_cases) =
        Config::check(&app.environment.config, now).map_err(|it| reason(&it))?;
    let digest = config.rules.bundle().to_owned();
    if let Some(wanted) = wanted
        && wanted != digest
    {
        return Err(format!("the layer holds bundle {digest}, and the template says {wanted}"));
    }
    let missing = missing_secrets(app, &config).await;
    if !missing.is_empty() {
        return Err(format!("secrets are missing: {}", missing.join("; ")));
    }
    info!(cases = n_cases, bundle = %digest, "bundle proven");
    in_force(app, &Bundle { digest, files: config.files }, layer, now).await
}

async fn in_force(
    app: &ProvisionApp,
    bundle: &Bundle,
    layer: &str,
    now: Timestamp,
) -> Result<String, String> {
    // Before it is in force: a rule of which it is not known since when it is holds nothing.
    let noted = note_deployed(&app.store, &tuning_rules(bundle), now).await;
    noted.map_err(|error| Chain(&error).to_string())?;
    let put = app.store.put_in_force(bundle, layer, now).await;
    put.map_err(|error| Chain(&error).to_string())?;
    Ok(bundle.digest.clone())
}

/// The tuning rules of a bundle; what is none was refused when the bundle was proven
fn tuning_rules(bundle: &Bundle) -> Vec<TuningRule> {
    let files = bundle.files.iter().filter(|(name, _)| Config::is_tuning_rule(name));
    files.filter_map(|(name, text)| TuningRule::parse(name, text).ok()).collect()
}

/// Every mistake, a line each
fn reason(error: &ConfigError) -> String {
    let place = |file: &str| {
        let path = Path::new(file);
        path.strip_prefix("/opt").unwrap_or(path).display().to_string()
    };
    let lines: Vec<String> = error
        .problems
        .iter()
        .map(|it| {
            let help = it.help.as_ref().map(|it| format!(" ({it})")).unwrap_or_default();
            format!("{}:{}: {}: {}{help}", place(&it.file), it.line, it.code, it.message)
        })
        .collect();
    format!("{} mistakes in the configuration: {}", lines.len(), lines.join("; "))
}

/// Every secret that the settings name and nobody has
async fn missing_secrets(app: &ProvisionApp, config: &Config) -> Vec<String> {
    let mut missing = Vec::new();
    for secret in config.settings.secrets() {
        match secret {
            SecretRef::Env(name) if (app.has_variable)(name) => {}
            SecretRef::Env(name) => {
                missing.push(format!("environment variable `{name}` is not set in the stack"));
            }
            SecretRef::SecretsManager(name) => {
                if let Err(error) = app.secrets.look(name).await {
                    missing.push(error.to_string());
                }
            }
        }
    }
    missing
}

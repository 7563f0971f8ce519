//! The stand-in tenant as a process of its own, for tests that are not written in Rust.
//!
//! Its first line says where it is. Then it reads lines `{"user": …}`, `{"alert": …}` and
//! `{"cloudAppsAlert": …}`, each answered by `{"put": …}`, and writes every request that it answered,
//! one JSON object a line. It ends when its input does.

use std::{
    error::Error,
    io::{self, BufRead, Write},
    sync::Arc,
    thread,
    time::Duration,
};

use defuse_testkit::{Tenant, UserRecord};
use serde_json::{Value, json};

/// How often it looks for new requests
const LOOK: Duration = Duration::from_millis(20);

fn main() -> Result<(), Box<dyn Error>> {
    let tenant = Arc::new(Tenant::start()?);
    write(&json!({
        "baseUrl": tenant.base_url(),
        "tokenUrl": tenant.token_url(),
        "graphUrl": tenant.graph_url(),
        "cloudAppsUrl": tenant.cloud_apps_url(),
        "endpointUrl": tenant.endpoint_url(),
        "clientId": Tenant::CLIENT_ID,
        "clientSecret": Tenant::CLIENT_SECRET,
        "cloudAppsKey": Tenant::CLOUD_APPS_KEY,
    }))?;
    let watched = Arc::clone(&tenant);
    thread::spawn(move || report(&watched));
    for line in io::stdin().lock().lines() {
        put(&tenant, serde_json::from_str(&line?)?)?;
    }
    Ok(())
}

/// Writes every request once it is answered
fn report(tenant: &Tenant) {
    let mut n_written = 0;
    loop {
        for request in tenant.requests() {
            if request.number <= n_written {
                continue;
            }
            if request.status.is_none() {
                break;
            }
            if write(&json!({ "request": request })).is_err() {
                return;
            }
            n_written = request.number;
        }
        thread::sleep(LOOK);
    }
}

fn put(tenant: &Tenant, mut line: Value) -> Result<(), Box<dyn Error>> {
    let mut take = |name: &str| line.get_mut(name).map(Value::take);
    if let Some(user) = take("user") {
        let text = |name: &str| user.get(name).and_then(Value::as_str).unwrap_or_default();
        let mut record = UserRecord::new(text("id"), text("userPrincipalName"));
        record.automatic_replies = user.get("automaticReplies").cloned();
        record.risk = user.get("risk").cloned();
        tenant.put_user(record);
        return Ok(write(&json!({ "put": user }))?);
    }
    if let Some(alert) = take("alert") {
        tenant.put_alert(alert.clone())?;
        return Ok(write(&json!({ "put": alert }))?);
    }
    if let Some(alert) = take("cloudAppsAlert") {
        tenant.put_cloud_apps_alert(alert.clone())?;
        return Ok(write(&json!({ "put": alert }))?);
    }
    Err(format!("cannot put {line} into the tenant").into())
}

fn write(value: &Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{value}")?;
    out.flush()
}

//! `defuse alerts`: what a person does to one alert, over the API.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::{
    api::Api,
    args::{AlertCommand, AlertsArguments},
    failure::Failure,
};

pub(crate) async fn run(arguments: AlertsArguments) -> Result<(), Failure> {
    let api = Api::at(&arguments.api)?;
    let alert = match &arguments.command {
        AlertCommand::Show { alert_id } => show(&api, alert_id).await?,
        AlertCommand::Assign { alert_id, person } => {
            change(&api, alert_id, &json!({ "assignedTo": person })).await?
        }
        AlertCommand::Classify { alert_id, classification, determination } => {
            let pair = json!({ classification: determination });
            change(&api, alert_id, &json!({ "classification": pair })).await?
        }
        AlertCommand::Comment { alert_id, text } => {
            let version = version_of(&show(&api, alert_id).await?);
            let path = ["alerts", alert_id, "comments"];
            api.ask("POST", &path, version, Some(&json!({ "comment": text }))).await?
        }
        AlertCommand::Tag { alert_id, add, remove } => {
            let lists = [("add", add), ("remove", remove)];
            let lists = lists.into_iter().filter(|(_, it)| !it.is_empty());
            let tags: serde_json::Map<String, Value> =
                lists.map(|(name, it)| (name.to_owned(), json!(it))).collect();
            change(&api, alert_id, &json!({ "tags": tags })).await?
        }
        AlertCommand::Resolve { alert_id, classification, determination } => {
            let mut wish = json!({ "status": "resolved" });
            if let (Some(name), Some(determination), Some(object)) =
                (classification, determination, wish.as_object_mut())
            {
                object.insert("classification".to_owned(), json!({ name: determination }));
            }
            change(&api, alert_id, &wish).await?
        }
    };
    let mut out = io::stdout().lock();
    let written =
        if arguments.api.json { writeln!(out, "{alert}") } else { write_alert(&mut out, &alert) };
    written.map_err(Failure::Output)
}

async fn show(api: &Api, id: &str) -> Result<Value, Failure> {
    api.ask("GET", &["alerts", id], None, None).await
}

/// Changes the alert as it stands now; one that somebody changes at the same time is left
async fn change(api: &Api, id: &str, wish: &Value) -> Result<Value, Failure> {
    let version = version_of(&show(api, id).await?);
    api.ask("PATCH", &["alerts", id], version, Some(wish)).await
}

fn version_of(alert: &Value) -> Option<u64> {
    alert.get("version").and_then(Value::as_u64)
}

fn write_alert(out: &mut impl Write, alert: &Value) -> io::Result<()> {
    let text = |name: &str| match alert.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => "-".to_owned(),
        Some(other) => other.to_string(),
    };
    writeln!(out, "{}  {}", text("id"), text("title"))?;
    for name in ["state", "status", "severity", "serviceSource", "assignedTo", "decidedBy"] {
        writeln!(out, "  {name:<15} {}", text(name))?;
    }
    writeln!(out, "  {:<15} {}", "classification", text("classification"))?;
    writeln!(out, "  {:<15} {}", "tags", text("tags"))?;
    let told = alert.get("sourceTold").and_then(Value::as_array);
    for it in told.into_iter().flatten() {
        let of = |name: &str| it.get(name).and_then(Value::as_str).unwrap_or("-");
        writeln!(out, "  {:<15} {} {}", of("id"), of("state"), of("answer"))?;
    }
    Ok(())
}

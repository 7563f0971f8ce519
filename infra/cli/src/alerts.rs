//! `defuse alerts`: what a person does to alerts, over the API.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::{
    api::Api,
    args::{AlertCommand, AlertsArguments, ApiArguments},
    bulk,
    failure::Failure,
};

pub(crate) async fn run(arguments: AlertsArguments) -> Result<(), Failure> {
    let api = Api::at(&arguments.api)?;
    let (alerts, what) = match &arguments.command {
        AlertCommand::Show { alert_id } => {
            return write(&arguments.api, &show(&api, alert_id).await?);
        }
        AlertCommand::UndoBulk { bulk_id } => {
            return bulk::undo(&api, &arguments.api, bulk_id).await;
        }
        AlertCommand::Assign { alerts, person } => {
            (alerts, changed(json!({ "assignedTo": person })))
        }
        AlertCommand::Classify { alerts, classification, determination } => {
            let pair = json!({ classification: determination });
            (alerts, changed(json!({ "classification": pair })))
        }
        AlertCommand::Comment { alerts, text } => (alerts, json!({ "comment": text })),
        AlertCommand::Tag { alerts, add, remove } => {
            let lists = [("add", add), ("remove", remove)];
            let lists = lists.into_iter().filter(|(_, it)| !it.is_empty());
            let tags: serde_json::Map<String, Value> =
                lists.map(|(name, it)| (name.to_owned(), json!(it))).collect();
            (alerts, changed(json!({ "tags": tags })))
        }
        AlertCommand::Link { alerts, incident_id } => {
            (alerts, changed(json!({ "incident": incident_id })))
        }
        AlertCommand::Resolve { alerts, classification, determination } => {
            let mut wish = json!({ "status": "resolved" });
            if let (Some(name), Some(determination), Some(object)) =
                (classification, determination, wish.as_object_mut())
            {
                object.insert("classification".to_owned(), json!({ name: determination }));
            }
            (alerts, changed(wish))
        }
    };
    let Some(id) = alerts.only() else {
        return bulk::change(&api, &arguments.api, alerts, &what).await;
    };
    let version = version_of(&show(&api, id).await?);
    let alert = match what.get("change") {
        Some(wish) => api.ask("PATCH", &["alerts", id], version, Some(wish)).await?,
        None => api.ask("POST", &["alerts", id, "comments"], version, Some(&what)).await?,
    };
    write(&arguments.api, &alert)
}

fn changed(wish: Value) -> Value {
    json!({ "change": wish })
}

fn write(arguments: &ApiArguments, alert: &Value) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let written =
        if arguments.json { writeln!(out, "{alert}") } else { write_alert(&mut out, alert) };
    written.map_err(Failure::Output)
}

async fn show(api: &Api, id: &str) -> Result<Value, Failure> {
    api.ask("GET", &["alerts", id], None, None).await
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
    let is_linked = alert.get("isLinkedHere").and_then(Value::as_bool) == Some(true);
    let at_source = text("incidentAtSource");
    let linked = if is_linked {
        format!(" (linked here; {at_source} at its source)")
    } else {
        String::new()
    };
    writeln!(out, "  {:<15} {}{linked}", "incident", text("incidentId"))?;
    let told = alert.get("sourceTold").and_then(Value::as_array);
    for it in told.into_iter().flatten() {
        let of = |name: &str| it.get(name).and_then(Value::as_str).unwrap_or("-");
        writeln!(out, "  {:<15} {} {}", of("id"), of("state"), of("answer"))?;
    }
    Ok(())
}

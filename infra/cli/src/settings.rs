//! `defuse settings` and `defuse channels`: what people may change at run time, and where they are
//! told, over the API.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::{
    api::Api,
    args::{ChannelCommand, ChannelsArguments, SettingName, SettingsArguments, SettingsCommand},
    failure::Failure,
    report::shown,
};

pub(crate) async fn run(arguments: SettingsArguments) -> Result<(), Failure> {
    let api = Api::at(&arguments.api)?;
    let mut settings = api.ask("GET", &["settings"], None, None).await?;
    if let SettingsCommand::Set { name: SettingName::EntraIdProtection, level } = arguments.command
    {
        // Changed as it stands now; what somebody changes at the same time is left.
        let history = settings.pointer("/entraIdProtection/history").and_then(Value::as_array);
        let last = history.and_then(|it| it.last()).and_then(|it| it.get("version"));
        let version = last.and_then(Value::as_u64).unwrap_or_default();
        let wanted = json!({ "entraIdProtection": level.0 });
        settings = api.ask("PUT", &["settings"], Some(version), Some(&wanted)).await?;
    }
    let mut out = io::stdout().lock();
    let written = if arguments.api.json {
        writeln!(out, "{settings}")
    } else {
        write_settings(&mut out, &settings)
    };
    written.map_err(Failure::Output)
}

fn write_settings(out: &mut impl Write, settings: &Value) -> io::Result<()> {
    let entra = settings.get("entraIdProtection").cloned().unwrap_or_default();
    writeln!(out, "Alerts of Microsoft Entra ID Protection: {}", text(&entra, "level"))?;
    if entra.get("deployed").is_some_and(|it| !it.is_null()) {
        writeln!(out, "  as settings.yaml says; change it there")?;
    }
    let history = entra.get("history").and_then(Value::as_array);
    for change in history.into_iter().flatten() {
        let level = change.get("level").and_then(Value::as_str).unwrap_or("default");
        let (at, by) = (text(change, "at"), shown(&text(change, "by")));
        writeln!(out, "  {at}  {level}, by {by}")?;
    }
    Ok(())
}

pub(crate) async fn channels(arguments: ChannelsArguments) -> Result<(), Failure> {
    let api = Api::at(&arguments.api)?;
    let answer = match &arguments.command {
        ChannelCommand::List => api.ask("GET", &["channels"], None, None).await?,
        ChannelCommand::Test { name } => {
            api.ask("POST", &["channels", name, "test"], None, None).await?
        }
    };
    let mut out = io::stdout().lock();
    if arguments.api.json {
        return writeln!(out, "{answer}").map_err(Failure::Output);
    }
    let written = match &arguments.command {
        ChannelCommand::List => {
            let channels = answer.get("channels").and_then(Value::as_array);
            channels.into_iter().flatten().try_for_each(|it| {
                writeln!(out, "{}  {}", shown(&text(it, "name")), text(it, "kind"))
            })
        }
        ChannelCommand::Test { name } => {
            let (name, id) = (shown(name), text(&answer, "id"));
            writeln!(out, "a test message is on its way to {name}: {}", shown(&id))
        }
    };
    written.map_err(Failure::Output)
}

fn text(of: &Value, name: &str) -> String {
    of.get(name).and_then(Value::as_str).unwrap_or("-").to_owned()
}

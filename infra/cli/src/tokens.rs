//! `defuse tokens`: tokens of the API, made, listed and revoked over the API itself.

use std::io::{self, Write};

use serde_json::{Value, json};

use crate::{
    api::Api,
    args::{TokenCommand, TokensArguments},
    failure::Failure,
};

pub(crate) async fn run(arguments: TokensArguments) -> Result<(), Failure> {
    let api = Api::at(&arguments.api)?;
    let answer = match &arguments.command {
        TokenCommand::Create { name, role, source, group, days } => {
            let scope = json!({ "serviceSources": source, "deviceGroups": group });
            let grants: Vec<Value> =
                role.iter().map(|it| json!({ "role": it, "scope": scope })).collect();
            let wanted = json!({ "name": name, "grants": grants, "days": days });
            api.ask("POST", &["tokens"], None, Some(&wanted)).await?
        }
        TokenCommand::List => api.ask("GET", &["tokens"], None, None).await?,
        TokenCommand::Revoke { token_id } => {
            api.ask("DELETE", &["tokens", token_id], None, None).await?
        }
    };
    let mut out = io::stdout().lock();
    let written = if arguments.api.json {
        writeln!(out, "{answer}")
    } else {
        write_answer(&mut out, &arguments.command, &answer)
    };
    written.map_err(Failure::Output)
}

fn write_answer(out: &mut impl Write, command: &TokenCommand, answer: &Value) -> io::Result<()> {
    let text =
        |of: &Value, name: &str| of.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
    match command {
        TokenCommand::Create { .. } => {
            writeln!(out, "{}", text(answer, "token"))?;
            let stored = answer.get("stored").cloned().unwrap_or_default();
            writeln!(io::stderr(), "  shown this once; good until {}", text(&stored, "expires"))
        }
        TokenCommand::List => {
            let tokens = answer.get("tokens").and_then(Value::as_array);
            for token in tokens.into_iter().flatten() {
                let grants = token.get("grants").and_then(Value::as_array);
                let roles: Vec<String> =
                    grants.into_iter().flatten().map(|it| text(it, "role")).collect();
                let shown = [text(token, "id"), text(token, "name"), roles.join(",")].join("  ");
                let (until, revoked) = (text(token, "expires"), text(token, "revoked"));
                writeln!(out, "{shown}  until {until}  revoked {revoked}")?;
            }
            Ok(())
        }
        TokenCommand::Revoke { token_id } => writeln!(out, "{token_id} opens nothing any more"),
    }
}

//! `defuse actions`: what rules and persons did, over the API, and undoing it.

use std::io::{self, Write};

use defuse_api::actions_csv;
use serde_json::Value;

use crate::{
    api::Api,
    args::{ActionCommand, ActionsArguments, ApiArguments},
    failure::Failure,
};

/// How many actions a page of the API has at the most
const PAGE: usize = 200;

pub(crate) async fn run(arguments: ActionsArguments) -> Result<(), Failure> {
    let api = Api::at(&arguments.api)?;
    let json = &arguments.api;
    match arguments.command {
        ActionCommand::List {
            state,
            kind,
            person,
            rule,
            alert,
            source,
            since,
            until,
            limit,
            csv,
        } => {
            let filters = [
                ("state", state),
                ("kind", kind),
                ("person", person),
                ("rule", rule),
                ("alert", alert),
                ("serviceSource", source),
                ("since", since),
                ("until", until),
            ];
            let filters = filters.into_iter().filter_map(|(name, value)| Some((name, value?)));
            list(&api, json, &filters.collect::<Vec<_>>(), (limit, csv)).await
        }
        ActionCommand::Show { action_id } => {
            let action = api.ask("GET", &["actions", &action_id], None, None).await?;
            write(json, &action, |out| write_action(out, &action))
        }
        ActionCommand::Undo { action_id } => {
            let undone = api.ask("POST", &["actions", &action_id, "undo"], None, None).await?;
            write(json, &undone, |out| write_undone(out, &action_id, &undone))
        }
    }
}

/// Page after page until there are so many
async fn list(
    api: &Api,
    arguments: &ApiArguments,
    filters: &[(&str, String)],
    (limit, is_csv): (usize, bool),
) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let (mut n_written, mut after) = (0, None);
    if is_csv {
        write!(out, "{}", actions_csv(&[], true)).map_err(Failure::Output)?;
    }
    while n_written < limit {
        let page = PAGE.min(limit.saturating_sub(n_written));
        let mut query = filters.to_vec();
        query.push(("limit", page.to_string()));
        query.extend(after.map(|it| ("after", it)));
        let answer = api.list(&["actions"], &query).await?;
        let actions = answer.get("actions").and_then(Value::as_array).cloned().unwrap_or_default();
        let written = if is_csv {
            write!(out, "{}", actions_csv(&actions, false))
        } else if arguments.json {
            actions.iter().try_for_each(|it| writeln!(out, "{it}"))
        } else {
            actions.iter().try_for_each(|it| write_line(&mut out, it))
        };
        written.map_err(Failure::Output)?;
        n_written += actions.len();
        after = answer.get("next").and_then(Value::as_str).map(str::to_owned);
        if after.is_none() {
            break;
        }
    }
    Ok(())
}

fn write(
    arguments: &ApiArguments,
    answer: &Value,
    for_people: impl FnOnce(&mut io::StdoutLock<'_>) -> io::Result<()>,
) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let written = if arguments.json { writeln!(out, "{answer}") } else { for_people(&mut out) };
    written.map_err(Failure::Output)
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or("-").to_owned()
}

fn who(action: &Value) -> String {
    let rules = ["/by/playbooks", "/by/tuningRules"].into_iter();
    let rules = rules.filter_map(|it| action.pointer(it)?.as_array()).flatten();
    let rules: Vec<&str> = rules.filter_map(Value::as_str).collect();
    if rules.is_empty() { text(action, "/by/person/name") } else { rules.join(", ") }
}

fn write_line(out: &mut impl Write, action: &Value) -> io::Result<()> {
    let parts = action.get("parts").and_then(Value::as_array);
    let kinds: Vec<String> = parts.into_iter().flatten().map(|it| text(it, "/kind")).collect();
    let [at, id, state] = ["/at", "/id", "/state"].map(|it| text(action, it));
    writeln!(out, "{at}  {id}  {state}  {}  by {}", kinds.join("+"), who(action))
}

fn write_action(out: &mut impl Write, action: &Value) -> io::Result<()> {
    write_line(out, action)?;
    let parts = action.get("parts").and_then(Value::as_array);
    for part in parts.into_iter().flatten() {
        let [kind, from, to] = ["/kind", "/from", "/to"].map(|it| text(part, it));
        let [state, answer] = ["/state", "/answer"].map(|it| text(part, it));
        writeln!(out, "  {kind:<9} {from} > {to}  {state} {answer}")?;
    }
    if action.pointer("/undo/isPossible") == Some(&Value::Bool(true)) {
        write_stays(out, action.pointer("/undo/stays"))?;
        writeln!(out, "  undo it: defuse actions undo {}", text(action, "/id"))
    } else {
        writeln!(out, "  {}", text(action, "/undo/why"))
    }
}

fn write_undone(out: &mut impl Write, id: &str, undone: &Value) -> io::Result<()> {
    let was = undone.get("wasUndone").and_then(Value::as_bool) == Some(true);
    let alert = text(undone, "/alert/id");
    let state = text(undone, "/alert/state");
    let when = if was { "was undone before" } else { "is undone" };
    writeln!(out, "{id} {when}; alert {alert} is {state}")?;
    write_stays(out, undone.get("stays"))
}

fn write_stays(out: &mut impl Write, stays: Option<&Value>) -> io::Result<()> {
    for it in stays.and_then(Value::as_array).into_iter().flatten() {
        writeln!(out, "  stays: {} ({})", text(it, "/kind"), text(it, "/why"))?;
    }
    Ok(())
}

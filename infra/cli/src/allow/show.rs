//! What stands on the allow list, for people and for programs.

use std::io::{self, Write};

use defuse_domain::{AllowedFrom, AtEndpoint};
use defuse_flow::{AllowListPage, StoredEntry};
use jiff::Timestamp;
use serde_json::json;

use super::{Place, indicator};
use crate::{
    args::{AllowListArguments, AllowShowArguments},
    failure::Failure,
};

pub(super) async fn list(arguments: AllowListArguments) -> Result<(), Failure> {
    let now = Timestamp::now();
    let place = Place::of(&arguments.place).await?;
    let (mut after, mut n_shown) = (None, 0_usize);
    let mut out = io::stdout().lock();
    loop {
        let AllowListPage { entries, next } = place.page(after.as_ref()).await?;
        for stored in &entries {
            if !arguments.expired && !stored.entry.is_in_force(now) {
                continue;
            }
            n_shown = n_shown.saturating_add(1);
            let written = if arguments.place.json {
                writeln!(out, "{}", json!(stored))
            } else {
                write_line(&mut out, stored, now)
            };
            written.map_err(Failure::Output)?;
        }
        after = next;
        if after.is_none() {
            break;
        }
    }
    if n_shown == 0 && !arguments.place.json {
        writeln!(out, "The allow list is empty.").map_err(Failure::Output)?;
    }
    Ok(())
}

pub(super) async fn show(arguments: AllowShowArguments) -> Result<(), Failure> {
    let now = Timestamp::now();
    let indicator = indicator(&arguments)?;
    let place = Place::of(&arguments.place).await?;
    let Some(stored) = place.entry(&indicator).await? else {
        return Err(Failure::NotFound(format!("{indicator} is not on the allow list")));
    };
    let mut out = io::stdout().lock();
    let written = if arguments.place.json {
        writeln!(out, "{}", json!(stored))
    } else {
        write_whole(&mut out, &stored, now)
    };
    written.map_err(Failure::Output)
}

fn write_line(out: &mut impl Write, stored: &StoredEntry, now: Timestamp) -> io::Result<()> {
    let entry = &stored.entry;
    writeln!(out, "{}", entry.indicator())?;
    let ends = if entry.is_in_force(now) { "until" } else { "expired at" };
    writeln!(out, "  {}: on {}, {ends} {}", one_line(entry.title()), entry.on(), entry.expires())?;
    writeln!(out, "  {}", at_endpoint(&stored.endpoint))
}

fn write_whole(out: &mut impl Write, stored: &StoredEntry, now: Timestamp) -> io::Result<()> {
    write_line(out, stored, now)?;
    let entry = &stored.entry;
    writeln!(out, "  {}", one_line(entry.description()))?;
    match entry.from() {
        Some(AllowedFrom::Alert(id)) => writeln!(out, "  from alert {id}")?,
        Some(AllowedFrom::Rule(name)) => writeln!(out, "  from tuning rule {}", one_line(name))?,
        None => {}
    }
    writeln!(out, "  history")?;
    for change in &stored.history {
        let what =
            if change.what.is_empty() { "allowed it".to_owned() } else { change.what.join("; ") };
        writeln!(out, "    {} {}: {}", change.at, one_line(&change.by), one_line(&what))?;
    }
    Ok(())
}

fn at_endpoint(state: &AtEndpoint) -> String {
    match state {
        AtEndpoint::Outstanding => "Defender for Endpoint: to be written there".to_owned(),
        AtEndpoint::Written { at, answer } => {
            format!("Defender for Endpoint: written at {at} ({})", one_line(answer))
        }
        AtEndpoint::OursAlone { .. } => {
            "our own list alone: the settings name no Defender for Endpoint (`endpoint`)".to_owned()
        }
        AtEndpoint::Refused { at, answer } => {
            format!("Defender for Endpoint: refused at {at}: {}", one_line(answer))
        }
    }
}

/// Texts may come from an alert, which whoever attacks writes
fn one_line(text: &str) -> String {
    text.chars().map(|it| if it.is_control() { ' ' } else { it }).collect()
}

//! `defuse allow`: puts indicators on our own allow list, and shows what stands there.

mod offer;
mod place;
mod show;

use std::io::{self, Write as _};

use defuse_domain::{
    Alert, AlertId, AllowListDraft, AllowListEntry, AllowedFrom, EvidenceType, Identified,
    Indicator, TITLE_LENGTH_MAX, Truth,
};
use defuse_flow::Put;
use jiff::Timestamp;
use serde_json::json;

use self::place::Place;
use crate::{
    args::{AllowAddArguments, AllowArguments, AllowCommand, AllowShowArguments},
    failure::Failure,
};

pub(crate) use self::{
    offer::{offers, write_offers},
    place::{Taken, page_after, put_all},
};

/// A device that is in no group says so by this name
const NO_GROUP: &str = "UnassignedGroup";

pub(crate) async fn run(arguments: AllowArguments) -> Result<(), Failure> {
    match arguments.command {
        AllowCommand::Add(arguments) => add(arguments).await,
        AllowCommand::List(arguments) => show::list(arguments).await,
        AllowCommand::Show(arguments) => show::show(arguments).await,
    }
}

async fn add(arguments: AllowAddArguments) -> Result<(), Failure> {
    let now = Timestamp::now();
    let common = draft(&arguments, now)?;
    let (place, drafts, skipped) = if let Some(id) = &arguments.from_alert {
        let id = AlertId::parse(id).map_err(|error| bad(error.to_string()))?;
        let place = Place::of(&arguments.place).await?;
        let alert = place.alert(&id).await?;
        let alert = alert.ok_or_else(|| Failure::NotFound(format!("there is no alert `{id}`")))?;
        let (drafts, skipped) = from_alert(&alert, &arguments, common)?;
        checked(&drafts, now)?;
        (place, drafts, skipped)
    } else {
        let value = arguments.value.clone().unwrap_or_default();
        let drafts = vec![AllowListDraft { value, ..common }];
        checked(&drafts, now)?;
        (Place::of(&arguments.place).await?, drafts, Vec::new())
    };
    let taken = place.put(&drafts, now).await?;
    let mut out = io::stdout().lock();
    let written = if arguments.place.json {
        writeln!(out, "{}", json!({ "entries": taken, "skipped": skipped }))
    } else {
        write_taken(&mut out, &taken, &skipped, &place)
    };
    written.map_err(Failure::Output)
}

/// Every entry is checked before the first is put there
fn checked(drafts: &[AllowListDraft], now: Timestamp) -> Result<(), Failure> {
    let mut problems = Vec::new();
    for draft in drafts {
        if let Err(found) = AllowListEntry::new(draft.clone(), now) {
            problems.extend(found.iter().map(|it| format!("cannot allow that: {it}")));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(Failure::Input(problems)) }
}

/// What the arguments say of every entry
fn draft(arguments: &AllowAddArguments, now: Timestamp) -> Result<AllowListDraft, Failure> {
    let by = arguments.by.clone().or_else(|| std::env::var("USER").ok());
    Ok(AllowListDraft {
        kind: arguments.kind,
        value: String::new(),
        title: arguments.title.clone().unwrap_or_default(),
        description: arguments.description.clone().unwrap_or_default(),
        device_groups: arguments.device_group.clone(),
        expires: now
            .checked_add(arguments.expires)
            .map_err(|error| bad(format!("the entry expires too far ahead: {error}")))?,
        by: by.filter(|it| !it.is_empty()).ok_or_else(|| bad("give your name with --by"))?,
        from: None,
    })
}

/// An entry for each thing of the alert that triggered it, or for each that can be identified; and
/// what was left out, with the reason
fn from_alert(
    alert: &Alert,
    arguments: &AllowAddArguments,
    common: AllowListDraft,
) -> Result<(Vec<AllowListDraft>, Vec<String>), Failure> {
    let device_groups = match (&arguments.device_group, arguments.all_devices) {
        (groups, _) if !groups.is_empty() => groups.clone(),
        (_, true) => Vec::new(),
        (_, false) => groups_of(alert).ok_or_else(|| {
            bad("the alert does not say the group of each device; give --device-group NAME or \
                 --all-devices")
        })?,
    };
    let title = alert.title.as_deref().unwrap_or("no title").trim();
    let title: String = title.chars().take(TITLE_LENGTH_MAX).collect();
    let common = AllowListDraft {
        title: arguments.title.clone().unwrap_or(title),
        description: arguments.description.clone().unwrap_or(format!("From alert {}", alert.id)),
        device_groups,
        from: Some(AllowedFrom::Alert(alert.id.clone())),
        ..common
    };
    let mut things = alert.indicators();
    things.retain(|it| arguments.all || it.trigger == Truth::True);
    let (mut chosen, mut skipped) = (Vec::<Indicator>::new(), Vec::new());
    for Identified { piece, path, by, .. } in things {
        let place = if path.is_empty() { String::new() } else { format!(", {path}") };
        match by.map(|it| it.into_iter().next()) {
            Ok(Some(strongest)) if !chosen.contains(&strongest) => chosen.push(strongest),
            Ok(_) => {}
            Err(why) => skipped.push(format!("evidence {piece}{place}: {why}")),
        }
    }
    if chosen.is_empty() {
        let help = if arguments.all {
            "nothing in the alert can stand on the list"
        } else {
            "nothing that triggered the alert can stand on the list; give --all for everything in it"
        };
        let mut problems = vec![help.to_owned()];
        problems.extend(skipped);
        return Err(Failure::Input(problems));
    }
    let drafts = chosen.into_iter().map(|it| AllowListDraft {
        kind: Some(it.kind()),
        value: it.value().to_owned(),
        ..common.clone()
    });
    Ok((drafts.collect(), skipped))
}

/// The groups of the alert's devices, where each says its own
fn groups_of(alert: &Alert) -> Option<Vec<String>> {
    let devices: Vec<_> = alert.evidence_of(EvidenceType::Device).collect();
    let groups = devices.iter().map(|it| it.text("rbacGroupName").filter(|it| *it != NO_GROUP));
    let groups: Option<Vec<String>> = groups.map(|it| it.map(str::to_owned)).collect();
    groups.filter(|it| !it.is_empty())
}

fn bad(problem: impl Into<String>) -> Failure {
    Failure::Input(vec![problem.into()])
}

fn write_taken(
    out: &mut impl io::Write,
    taken: &[Taken],
    skipped: &[String],
    place: &Place,
) -> io::Result<()> {
    for Taken { entry, put } in taken {
        let indicator = entry.indicator();
        let what = match put {
            Put::New => "is allowed",
            Put::Changed => "was allowed, and is changed",
            Put::Again => "was allowed just so",
        };
        writeln!(out, "{indicator} {what}")?;
        writeln!(out, "  on {} until {}, by {}", entry.on(), entry.expires(), entry.by())?;
    }
    for why in skipped {
        writeln!(out, "left out: {why}")?;
    }
    writeln!(out, "{}", place.what_follows())
}

/// The indicator that is asked about
fn indicator(arguments: &AllowShowArguments) -> Result<Indicator, Failure> {
    let parsed = match arguments.kind {
        Some(kind) => Indicator::parse(kind, &arguments.value),
        None => Indicator::guess(&arguments.value),
    };
    parsed.map_err(|error| bad(error.to_string()))
}

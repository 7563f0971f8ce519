//! `defuse status`: what an operator wants to know of a host, be it running or not.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use defuse_adapters::DynamoDbStore;
use defuse_flow::{LeftOutReport as _, StoreError};
use jiff::{Timestamp, ToSpan as _, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{args::StatusArguments, failure::Failure, host};

/// How many days are counted
const DAYS: i64 = 7;

/// How a host stands
#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    /// How many alerts the service settings left out, by day (UTC) and severity
    left_out: BTreeMap<Date, BTreeMap<String, u64>>,
}

/// How the host of that store stands
pub(crate) async fn of(store: &DynamoDbStore, now: Timestamp) -> Result<Status, StoreError> {
    let mut status = Status::default();
    let today = now.to_zoned(TimeZone::UTC).date();
    for days in 0..DAYS {
        let day = today.saturating_sub(days.days());
        let counts = store.left_out_on(day).await?;
        if !counts.is_empty() {
            status.left_out.insert(day, counts);
        }
    }
    Ok(status)
}

pub(crate) async fn run(arguments: StatusArguments) -> Result<(), Failure> {
    let data = &arguments.data;
    let status = match ask_host(data).await {
        Some(status) => status,
        None if host::has_state(data) => {
            let (store, _database) = host::store(data).await?;
            of(&store, Timestamp::now()).await?
        }
        None => {
            let data = data.display();
            return Err(Failure::NotFound(format!("there is no state in {data}; give --data")));
        }
    };
    let mut out = io::stdout().lock();
    let written = if arguments.json {
        writeln!(out, "{}", json!(status))
    } else {
        write_status(&mut out, &status)
    };
    written.map_err(Failure::Output)
}

/// What a running host says; `None` where none runs
async fn ask_host(data: &std::path::Path) -> Option<Status> {
    let (status, body) = host::ask(data, &["status"]).await?;
    (status == 200).then(|| serde_json::from_slice(&body).ok())?
}

fn write_status(out: &mut impl Write, status: &Status) -> io::Result<()> {
    if status.left_out.is_empty() {
        return writeln!(out, "The service settings left out nothing in the last {DAYS} days.");
    }
    writeln!(out, "Alerts that the service settings left out, by day (UTC) and severity:")?;
    for (day, counts) in &status.left_out {
        let counts: Vec<String> =
            counts.iter().map(|(severity, count)| format!("{severity} {count}")).collect();
        writeln!(out, "  {day}  {}", counts.join(", "))?;
    }
    Ok(())
}

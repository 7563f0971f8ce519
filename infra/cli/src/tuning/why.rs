//! `defuse tuning why`: why a rule holds of an alert or not, with what would have to be otherwise.

use std::{
    io::{self, Write},
    path::Path,
};

use defuse_domain::{Alert, TuningRule, TuningTrace};
use jiff::Timestamp;
use serde_json::json;

use super::{rule_file, stored::Stored};
use crate::{args::WhyArguments, config, failure::Failure, report};

pub(crate) async fn run(arguments: WhyArguments) -> Result<(), Failure> {
    let WhyArguments { rule, alert_id, json, config, stored } = arguments;
    let (rule, config) = if Path::new(&rule).is_file() {
        rule_file::read(Path::new(&rule), &config)?
    } else {
        let config = config::load(&config)?;
        (named(&rule, config.rules.tuning().rules())?, config)
    };
    let alert = Stored::open(&stored).await?.alert(&alert_id).await?;
    let trace = rule.explain_by_itself(&alert, config.rules.organisation(), Timestamp::now());
    let mut out = io::stdout().lock();
    let written = if json {
        let missing = trace.what_is_missing();
        writeln!(out, "{}", json!({ "alert": alert.id, "missing": missing, "trace": trace }))
    } else {
        write_why(&mut out, &alert, &trace)
    };
    written.map_err(Failure::Output)
}

fn named<'a>(
    name: &str,
    mut rules: impl Iterator<Item = &'a TuningRule>,
) -> Result<TuningRule, Failure> {
    let found = rules.find(|it| it.name().as_str() == name).cloned();
    let what = || format!("there is no tuning rule `{name}`, and no file of that name");
    found.ok_or_else(|| Failure::NotFound(report::shown(&what())))
}

fn write_why(out: &mut impl Write, alert: &Alert, trace: &TuningTrace) -> io::Result<()> {
    let title = alert.title.as_deref().unwrap_or("(no title)");
    writeln!(out, "{}", report::shown(&format!("{}  {title}", alert.id)))?;
    report::write_tuning(out, trace)?;
    match trace.what_is_missing() {
        Some(missing) => writeln!(out, "  what is missing: {}", report::shown(&missing)),
        None => writeln!(out, "  nothing is missing"),
    }
}

//! `defuse tuning why`: why a rule holds of an alert or not, with what would have to be otherwise.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::Path,
};

use defuse_domain::{Alert, TuningRule, TuningTrace};
use jiff::Timestamp;
use serde_json::json;

use super::{
    asked::{Asked, Unanswered},
    rule_file,
    stored::Stored,
};
use crate::{args::WhyArguments, config, failure::Failure, report};

pub(crate) async fn run(arguments: WhyArguments) -> Result<(), Failure> {
    let WhyArguments { rule, alert_id, json, config, stored } = arguments;
    let stored = Stored::open(&stored).await?;
    let (rule, config) = if Path::new(&rule).is_file() {
        rule_file::read(Path::new(&rule), &config)?
    } else {
        let config = config::load(&config)?;
        let saved = rule_file::saved(&stored, &config).await?.unwrap_or_default();
        // Of a deployed and a saved one of one name the deployed one counts, as in triage.
        (named(&rule, config.rules.tuning().rules().chain(&saved))?, config)
    };
    let alert = stored.alert(&alert_id).await?;
    let (organisation, now) = (config.rules.organisation(), Timestamp::now());
    let mut asked = Asked::new(organisation, stored.place().map(|it| &it.store));
    let facts = asked.facts(&rule.questions(&alert, organisation), now).await?;
    let trace = rule.explain(&alert, &facts, organisation, now);
    let mut out = io::stdout().lock();
    let written = if json {
        let missing = trace.what_is_missing();
        let not_asked: BTreeMap<_, _> = asked.unanswered.all().into_iter().collect();
        let why = json!({
            "alert": alert.id,
            "missing": missing,
            "notAsked": not_asked,
            "trace": trace,
        });
        writeln!(out, "{why}")
    } else {
        write_why(&mut out, &alert, &trace, asked.unanswered)
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

fn write_why(
    out: &mut impl Write,
    alert: &Alert,
    trace: &TuningTrace,
    unanswered: Unanswered,
) -> io::Result<()> {
    let title = alert.title.as_deref().unwrap_or("(no title)");
    writeln!(out, "{}", report::shown(&format!("{}  {title}", alert.id)))?;
    report::write_tuning(out, trace)?;
    match trace.what_is_missing() {
        Some(missing) => writeln!(out, "  what is missing: {}", report::shown(&missing))?,
        None => writeln!(out, "  nothing is missing")?,
    }
    for (name, why) in unanswered.all() {
        writeln!(out, "  NOT ASKED: `{name}`; {why}")?;
    }
    Ok(())
}

//! `defuse triage`: decides alerts from files, prints why, and writes nothing.

use std::{
    fs,
    io::{self, Read as _, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use defuse_domain::{Alert, BODY_BYTES_MAX, Facts, FactsDocument, Need, decide, read_body};
use defuse_flow::FactSource as _;
use defuse_lambda::{AllFacts, Config, Environment, Wiring};
use jiff::Timestamp;

use crate::{
    args::TriageArguments, config, facts_file::FileFacts, failure::Failure, progress::Progress,
    report,
};

/// Where facts come from
enum Asked {
    File(Box<FileFacts>),
    Tenant(Box<AllFacts>),
}

impl Asked {
    async fn answer(&self, needs: &[Need], now: Timestamp) -> Facts {
        match self {
            Self::File(facts) => facts.answer(needs, now).await,
            Self::Tenant(facts) => facts.answer(needs, now).await,
        }
    }
}

/// Every input is read before the first alert is decided: bad input decides nothing, and every
/// mistake in it is named at once
pub(crate) async fn run(arguments: TriageArguments) -> Result<(), Failure> {
    let now = arguments.now.unwrap_or_else(Timestamp::now);
    let given = arguments.facts.as_deref().map(|it| read_facts(it, now)).transpose();
    let (config, given, alerts) =
        match (config::load(&arguments.config), given, read_files(&arguments.files)) {
            (Ok(config), Ok(given), Ok(alerts)) => (config, given, alerts),
            (config, given, alerts) => {
                let failures = [config.err(), given.err(), alerts.err()];
                return Err(Failure::all(failures.into_iter().flatten().collect()));
            }
        };
    let rules = config.rules.clone();
    let facts = asked(given, config).await?;

    let mut out = io::stdout().lock();
    let progress = Progress::start("alerts decided", alerts.len(), arguments.json);
    for alert in alerts {
        let facts = facts.answer(&rules.needs(&alert), now).await;
        let decision = decide(&alert, &facts, &rules, now);
        progress.step();
        let written = if arguments.json {
            writeln!(out, "{}", report::as_json(&alert, &decision))
        } else {
            report::write_summary(&mut out, &alert, &decision)
                .and_then(|()| report::write_trace(&mut out, &decision))
                .and_then(|()| writeln!(out))
        };
        written.map_err(Failure::Output)?;
    }
    Ok(())
}

async fn asked(given: Option<FactsDocument>, config: Config) -> Result<Asked, Failure> {
    let Some(document) = given else {
        let lookup = Arc::new(|name: &str| std::env::var(name).ok());
        let environment = Environment::read(&*lookup);
        // On a person's own machine, a server on that machine may be asked.
        let environment = Environment { may_reach_private: true, ..environment };
        let wiring = Wiring::of(environment, config, lookup);
        return Ok(Asked::Tenant(Box::new(wiring.facts(false).await?)));
    };
    let organisation = config.settings.organisation;
    Ok(Asked::File(Box::new(FileFacts { document, organisation })))
}

fn read_facts(path: &Path, now: Timestamp) -> Result<FactsDocument, Failure> {
    let text = String::from_utf8_lossy(&read_file(path)?).into_owned();
    FactsDocument::parse(&path.display().to_string(), &text, now).map_err(Failure::Documents)
}

fn read_files(files: &[PathBuf]) -> Result<Vec<Alert>, Failure> {
    let (mut alerts, mut unreadable, mut failures) = (Vec::new(), Vec::new(), Vec::new());
    for path in files {
        let bytes = match read_file(path) {
            Ok(bytes) => bytes,
            Err(failure) => {
                failures.push(failure);
                continue;
            }
        };
        for read in read_body(&bytes) {
            match read {
                Ok(alert) => alerts.push(alert),
                Err(part) => unreadable.push((path.clone(), part)),
            }
        }
    }
    if !unreadable.is_empty() {
        failures.push(Failure::Unreadable(unreadable));
    }
    if failures.is_empty() { Ok(alerts) } else { Err(Failure::all(failures)) }
}

/// A file's bytes; `-` is standard input. One byte past the bound is enough to see that it is
/// too large.
fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let limit = BODY_BYTES_MAX as u64 + 1;
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        fs::File::open(path).and_then(|it| it.take(limit).read_to_end(&mut bytes))
    };
    match read {
        Ok(_) => Ok(bytes),
        Err(source) => Err(Failure::File { path: path.to_owned(), source }),
    }
}

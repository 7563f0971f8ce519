//! `defuse triage`: decides alerts from files, prints why, and writes nothing.

use std::{
    fs,
    io::{self, Read as _, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use defuse_domain::{Alert, BODY_BYTES_MAX, Facts, FactsDocument, Question, decide, read_body};
use defuse_flow::FactSource as _;
use defuse_lambda::{AllFacts, Config, Environment, Wiring};
use jiff::Timestamp;

use crate::{args::TriageArguments, facts_file::FileFacts, failure::Failure, report};

/// Where facts come from
enum Asked {
    File(Box<FileFacts>),
    Tenant(Box<AllFacts>),
}

impl Asked {
    async fn answer(&self, questions: &[Question], now: Timestamp) -> Facts {
        match self {
            Self::File(facts) => facts.answer(questions, now).await,
            Self::Tenant(facts) => facts.answer(questions, now).await,
        }
    }
}

/// Every input is read before the first alert is decided: bad input decides nothing
pub(crate) async fn run(arguments: TriageArguments) -> Result<(), Failure> {
    let now = arguments.now.unwrap_or_else(Timestamp::now);
    let config = Config::load(&arguments.config)?;
    let rules = config.rules.clone();
    let facts = asked(&arguments, config, now).await?;
    let alerts = read_files(&arguments.files)?;

    let mut out = io::stdout().lock();
    for alert in alerts {
        let questions: Vec<Question> = rules.questions(&alert).into_iter().collect();
        let facts = facts.answer(&questions, now).await;
        let decision = decide(&alert, &facts, &rules, now);
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

async fn asked(
    arguments: &TriageArguments,
    config: Config,
    now: Timestamp,
) -> Result<Asked, Failure> {
    let Some(path) = &arguments.facts else {
        let lookup = Arc::new(|name: &str| std::env::var(name).ok());
        let environment = Environment::read(&*lookup);
        // On a person's own machine, a server on that machine may be asked.
        let environment = Environment { may_reach_private: true, ..environment };
        let wiring = Wiring::of(environment, config, lookup);
        return Ok(Asked::Tenant(Box::new(wiring.facts(false).await?)));
    };
    let text = String::from_utf8_lossy(&read_file(path)?).into_owned();
    let document = FactsDocument::parse(&path.display().to_string(), &text, now)
        .map_err(Failure::Documents)?;
    let organisation = config.settings.organisation;
    Ok(Asked::File(Box::new(FileFacts { document, organisation })))
}

fn read_files(files: &[PathBuf]) -> Result<Vec<Alert>, Failure> {
    let (mut alerts, mut unreadable) = (Vec::new(), Vec::new());
    for path in files {
        for read in read_body(&read_file(path)?) {
            match read {
                Ok(alert) => alerts.push(alert),
                Err(part) => unreadable.push((path.clone(), part)),
            }
        }
    }
    if unreadable.is_empty() { Ok(alerts) } else { Err(Failure::Unreadable(unreadable)) }
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

//! `defuse tuning`: rules that hide or resolve expected alerts, for the people who write them.

mod check;
mod from_alert;
mod preview;
mod stored;
mod why;

pub(crate) use self::check::lasts;

use std::path::Path;

use defuse_domain::{
    Answer, Fact, Facts, Need, Organisation, Question, TuningRule, Unknown, UnknownReason,
};
use defuse_lambda::Config;
use jiff::Timestamp;

use crate::{
    args::{TuningArguments, TuningCommand},
    config,
    failure::Failure,
};

pub(crate) async fn run(arguments: TuningArguments) -> Result<(), Failure> {
    match arguments.command {
        TuningCommand::Check(arguments) => check::run(arguments),
        TuningCommand::Preview(arguments) => preview::run(arguments).await,
        TuningCommand::FromAlert(arguments) => from_alert::run(arguments).await,
        TuningCommand::Why(arguments) => why::run(arguments).await,
    }
}

/// The rule of a file, and the configuration beside which it stands: every mistake in both at once
fn read(file: &Path, dir: &Path) -> Result<(TuningRule, Config), Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|source| Failure::File { path: file.to_owned(), source });
    let rule = text.and_then(|text| {
        TuningRule::parse(&file.display().to_string(), &text).map_err(Failure::Documents)
    });
    match (rule, config::load(dir)) {
        (Ok(rule), Ok(config)) => Ok((rule, config)),
        (rule, config) => {
            Err(Failure::all([rule.err(), config.err()].into_iter().flatten().collect()))
        }
    }
}

/// What the organisation says of itself, which is all that a tuning rule asks besides the alert
fn facts(needs: &[Need], organisation: &Organisation, now: Timestamp) -> Facts {
    let answer = |question: &Question| match question {
        Question::Tags(user) if user.directory_key().is_none() => {
            Err(Unknown::because(UnknownReason::UserNotNamed))
        }
        Question::Tags(user) => Ok(Answer::Tags(organisation.tags_of(user))),
        Question::AutomaticReplies(_)
        | Question::Risk(_)
        | Question::Groups(_)
        | Question::OpenAlerts(_) => Err(Unknown::because(UnknownReason::NotAsked)),
    };
    let fact = |need: &Need| Fact {
        answer: answer(&need.question),
        question: need.question.clone(),
        source: "settings".to_owned(),
        read: now,
        history: None,
    };
    needs.iter().map(fact).collect()
}

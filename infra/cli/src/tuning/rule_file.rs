//! A rule in a file, the configuration beside which it stands, and what the organisation says.

use std::{fs, path::Path};

use defuse_domain::{
    Answer, Fact, Facts, Need, Organisation, Question, TuningRule, Unknown, UnknownReason,
};
use defuse_lambda::Config;
use jiff::Timestamp;

use crate::{config, failure::Failure};

/// The rule of a file, and the configuration beside which it stands: every mistake in both at once
pub(super) fn read(file: &Path, dir: &Path) -> Result<(TuningRule, Config), Failure> {
    let text =
        fs::read_to_string(file).map_err(|source| Failure::File { path: file.to_owned(), source });
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
pub(super) fn facts(needs: &[Need], organisation: &Organisation, now: Timestamp) -> Facts {
    let answer = |question: &Question| match question {
        Question::Tags(user) if user.directory_key().is_none() => {
            Err(Unknown::because(UnknownReason::UserNotNamed))
        }
        Question::Tags(user) => Ok(Answer::Tags(organisation.tags_of(user))),
        Question::AutomaticReplies(_)
        | Question::Risk(_)
        | Question::Groups(_)
        | Question::AllowListed(_)
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

//! `defuse tuning`: rules that hide or resolve expected alerts, for the people who write them.

mod check;
mod from_alert;
mod preview;
mod rule_file;
mod stored;
mod why;

pub(crate) use self::check::lasts;
use crate::{
    args::{TuningArguments, TuningCommand},
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

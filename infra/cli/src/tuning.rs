//! `defuse tuning`: rules that hide or resolve expected alerts, for the people who write them.

mod asked;
mod check;
mod from_alert;
mod list;
mod place;
mod preview;
mod release;
mod rule_file;
mod rules;
mod state;
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
        TuningCommand::Save(arguments) => rules::save(arguments).await,
        TuningCommand::List(arguments) => list::list(arguments).await,
        TuningCommand::Show(arguments) => list::show(arguments).await,
        TuningCommand::On(arguments) => rules::turn_on(arguments).await,
        TuningCommand::Off(arguments) => rules::turn_off(arguments).await,
        TuningCommand::Delete(arguments) => rules::delete(arguments).await,
        TuningCommand::Release(arguments) => release::run(arguments).await,
    }
}

//! `defuse tuning`: rules that hide or resolve expected alerts.

mod list;
mod release;
mod rules;
mod state;

use crate::{args::TuningCommand, failure::Failure};

pub(crate) async fn run(command: TuningCommand) -> Result<(), Failure> {
    match command {
        TuningCommand::Save(arguments) => rules::save(arguments).await,
        TuningCommand::List(arguments) => list::list(arguments).await,
        TuningCommand::Show(arguments) => list::show(arguments).await,
        TuningCommand::On(arguments) => rules::turn_on(arguments).await,
        TuningCommand::Off(arguments) => rules::turn_off(arguments).await,
        TuningCommand::Delete(arguments) => rules::delete(arguments).await,
        TuningCommand::Release(arguments) => release::run(arguments).await,
    }
}

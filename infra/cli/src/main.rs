//! The binary `defuse`: the one-machine host, and the commands of people who write and check
//! playbooks.

mod alerts;
mod allow;
mod api;
mod args;
mod check;
mod config;
mod demo;
mod dev;
mod diff;
mod explain;
mod facts_file;
mod failure;
mod history;
mod host;
mod progress;
mod report;
mod schema;
mod status;
mod tokens;
mod triage;
mod tuning;

use std::{io::Write as _, process::ExitCode};

use clap::Parser;
use tokio::task::LocalSet;

use self::{
    args::{Arguments, Command},
    failure::Failure,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // A host says what goes wrong while nobody asks; every other command says it when it ends.
    let quiet = if matches!(arguments.command, Command::Dev(_)) { "warn" } else { "off" };
    let level = std::env::var("RUST_LOG").unwrap_or_else(|_| quiet.to_owned());
    defuse_lambda::start_logs(false, Some(&level));
    // Handlers of batches borrow what they work on, so their futures stay on this thread.
    match Box::pin(LocalSet::new().run_until(run(arguments.command))).await {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read our output has seen enough.
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            let text = failure.to_string();
            if !text.is_empty() {
                let said = writeln!(std::io::stderr(), "{text}");
                drop(said);
            }
            ExitCode::from(failure.exit_code())
        }
    }
}

async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo(arguments) => demo::run(arguments).await,
        Command::Dev(arguments) => dev::run(arguments).await,
        Command::Triage(arguments) => triage::run(arguments).await,
        Command::Check(arguments) => check::run(arguments),
        Command::Bundle(arguments) => check::bundle(arguments),
        Command::Diff(arguments) => diff::run(arguments).await,
        Command::Explain(arguments) => explain::run(arguments).await,
        Command::Status(arguments) => status::run(arguments).await,
        Command::Alerts(arguments) => alerts::run(arguments).await,
        Command::History(arguments) => history::run(arguments).await,
        Command::Tokens(arguments) => tokens::run(arguments).await,
        Command::Allow(arguments) => allow::run(arguments).await,
        Command::Tuning(arguments) => tuning::run(arguments).await,
        Command::Schema(arguments) => schema::run(arguments),
    }
}

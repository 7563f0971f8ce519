//! The binary `defuse`: the one-machine host, and the commands of people who write and check
//! playbooks.

mod args;
mod demo;
mod dev;
mod explain;
mod facts_file;
mod failure;
mod host;
mod report;
mod schema;
mod triage;

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
    let level = std::env::var("RUST_LOG").unwrap_or_else(|_| "off".to_owned());
    defuse_lambda::start_logs(false, Some(&level));
    // Handlers of batches borrow what they work on, so their futures stay on this thread.
    match Box::pin(LocalSet::new().run_until(run(arguments.command))).await {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read our output has seen enough.
        Err(failure) if failure.is_broken_pipe() => ExitCode::SUCCESS,
        Err(failure) => {
            let said = writeln!(std::io::stderr(), "{failure}");
            drop(said);
            ExitCode::from(failure.exit_code())
        }
    }
}

async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo(arguments) => demo::run(arguments).await,
        Command::Dev(arguments) => dev::run(arguments).await,
        Command::Triage(arguments) => triage::run(arguments).await,
        Command::Explain(arguments) => explain::run(arguments).await,
        Command::Schema(arguments) => schema::run(arguments),
    }
}

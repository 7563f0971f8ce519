//! `defuse dev`: the embedded host alone, with its state in a folder.

use std::{
    io::{self, Write as _},
    sync::Arc,
};

use defuse_lambda::SharedLookup;
use jiff::Timestamp;

use crate::{
    args::DevArguments,
    config,
    failure::Failure,
    host::{Host, HostOptions, announce},
};

pub(crate) async fn run(arguments: DevArguments) -> Result<(), Failure> {
    let config = config::load(&arguments.config)?;
    let n_playbooks = config.rules.playbooks().count();
    let lookup: SharedLookup = Arc::new(|name: &str| std::env::var(name).ok());
    let mut host = Host::start(HostOptions {
        port: arguments.port,
        data: Some(arguments.data.clone()),
        config,
        lookup,
        clock: Arc::new(Timestamp::now),
    })
    .await?;
    announce(&arguments.data, host.address, &host.database)?;

    let mut out = io::stdout().lock();
    writeln!(out, "Defuse listens on http://{}", host.address)
        .and_then(|()| writeln!(out, "  send signed alerts to {}", host.receive_url()))
        .and_then(|()| {
            let token = host.token.expose();
            writeln!(out, "  use the API with DEFUSE_TOKEN={token}, until this host stops")
        })
        .and_then(|()| {
            let data = arguments.data.display();
            writeln!(out, "  {n_playbooks} playbooks in force, state in {data}")
        })
        .and_then(|()| match host.polled().join(", ") {
            polled if polled.is_empty() => Ok(()),
            polled => writeln!(out, "  asks {polled} for alerts, as the settings say"),
        })
        .and_then(|()| writeln!(out, "  stop with Ctrl-C; the state stays"))
        .and_then(|()| out.flush())
        .map_err(Failure::Output)?;
    drop(out);
    host.stopped().await;
    Err(Failure::host("a part of the host stopped", "see the log (RUST_LOG=info)"))
}

//! `defuse demo`: plays the sample events through the whole way, with a stand-in tenant.
//!
//! Everything is real but the tenant: alerts are signed and pushed over HTTP, decided by the
//! playbooks in force, resolved at their source over HTTP, and told in chat over HTTP.

mod cast;
mod play;

use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use defuse_domain::Outcome;
use defuse_lambda::{Config, SharedLookup};
use defuse_testkit::Tenant;
use jiff::Timestamp;

use self::play::{Played, Player};
use crate::{
    args::DemoArguments,
    config,
    failure::Failure,
    host::{Clock, Host, HostOptions},
    progress::Progress,
    report,
};

/// When the demo takes place: shortly after its sample events, so that it always ends the same
const BEGINS: &str = "2026-11-23T12:00:00Z";

/// What the demo signs its alerts with; it opens nothing elsewhere
const SIGNING_KEY: &str = "whsec_ZGVmdXNlLWRlbW8ta2V5LWZvci10aGlzLW1hY2hpbmUtb25seQ==";

pub(crate) async fn run(arguments: DemoArguments) -> Result<(), Failure> {
    let config = config::load(&arguments.config)?;
    let files = event_files(&arguments.events)?;
    let tenant = Tenant::start()
        .map_err(|error| Failure::host("cannot start the stand-in tenant", error))?;
    cast::people(&tenant);

    let begins: Timestamp = BEGINS.parse().map_err(|error| Failure::host("no time", error))?;
    let offset = begins.duration_since(Timestamp::now());
    let clock = Arc::new(move || Timestamp::now().checked_add(offset).unwrap_or(begins));
    let shared: Clock = Arc::clone(&clock) as Clock;
    let lookup = surroundings(&tenant, &config);
    let rules = config.rules.clone();
    let mut host =
        Host::start(HostOptions { port: 0, data: None, config, lookup, clock: shared }).await?;

    let mut out = io::stdout().lock();
    if !arguments.json {
        introduce(&mut out, &host, &tenant, files.len()).map_err(Failure::Output)?;
    }
    let mut player = Player::new(&host, &tenant, rules, clock)?;
    let mut tally = Tally::default();
    let progress = Progress::start("files played", files.len(), arguments.json);
    for (index, file) in files.iter().enumerate() {
        if !arguments.json {
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            writeln!(out, "── {} of {}: {name}", index + 1, files.len())
                .map_err(Failure::Output)?;
        }
        let all_played = player.play(file).await?;
        progress.step();
        for played in all_played {
            tally.count(&played);
            write_played(&mut out, &played, arguments.json).map_err(Failure::Output)?;
        }
        out.flush().map_err(Failure::Output)?;
    }
    drop(progress);
    if !arguments.json {
        tally.write(&mut out).map_err(Failure::Output)?;
    }
    if arguments.once {
        return Ok(());
    }
    if !arguments.json {
        writeln!(out, "The host stays up: {}. Stop with Ctrl-C.", host.receive_url())
            .map_err(Failure::Output)?;
    }
    out.flush().map_err(Failure::Output)?;
    drop(out);
    host.stopped().await;
    Err(Failure::host("a part of the host stopped", "see the log (RUST_LOG=info)"))
}

/// The sample events: the plain story first, then the rest by name
fn event_files(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let read = || -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(dir)? {
            files.push(entry?.path());
        }
        Ok(files)
    };
    let mut files = read().map_err(|source| Failure::File { path: dir.to_owned(), source })?;
    files.retain(|it| it.extension().is_some_and(|it| it == "json" || it == "ndjson"));
    files.sort_by_key(|it| (cast::turn(it), it.clone()));
    if files.is_empty() {
        return Err(Failure::NotFound(format!("there are no events in {}", dir.display())));
    }
    Ok(files)
}

/// What the functions find in their surroundings: the tenant in place of Microsoft, and every
/// channel and secret that the settings name
fn surroundings(tenant: &Tenant, config: &Config) -> SharedLookup {
    let mut variables = vec![
        ("DEFUSE_GRAPH_URL".to_owned(), tenant.graph_url()),
        ("DEFUSE_GRAPH_TOKEN_URL".to_owned(), tenant.token_url()),
        ("DEFUSE_GRAPH_CLIENT_ID".to_owned(), Tenant::CLIENT_ID.to_owned()),
        ("DEFUSE_GRAPH_CLIENT_SECRET".to_owned(), Tenant::CLIENT_SECRET.to_owned()),
        ("DEFUSE_CLOUD_APPS_URL".to_owned(), tenant.cloud_apps_url()),
        ("DEFUSE_CLOUD_APPS_TOKEN".to_owned(), Tenant::CLOUD_APPS_KEY.to_owned()),
    ];
    variables.extend(cast::secrets(tenant, &config.settings, SIGNING_KEY));
    Arc::new(move |name: &str| {
        variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    })
}

fn introduce(out: &mut impl Write, host: &Host, tenant: &Tenant, files: usize) -> io::Result<()> {
    writeln!(out, "Defuse, on this machine alone.")?;
    writeln!(out, "  receive   {}", host.receive_url())?;
    writeln!(
        out,
        "  tenant    {} (a stand-in for Graph, Cloud Apps and Teams)",
        tenant.base_url()
    )?;
    writeln!(out, "  people    kim and lee are on leave, pat too but at high risk,")?;
    writeln!(out, "            sam has automatic replies on with no start time, alex is at work")?;
    writeln!(out, "  {files} files of events are signed and sent one after the other\n")
}

fn write_played(out: &mut impl Write, played: &Played, json: bool) -> io::Result<()> {
    if json {
        return writeln!(out, "{}", played.to_json());
    }
    match &played.decided {
        Some((alert, decision)) => {
            report::write_summary(out, alert, decision)?;
            for (rule, missing) in &played.missed {
                writeln!(out, "  not by tuning rule {rule}: {}", report::shown(missing))?;
            }
        }
        None => writeln!(out, "{}", report::shown(&played.note))?,
    }
    for effect in &played.effects {
        let (target, answer) = (&effect.target, effect.answer);
        writeln!(out, "  → {} [{answer}] {}", target, report::shown(&effect.in_words()))?;
    }
    writeln!(out)
}

/// How many came out how
#[derive(Default)]
struct Tally {
    resolved: usize,
    hidden: usize,
    open: usize,
    resolved_before: usize,
    other: usize,
    told: usize,
}

impl Tally {
    fn count(&mut self, played: &Played) {
        match played.decided.as_ref().map(|(_, decision)| decision.outcome) {
            Some(Outcome::Resolved(_)) => self.resolved += 1,
            Some(Outcome::Hidden) => self.hidden += 1,
            Some(Outcome::Open) => self.open += 1,
            Some(Outcome::ResolvedAtSource) => self.resolved_before += 1,
            None => self.other += 1,
        }
        self.told += played.effects.iter().filter(|it| it.is_message()).count();
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let Self { resolved, hidden, open, resolved_before, other, told } = self;
        writeln!(
            out,
            "{resolved} resolved by rules, {hidden} hidden, {open} open for a person, \
             {resolved_before} already resolved at their source, {other} repeats, older revisions or refusals; {told} \
             messages in chat."
        )
    }
}

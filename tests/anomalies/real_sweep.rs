//! The same scenarios on the real adapters: every fault at the ports and at the wire, or, since
//! that takes minutes, every fault of the main scenarios and some of the others.

use std::{
    env,
    sync::{Arc, Mutex},
    time::Instant,
};

use defuse_testkit::{FaultPlan, PortFault, RecordedRequest};

use super::{
    TRAVEL_RESOLVED,
    ground::{Ground, in_threads},
    real::RealWorld,
    scenarios::{Scenario, at_cloud_apps, scenarios},
    sweep::{Sweep, Tally},
    wire::{self, KINDS, Kind, Wrong},
};

/// Set to anything, every fault of every scenario is tried
const ALL_FAULTS: &str = "DEFUSE_ALL_FAULTS";
/// Set to the number that a test printed, the same faults are tried again
const SEED: &str = "DEFUSE_FAULTS_SEED";

/// A scenario of which every fault at the wire is tried
const ECHO: &str = "our own change comes back";

/// How many faults of the other scenarios are tried
const SAMPLE: usize = 60;

/// One fault in one scenario
#[derive(Debug)]
enum Job<'a> {
    AtPort(&'a Scenario, usize, PortFault),
    AtWire(&'a Scenario, &'static Kind, Wrong),
}

/// What an undisturbed run does
#[derive(Debug)]
struct Way<'a> {
    scenario: &'a Scenario,
    n_calls: usize,
    requests: Vec<RecordedRequest>,
}

#[test]
#[expect(clippy::print_stdout, reason = "how much was tried is for whoever runs the test")]
fn a_fault_at_any_port_or_request_changes_nothing_in_the_end() {
    let begun = Instant::now();
    let scenarios: Vec<Scenario> = scenarios().into_iter().chain([at_cloud_apps()]).collect();
    let (ways, undisturbed) = undisturbed(&scenarios);

    let jobs = chosen(ways.iter().flat_map(Way::faults).collect());
    let tally = in_threads(jobs, async |ground, job, tally| job.run(ground, tally).await);

    let tally = undisturbed.and(tally);
    println!("{} runs in {:?}", tally.n_runs(), begun.elapsed());
    tally.assert_nothing_wrong();
}

/// Runs every scenario without a fault
fn undisturbed(scenarios: &[Scenario]) -> (Vec<Way<'_>>, Tally) {
    let ways = Mutex::new(Vec::new());
    let all: Vec<&Scenario> = scenarios.iter().collect();
    let tally = in_threads(all, async |ground, scenario, tally| {
        let tenants = Mutex::new(Vec::new());
        let mut sweep = Sweep::new(async |it| {
            let world = RealWorld::new(ground, it).await;
            tenants.lock().unwrap().push(Arc::clone(&world.tenant));
            world
        });
        let n_calls = sweep.calls(scenario).await.len();
        tally.add(sweep.tally());
        let requests = tenants.into_inner().unwrap().iter().flat_map(|it| it.requests()).collect();
        ways.lock().unwrap().push(Way { scenario, n_calls, requests });
    });
    let mut ways = ways.into_inner().unwrap();
    ways.sort_by_key(|it| it.scenario.name);
    (ways, tally)
}

impl<'a> Way<'a> {
    /// Everything that can go wrong on it
    fn faults(&self) -> Vec<Job<'a>> {
        let scenario = self.scenario;
        let at_port = (0..self.n_calls).flat_map(|number| {
            PortFault::ALL.into_iter().map(move |it| Job::AtPort(scenario, number, it))
        });
        let kinds = KINDS.iter().filter(|it| it.is_among(&self.requests));
        let at_wire = kinds.flat_map(|kind| {
            let wrongs = Wrong::ALL.into_iter();
            wrongs.map(move |it| Job::AtWire(scenario, kind, it))
        });
        at_wire.chain(at_port).collect()
    }
}

impl Job<'_> {
    async fn run(self, ground: &Ground, tally: &mut Tally) {
        match self {
            Self::AtPort(scenario, number, fault) => {
                let mut sweep = Sweep::new(async |it| RealWorld::new(ground, it).await);
                sweep.run(scenario, &FaultPlan::default().at(number, fault)).await;
                tally.add(sweep.tally());
            }
            Self::AtWire(scenario, kind, wrong) => {
                wire::run(ground, scenario, (kind, wrong), tally).await;
            }
        }
    }
}

/// All of the main scenarios, and some of the others
#[expect(clippy::print_stdout, reason = "the seed is for whoever runs the test again")]
fn chosen(jobs: Vec<Job<'_>>) -> Vec<Job<'_>> {
    println!("{} faults in all", jobs.len());
    if env::var_os(ALL_FAULTS).is_some() {
        return jobs;
    }
    let given = env::var(SEED).ok().map(|it| it.parse().unwrap());
    let seed: u64 = given.unwrap_or_else(|| jiff::Timestamp::now().as_second().unsigned_abs());
    println!("{SEED}={seed}");
    let main = [TRAVEL_RESOLVED, at_cloud_apps().name];
    let (mut chosen, others): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|it| match it {
        Job::AtPort(scenario, ..) => main.contains(&scenario.name),
        // An echo comes between our change and our comment when a request fails.
        Job::AtWire(scenario, ..) => main.contains(&scenario.name) || scenario.name == ECHO,
    });
    let mut others: Vec<(u64, Job<'_>)> = (0..).map(|it| mixed(seed, it)).zip(others).collect();
    others.sort_by_key(|it| it.0);
    chosen.extend(others.into_iter().map(|it| it.1).take(SAMPLE));
    chosen
}

/// A number that looks like chance, and is the same for the same seed (splitmix64)
const fn mixed(seed: u64, index: u64) -> u64 {
    let it = seed.wrapping_add(index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    it ^ (it >> 31)
}

//! Whatever fails, and whenever: nothing is resolved that was not recorded, nothing is told twice,
//! and redelivery ends in the same state.
//!
//! Each scenario is driven the whole way, from receiving to chat, with a fault at every port call in
//! turn. What drives and checks it knows the ports and no more, so that other worlds can be driven
//! the same way: see `World`. There are two: one in memory, and one of the real adapters, on DynamoDB
//! and over HTTP, where requests go wrong, too.

#[cfg(test)]
mod anomalies {
    mod any_order;
    mod at_once;
    mod broken;
    mod check;
    mod drive;
    mod echo;
    mod ground;
    mod memory;
    mod real;
    mod real_sweep;
    mod scenarios;
    mod steps;
    mod sweep;
    mod wire;
    mod world;

    use defuse_testkit::FaultPlan;

    use self::{
        broken::{BrokenWorld, Flaw},
        memory::MemoryWorld,
        scenarios::scenarios,
        sweep::Sweep,
    };

    /// The scenario that the product was made for
    const TRAVEL_RESOLVED: &str = "travel alert resolved";

    #[tokio::test]
    async fn undisturbed_every_scenario_ends_as_it_should() {
        let mut sweep = Sweep::new(async |it| MemoryWorld::new(it));
        for scenario in &scenarios() {
            sweep.run(scenario, &FaultPlan::default()).await;
        }
        sweep.tally().assert_nothing_wrong();
    }

    #[tokio::test]
    async fn a_fault_at_any_call_changes_nothing_in_the_end() {
        let mut sweep = Sweep::new(async |it| MemoryWorld::new(it));
        for scenario in &scenarios() {
            sweep.every_fault(scenario).await;
        }
        sweep.tally().assert_nothing_wrong();
    }

    #[tokio::test]
    async fn two_faults_at_any_two_calls_change_nothing_in_the_end() {
        let mut sweep = Sweep::new(async |it| MemoryWorld::new(it));
        for scenario in scenarios().iter().filter(|it| it.name == TRAVEL_RESOLVED) {
            sweep.every_pair_of_faults(scenario).await;
        }
        sweep.tally().assert_nothing_wrong();
    }

    #[tokio::test]
    async fn a_port_that_always_fails_does_no_harm_and_once_healed_all_is_done() {
        let mut sweep = Sweep::new(async |it| MemoryWorld::new(it));
        for scenario in &scenarios() {
            sweep.every_lasting_fault(scenario).await;
        }
        sweep.tally().assert_nothing_wrong();
    }

    #[tokio::test]
    async fn what_is_broken_is_seen() {
        let all = TRAVEL_RESOLVED;
        check(Flaw::OlderOverwritesNewer, "older after newer", "ended as").await;
        check(Flaw::IgnoresVersions, "newer arrives while we ask", "ended as").await;
        check(Flaw::ForgetsMarks, all, "never comes to rest").await;
        let not_done = "recorded as resolved at its source, and is not";
        check(Flaw::ForgetsEffects, all, not_done).await;
        check(Flaw::ForgetsClaims, all, "times too often").await;
        let untrue = "told as resolved, and is not";
        check(Flaw::SourceSaysDoneAndDoesNothing, all, untrue).await;
        check(Flaw::SourceRepeatsComments, all, "said twice at its source").await;
        check(Flaw::ChatHidesDoubt, all, "told again as though it were new").await;
        check(Flaw::TopicLosesAll, all, "ended as").await;
        check(Flaw::CountsNothing, "hidden by a tuning rule", "counted 0 times").await;
    }

    async fn check(flaw: Flaw, scenario: &str, seen_as: &str) {
        let mut sweep = Sweep::new(async |it| BrokenWorld::new(it, flaw));
        for scenario in scenarios().iter().filter(|it| it.name == scenario) {
            sweep.every_fault(scenario).await;
        }
        let tally = sweep.tally();
        let wrong = tally.wrong();
        assert!(wrong.iter().any(|it| it.contains(seen_as)), "{flaw:?} passes: {wrong:?}");
    }
}
#[cfg(test)]
#[path = "contract/embedded.rs"]
mod embedded;

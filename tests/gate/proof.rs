//! What comes in force and what does not.

use std::{fs, time::Duration};

use defuse_domain::TuningRule;
use defuse_flow::DeployedTuning as _;
use defuse_testkit::a_tuning_rule;
use jiff::Timestamp;
use tokio::net::TcpListener;

use crate::{
    database::start_refusing,
    gate::{Gate, at_the_gate, reason, succeeded},
    layer::{Layer, PLAYBOOK, SETTINGS},
    secrets::Secrets,
};

/// Settings that ask nobody and tell nobody
const EMPTY: &str = "\
apiVersion: defuse/v1
kind: Settings
";

/// Puts a layer's bundle in force, as a new stack does
async fn create(gate: &Gate<'_>, layer: &Layer) {
    let function = gate.provision(layer, &[]);
    let request = gate.cloud_formation.request_for("create", &layer.digest);
    succeeded(&gate.ask(&function, request).await, &layer.digest);
}

/// Why a layer does not come in force, when the template names that bundle; the old one stays
async fn refused(
    gate: &Gate<'_>,
    layer: &Layer,
    bundle: &str,
    variables: &[(&str, &str)],
) -> String {
    let before = gate.world.database.items().await;
    let function = gate.provision(layer, variables);
    let request = gate.cloud_formation.request_for("update", bundle);
    let answer = gate.ask(&function, request).await;
    assert_eq!(gate.world.database.items().await, before);
    assert_eq!(answer["PhysicalResourceId"], "defuse-bundle");
    assert_eq!(answer["Data"]["Bundle"], "");
    let reason = reason(&answer);
    assert_eq!(function.logged("bundle refused").await["reason"], reason);
    reason
}

#[tokio::test]
async fn a_good_bundle_is_recorded_and_in_force() {
    at_the_gate(async |gate| {
        let layer = gate.layer();
        assert_eq!(gate.in_force().await, None);
        create(gate, &layer).await;

        let bundle = gate.in_force().await.unwrap();
        assert_eq!(bundle.digest, layer.digest);
        let names: Vec<&String> = bundle.files.keys().collect();
        assert_eq!(names, ["playbooks/legitimate-travel.yaml", "settings.yaml"]);
        let playbook = fs::read_to_string(layer.path(PLAYBOOK)).unwrap();
        assert_eq!(bundle.files["playbooks/legitimate-travel.yaml"], playbook);

        // Lambda may hand the same request over again.
        create(gate, &layer).await;
        assert_eq!(gate.in_force().await, Some(bundle));
    })
    .await;
}

#[tokio::test]
async fn an_update_puts_another_bundle_in_force() {
    at_the_gate(async |gate| {
        let mut layer = gate.layer();
        create(gate, &layer).await;
        layer.change(PLAYBOOK, "perHour: 30", "perHour: 31");
        layer.digest = layer.digest_now();
        let function = gate.provision(&layer, &[]);
        let request = gate.cloud_formation.request_for("update", &layer.digest);
        succeeded(&gate.ask(&function, request).await, &layer.digest);
        assert_eq!(gate.digest_in_force().await, Some(layer.digest));
    })
    .await;
}

#[tokio::test]
async fn since_when_each_tuning_rule_is_in_force_is_noted_and_moves_with_its_text_alone() {
    at_the_gate(async |gate| {
        let mut layer = gate.layer();
        let (kept, edited) = (a_tuning_rule("kept", "hide"), a_tuning_rule("edited", "hide"));
        fs::create_dir(layer.path("infra/tuning")).unwrap();
        layer.write("infra/tuning/kept.yaml", &kept);
        layer.write("infra/tuning/edited.yaml", &edited);
        layer.digest = layer.digest_now();
        let begun = Timestamp::now();
        create(gate, &layer).await;

        let rule = |text: &str| TuningRule::parse("rule.yaml", text).unwrap();
        let noted = gate.store().deployed().await.unwrap();
        let since = noted.since(&rule(&kept)).unwrap();
        assert!((begun..=Timestamp::now()).contains(&since), "{since}");
        assert_eq!(noted.since(&rule(&edited)), Some(since));
        assert_eq!(noted.since(&rule(&a_tuning_rule("never", "hide"))), None);

        let resolve = "{ resolve: { falsePositive: notMalicious } }";
        layer.change("infra/tuning/edited.yaml", "hide", resolve);
        layer.digest = layer.digest_now();
        let function = gate.provision(&layer, &[]);
        let request = gate.cloud_formation.request_for("update", &layer.digest);
        succeeded(&gate.ask(&function, request).await, &layer.digest);
        let noted = gate.store().deployed().await.unwrap();
        assert_eq!(noted.since(&rule(&kept)), Some(since), "its text stayed");
        let after = noted.since(&rule(&a_tuning_rule("edited", resolve))).unwrap();
        assert!(after > since, "{after}");
        // Functions of the deployment before still run meanwhile.
        assert_eq!(noted.since(&rule(&edited)), Some(since));
    })
    .await;
}

#[tokio::test]
async fn every_mistake_is_in_the_reason_and_the_old_bundle_stays_in_force() {
    at_the_gate(async |gate| {
        let layer = gate.layer();
        create(gate, &layer).await;

        let mode = layer.change(PLAYBOOK, "mode: enforce", "mode: enforced");
        let criterion = layer.change(PLAYBOOK, "- not: userHighRisk", "- not: userHihgRisk");
        layer.write("infra/playbooks/no-yaml.yml", "a: [b\n");
        layer.change(SETTINGS, "channels:", "chanels:");
        let reason = refused(gate, &layer, "sha256:other", &[]).await;

        assert!(reason.starts_with("4 mistakes in the configuration: "), "{reason}");
        let file = |name: &str| layer.path(name).display().to_string();
        for (place, words) in [
            (format!("{}:{mode}: P005: ", file(PLAYBOOK)), "`enforced`"),
            (format!("{}:{criterion}: P005: ", file(PLAYBOOK)), "did you mean `userHighRisk`?"),
            (format!("{}:", file("infra/playbooks/no-yaml.yml")), "P001: "),
            (format!("{}:", file(SETTINGS)), "did you mean `channels`?"),
        ] {
            let is_there = reason.split("; ").any(|it| it.contains(&place) && it.contains(words));
            assert!(is_there, "no {place}…{words} in {reason}");
        }
        assert_eq!(gate.digest_in_force().await, Some(layer.digest));
    })
    .await;
}

#[tokio::test]
async fn a_case_that_fails_keeps_its_bundle_out() {
    at_the_gate(async |gate| {
        let layer = gate.layer();
        layer.change(PLAYBOOK, "expect: resolved", "expect: open");
        let reason = refused(gate, &layer, &layer.digest_now(), &[]).await;
        for part in ["1 mistakes", "P019: ", "test `on leave`"] {
            assert!(reason.contains(part), "no {part} in {reason}");
        }

        // An alert that a case names and that did not come along
        let layer = gate.layer();
        fs::remove_file(layer.path("events/receive/atypical-travel-entra.json")).unwrap();
        let reason = refused(gate, &layer, &layer.digest, &[]).await;
        for part in ["P020: ", "events/receive/atypical-travel-entra.json"] {
            assert!(reason.contains(part), "no {part} in {reason}");
        }
        assert_eq!(gate.in_force().await, None);
    })
    .await;
}

#[tokio::test]
async fn every_secret_that_is_missing_is_named() {
    at_the_gate(async |gate| {
        let secrets = Secrets::start(&["defuse/graph"]).await;
        let endpoint = ("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets.endpoint.as_str());
        let mut layer = gate.layer();
        layer.change(SETTINGS, "env: GRAPH_SECRET", "secretsManager: defuse/graph");
        layer.digest = layer.digest_now();
        let function = gate.provision(&layer, &[endpoint]);
        let request = gate.cloud_formation.request_for("create", &layer.digest);
        succeeded(&gate.ask(&function, request).await, &layer.digest);
        // It looks whether there is one, and does not read it: it has no permission to.
        assert_eq!(secrets.asked(), ["DescribeSecret defuse/graph"]);

        layer.change(SETTINGS, "env: CLOUD_APPS_TOKEN", "secretsManager: defuse/none");
        let missing = [endpoint, ("SOC_URL", ""), ("SENDER_TOKEN", "")];
        let reason = refused(gate, &layer, &layer.digest_now(), &missing).await;
        for part in ["secrets are missing: ", "`defuse/none`", "`SOC_URL`", "`SENDER_TOKEN`"] {
            assert!(reason.contains(part), "no {part} in {reason}");
        }
        for name in ["defuse/graph", "SIGNING_KEY"] {
            assert!(!reason.contains(name), "{name} is there, but not in {reason}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_layer_other_than_the_template_says_is_refused() {
    at_the_gate(async |gate| {
        let layer = gate.layer();
        let reason = refused(gate, &layer, "not built", &[]).await;
        let words = ["the layer holds bundle ", &layer.digest, "the template says not built"];
        assert!(words.iter().all(|it| reason.contains(it)), "{reason}");
        assert_eq!(gate.in_force().await, None);
    })
    .await;
}

#[tokio::test]
async fn the_way_back_needs_no_second_proof() {
    at_the_gate(async |gate| {
        let first = gate.layer();
        create(gate, &first).await;
        let mut second = gate.layer();
        second.change(PLAYBOOK, "perHour: 30", "perHour: 31");
        second.digest = second.digest_now();
        create(gate, &second).await;
        assert_eq!(gate.digest_in_force().await.as_ref(), Some(&second.digest));

        // While the layer holds the new bundle, and while it holds one that is none
        let spoilt = gate.layer();
        spoilt.write(PLAYBOOK, "a: [b\n");
        for (layer, wanted) in [(&second, &first), (&spoilt, &second), (&spoilt, &first)] {
            let function = gate.provision(layer, &[("SOC_URL", "")]);
            let request = gate.cloud_formation.request_for("update-back", &wanted.digest);
            let answer = gate.ask(&function, request).await;
            succeeded(&answer, &wanted.digest);
            assert_eq!(answer["PhysicalResourceId"], "defuse-bundle");
            assert_eq!(gate.digest_in_force().await.as_ref(), Some(&wanted.digest));
        }
    })
    .await;
}

#[tokio::test]
async fn a_proof_is_for_the_code_it_was_made_with() {
    at_the_gate(async |gate| {
        let layer = gate.layer();
        let digest = &layer.digest;
        let request = |with: &str| gate.cloud_formation.request_with("update", digest, with);
        let function = gate.provision(&layer, &[]);
        succeeded(&gate.ask(&function, request("layer:1")).await, digest);

        // The same files with other code come in another layer, and are looked at anew.
        let function = gate.provision(&layer, &[("SOC_URL", "")]);
        let refused = gate.ask(&function, request("layer:2")).await;
        assert!(reason(&refused).contains("`SOC_URL`"), "{refused}");
        let refused = gate.ask(&function, request("")).await;
        assert!(reason(&refused).contains("`SOC_URL`"), "{refused}");
        succeeded(&gate.ask(&function, request("layer:1")).await, digest);

        let function = gate.provision(&layer, &[]);
        succeeded(&gate.ask(&function, request("layer:2")).await, digest);
        let function = gate.provision(&layer, &[("SOC_URL", "")]);
        for proven in ["layer:1", "layer:2"] {
            succeeded(&gate.ask(&function, request(proven)).await, digest);
        }
    })
    .await;
}

#[tokio::test]
async fn an_end_of_the_stack_changes_nothing() {
    at_the_gate(async |gate| {
        let layer = gate.layer();
        create(gate, &layer).await;
        let before = gate.world.database.items().await;
        // Neither the layer nor the table need be there any more.
        layer.write(PLAYBOOK, "a: [b\n");
        let refusing = start_refusing().await;
        for endpoint in [gate.world.database.endpoint.as_str(), &refusing] {
            let function = gate.provision(&layer, &[("AWS_ENDPOINT_URL_DYNAMODB", endpoint)]);
            let answer = gate.ask(&function, gate.cloud_formation.request("delete")).await;
            succeeded(&answer, "");
            assert_eq!(answer["PhysicalResourceId"], "defuse-bundle");
        }
        assert_eq!(gate.world.database.items().await, before);
    })
    .await;
}

#[tokio::test]
async fn a_table_that_cannot_be_had_is_said() {
    at_the_gate(async |gate| {
        let layer = gate.layer();
        let refusing = start_refusing().await;
        // Nobody listens there, or somebody who never says anything.
        let nobody = "http://127.0.0.1:9".to_owned();
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let says_nothing = format!("http://{}", silent.local_addr().unwrap());
        // All but half a minute of its time is for the check.
        for (endpoint, seconds, expected) in [
            (refusing, 60, "Requested resource not found"),
            (nobody, 60, "store is busy or out of reach"),
            (says_nothing, 35, "the check was not done within "),
        ] {
            let function = gate.provision(&layer, &[("AWS_ENDPOINT_URL_DYNAMODB", &endpoint)]);
            let request = gate.cloud_formation.request_for("create", &layer.digest);
            let answer = gate.ask_within(Duration::from_secs(seconds), &function, request).await;
            let reason = reason(&answer);
            assert!(reason.contains(expected), "no {expected} in {reason}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_empty_tenant_is_fine() {
    at_the_gate(async |gate| {
        let layer = gate.layer();
        fs::remove_file(layer.path(PLAYBOOK)).unwrap();
        layer.write(SETTINGS, EMPTY);
        let nothing = [
            ("GRAPH_SECRET", ""),
            ("CLOUD_APPS_TOKEN", ""),
            ("SOC_URL", ""),
            ("SIGNING_KEY", ""),
            ("SENDER_TOKEN", ""),
        ];
        let function = gate.provision(&layer, &nothing);
        let digest = layer.digest_now();
        let request = gate.cloud_formation.request_for("create", &digest);
        succeeded(&gate.ask(&function, request).await, &digest);
        assert_eq!(gate.digest_in_force().await, Some(digest));
    })
    .await;
}

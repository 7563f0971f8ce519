//! The bundle at work: functions start on it, and a run names it.

use defuse_domain::AlertId;
use defuse_flow::RunStore as _;
use serde_json::json;

use crate::{
    binaries::Name,
    events::travel_of_today,
    gate::{at_the_gate, succeeded},
};

#[tokio::test]
async fn functions_start_on_a_bundle_and_a_run_names_it() {
    at_the_gate(async |gate| {
        gate.world.put_kim();
        let layer = gate.layer();
        let function = gate.provision(&layer, &[]);
        let request = gate.cloud_formation.request_for("create", &layer.digest);
        succeeded(&gate.ask(&function, request).await, &layer.digest);

        let config = layer.config();
        let start = |it| gate.world.function_with(it, &[("DEFUSE_CONFIG", &config)]);
        let [receive, triage, deliver, chat] = Name::ALL.map(start);
        let records = gate.world.receive(&receive, &travel_of_today("ca-bundle")).await;
        assert_eq!(triage.failures(&records).await, [""; 0]);
        let records = gate.world.records_of("ca-bundle").await;
        assert_eq!(deliver.failures(&records).await, [""; 0]);
        assert!(chat.answer(json!({ "Records": [] })).await.is_null());

        let store = gate.store();
        let stored = store.load(&AlertId::parse("ca-bundle").unwrap()).await.unwrap().unwrap();
        let run = store.run(&stored.last_run.unwrap()).await.unwrap().unwrap();
        assert_eq!(run.bundle, layer.digest);
        assert_eq!(gate.digest_in_force().await, Some(run.bundle));
        // The bundle in force is nothing that the stream's functions are woken for.
        assert_eq!(gate.world.tenant.alert("ca-bundle").unwrap()["status"], "resolved");
    })
    .await;
}

//! Receiving: what is stored, what is kept as unreadable, what comes again.

#[cfg(test)]
mod receive {
    use defuse_flow::{Receive, StoreError, Stored};
    use defuse_testkit::{FaultPlan, Faulty, MemoryStore, PortFault, an_alert};
    use jiff::Timestamp;

    const NOW: Timestamp = Timestamp::constant(1_795_254_900, 0);

    #[tokio::test]
    async fn one_bad_part_does_not_sink_the_others() {
        let store = MemoryStore::default();
        let (first, last) = (an_alert().id("ca1").text(), an_alert().id("ca2").text());
        let body = format!("{first}\n{{\"title\":\"no id\"}}\n{last}\n");

        let receipt = Receive::new(store.clone()).receive(body.as_bytes(), NOW).await.unwrap();

        let stored: Vec<(&str, Stored)> =
            receipt.stored.iter().map(|(id, _, stored)| (id.as_str(), *stored)).collect();
        assert_eq!(stored, [("ca1", Stored::New), ("ca2", Stored::New)]);
        assert_eq!(receipt.rejected, store.rejected());
        assert_eq!(receipt.rejected[0].line, 2);
    }

    #[tokio::test]
    async fn an_older_revision_never_takes_the_place_of_a_newer_one() {
        let receive = Receive::new(MemoryStore::default());
        let newer = an_alert().later(5);
        for (alert, expected) in [
            (an_alert(), Stored::New),
            (an_alert(), Stored::Again),
            (newer.clone(), Stored::Newer),
            (an_alert(), Stored::Again),
            (newer, Stored::Again),
        ] {
            let receipt = receive.receive(alert.text().as_bytes(), NOW).await.unwrap();
            assert_eq!(receipt.stored[0].2, expected, "for {}", alert.updated());
        }
    }

    #[tokio::test]
    async fn what_is_not_stored_is_not_acknowledged() {
        let plan = FaultPlan::default().at(1, PortFault::Fail);
        let receive = Receive::new(Faulty::new(MemoryStore::default(), plan.clone()));
        let body = format!("[{},{}]", an_alert().id("ca1").text(), an_alert().id("ca2").text());

        let failed = receive.receive(body.as_bytes(), NOW).await;
        assert!(matches!(failed, Err(StoreError::Busy(_))));

        let receipt = receive.receive(body.as_bytes(), NOW).await.unwrap();
        let stored: Vec<Stored> = receipt.stored.iter().map(|(_, _, stored)| *stored).collect();
        assert_eq!(stored, [Stored::Again, Stored::New]);
        assert_eq!(plan.calls(), ["AlertStore::store"; 4]);
    }
}

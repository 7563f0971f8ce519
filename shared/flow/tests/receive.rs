//! Receiving: what is stored, what is kept as unreadable, what comes again.

#[cfg(test)]
mod receive {
    use defuse_domain::AlertId;
    use defuse_flow::{Receive, RunStore as _, StoreError, Stored};
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

    const INFO: &str = r#"{"category":"AdvancedHunting-AlertInfo","properties":{"AlertId":"ed1","Timestamp":"2026-11-22T10:00:00Z","Title":"t"}}"#;

    fn evidence(user: &str) -> String {
        format!(
            r#"{{"category":"AdvancedHunting-AlertEvidence","properties":{{"AlertId":"ed1","Timestamp":"2026-11-22T09:00:00Z","EntityType":"User","AccountUpn":"{user}"}}}}"#
        )
    }

    #[tokio::test]
    async fn records_of_an_alert_are_put_together_whichever_comes_first() {
        let [kim, lee] = ["kim@x.example", "lee@x.example"].map(evidence);
        let orders = [[&kim, INFO, &lee], [INFO, &lee, &kim], [&lee, &kim, INFO]];
        for order in orders {
            let store = MemoryStore::default();
            let receive = Receive::new(store.clone());
            let mut n_stored = 0;
            for body in order {
                let receipt = receive.receive(body.as_bytes(), NOW).await.unwrap();
                assert_eq!(receipt.stored.len() + receipt.waiting.len(), 1);
                for (_, _, stored) in receipt.stored {
                    n_stored += 1;
                    let expected = if n_stored == 1 { Stored::New } else { Stored::Newer };
                    assert_eq!(stored, expected, "for {body} in {order:?}");
                }
            }
            for body in order {
                let again = receive.receive(body.as_bytes(), NOW).await.unwrap();
                assert_eq!(again.stored[0].2, Stored::Again, "for {body}");
            }
            let id = AlertId::parse("ed1").unwrap();
            let alert = store.load(&id).await.unwrap().unwrap().alert;
            assert_eq!(alert.users().len(), 2, "for {order:?}");
            assert_eq!(alert.title.as_deref(), Some("t"));
        }
    }

    #[tokio::test]
    async fn only_evidence_is_kept_and_is_no_alert() {
        let store = MemoryStore::default();
        let receive = Receive::new(store.clone());
        let receipt = receive.receive(evidence("kim@x.example").as_bytes(), NOW).await.unwrap();
        let id = AlertId::parse("ed1").unwrap();
        assert_eq!(receipt.waiting, std::slice::from_ref(&id));
        assert!(receipt.stored.is_empty() && receipt.rejected.is_empty());
        assert_eq!(store.load(&id).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_record_that_is_not_kept_is_not_acknowledged() {
        let plan = FaultPlan::default().at(0, PortFault::LoseAnswer);
        let store = MemoryStore::default();
        let receive = Receive::new(Faulty::new(store.clone(), plan));
        assert!(receive.receive(INFO.as_bytes(), NOW).await.is_err());
        let receipt = receive.receive(INFO.as_bytes(), NOW).await.unwrap();
        assert_eq!(receipt.stored[0].2, Stored::New);
    }
}

//! Everything that is stored can be read, page by page, each alert once.

use std::collections::BTreeMap;

use defuse_adapters::DynamoDbStore;
use defuse_domain::{Alert, Later};
use defuse_flow::{AlertExport, AlertStore, ExportPage, StoreError};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{
    emulator::emulator,
    samples::{alert, alert_of, at, noise, now, read},
};

/// Every page, from the first to the last
async fn pages(store: &DynamoDbStore, since: Timestamp) -> Vec<ExportPage> {
    let mut pages = Vec::new();
    let mut next = None;
    loop {
        let page = store.export(since, next.as_deref()).await.unwrap();
        next.clone_from(&page.next);
        pages.push(page);
        if next.is_none() {
            return pages;
        }
    }
}

/// Each alert as it came with what its source says of it, by id
fn exported(pages: Vec<ExportPage>) -> BTreeMap<String, (Alert, Later)> {
    let mut all = BTreeMap::new();
    for alert in pages.into_iter().flat_map(|it| it.alerts) {
        let again = all.insert(alert.came.id.to_string(), (alert.came, alert.later));
        assert!(again.is_none(), "{again:?} comes twice");
    }
    all
}

#[tokio::test]
async fn every_alert_comes_once_over_many_pages() {
    let emulator = emulator().await;
    let store = &emulator.store;
    for index in 0..300 {
        let user = json!({ "userPrincipalName": format!("user{index}@contoso.example") });
        store.store(&alert_of(&format!("ad{index}"), 10, &user), now()).await.unwrap();
    }
    store.store(&alert("ad7", 20), now()).await.unwrap();
    emulator.meter.take();

    let pages = pages(store, Timestamp::MIN).await;

    assert!(pages.len() > 1, "one page is no test");
    assert!(pages.iter().all(|it| it.unreadable == 0));
    let all = exported(pages);
    assert_eq!(all.len(), 300);
    assert_eq!(
        all["ad7"].0,
        alert_of(
            "ad7",
            10,
            &json!({ "userPrincipalName":
        "user7@contoso.example" })
        )
    );
    let (_, _, read) = emulator.meter.take();
    assert!(read < 60.0, "{read} read units for 300 small alerts");
}

#[tokio::test]
async fn an_alert_comes_as_it_first_was_with_what_its_source_says_now() {
    let emulator = emulator().await;
    let store = &emulator.store;
    let revised = |updated: i64, more: Value| {
        let mut value: Value = serde_json::from_str(&alert("ad1", updated).raw).unwrap();
        value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        read(&value)
    };
    let first = revised(10, json!({ "description": noise(900_000) }));
    let classified = json!({ "status": "resolved", "classification": "truePositive",
        "determination": "malware" });
    store.store(&first, now()).await.unwrap();
    store.store(&revised(20, json!({})), now()).await.unwrap();
    store.store(&revised(30, classified), now()).await.unwrap();

    let all = exported(pages(store, at("2026-11-21T09:00:00Z")).await);

    let (came, later) = &all["ad1"];
    assert_eq!(*came, first);
    assert!(later.is_true_positive());
    assert_eq!(later.determination.as_deref(), Some("malware"));
    assert!(exported(pages(store, at("2026-11-21T09:00:01Z")).await).is_empty());
}

#[tokio::test]
async fn what_cannot_be_read_is_counted_and_hides_no_other() {
    let emulator = emulator().await;
    let store = &emulator.store;
    store.store(&alert("ad1", 10), now()).await.unwrap();
    store.store(&alert("ad2", 10), now()).await.unwrap();
    for body in emulator.items("A#ad2").await {
        if body["sk"].as_s().unwrap().starts_with("B#") {
            let mut body = body.clone();
            body.insert(
                "content".to_owned(),
                aws_sdk_dynamodb::types::AttributeValue::B(
                    aws_sdk_dynamodb::primitives::Blob::new(b"no zstd".to_vec()),
                ),
            );
            let put = emulator.client.put_item().table_name(crate::emulator::TABLE);
            put.set_item(Some(body)).send().await.unwrap();
        }
    }

    let pages = pages(store, Timestamp::MIN).await;
    assert_eq!(pages.iter().map(|it| it.unreadable).sum::<usize>(), 1);
    assert_eq!(exported(pages).into_keys().collect::<Vec<_>>(), ["ad1"]);
    let nowhere = store.export(Timestamp::MIN, Some("nowhere")).await;
    assert!(matches!(nowhere, Err(StoreError::Refused { .. })), "{nowhere:?}");
}

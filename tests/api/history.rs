//! The history of acts: one that is taken out or changed is found, whichever it is.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::world::{DEVELOPMENT, World, world};

async fn with_acts(n: usize) -> World {
    let world = world().await;
    world.alert("ad1", "azureAdIdentityProtection").await;
    for index in 0..n {
        let version = world.version("ad1").await;
        let body = format!(r#"{{ "tags": {{ "add": ["t{index}"] }} }}"#);
        let headers = [("if-match", version.as_str())];
        let changed = world.ask(DEVELOPMENT, ("PATCH", "/v1/alerts/ad1"), &headers, &body).await;
        assert_eq!(changed.status, 200, "{}", changed.body);
    }
    world
}

async fn acts(world: &World) -> Vec<HashMap<String, AttributeValue>> {
    let query = world
        .client
        .query()
        .table_name("defuse")
        .key_condition_expression("pk = :pk AND begins_with(sk, :sk)")
        .expression_attribute_values(":pk", AttributeValue::S("A#ad1".to_owned()))
        .expression_attribute_values(":sk", AttributeValue::S("M#".to_owned()));
    query.send().await.unwrap().items.unwrap()
}

async fn chain(world: &World) -> serde_json::Value {
    let path = "/v1/alerts/ad1/history";
    world.ask(DEVELOPMENT, ("GET", path), &[], "").await.body["chain"].clone()
}

#[tokio::test]
async fn an_act_that_is_taken_out_or_changed_is_found() {
    let world = with_acts(5).await;
    assert_eq!(chain(&world).await, serde_json::json!({ "acts": 5, "isWhole": true }));
    for (index, item) in acts(&world).await.into_iter().enumerate() {
        let number = index + 1;
        let key = |name: &str| item[name].clone();
        let put = |item: HashMap<String, AttributeValue>| {
            world.client.put_item().table_name("defuse").set_item(Some(item)).send()
        };
        let mut edited = item.clone();
        let text = item["act"].as_s().unwrap().replace("development", "somebody else");
        edited.insert("act".to_owned(), AttributeValue::S(text));
        put(edited).await.unwrap();
        let found = chain(&world).await;
        assert_eq!((&found["broken"], &found["isChanged"]), (&number.into(), &true.into()));

        let delete = world.client.delete_item().table_name("defuse");
        delete.key("pk", key("pk")).key("sk", key("sk")).send().await.unwrap();
        let found = chain(&world).await;
        assert_eq!((&found["broken"], &found["isChanged"]), (&number.into(), &false.into()));

        put(item).await.unwrap();
        assert_eq!(chain(&world).await["isWhole"], true);
    }
}

//! An embedded DynamoDB with our table in it, seen as what is on the wire: that is how Lambda hands
//! on its stream.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_dynamodb::Client;
use axum::{Router, http::StatusCode};
use defuse_adapters::{Http, Reach, create_table};
use lambda_http::http::Request;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::embedded::{client_of, served};

/// Name of the table
pub(crate) const TABLE: &str = "defuse-under-test";

const LIMIT: Duration = Duration::from_secs(30);

/// Every item by its keys
pub(crate) type Items = BTreeMap<(String, String), Value>;

/// A DynamoDB of our own
pub(crate) struct Database {
    pub(crate) endpoint: String,
    http: Http,
}

impl Database {
    /// Starts one, with an empty table
    pub(crate) async fn start() -> Self {
        let endpoint = served(dynoxide::Database::memory().unwrap()).await;
        let config = client_of(&endpoint).build();
        create_table(&Client::from_conf(config), TABLE).await.unwrap();
        Self { endpoint, http: Http::new(Reach::Anywhere, LIMIT).unwrap() }
    }

    /// Everything in the table
    pub(crate) async fn items(&self) -> Items {
        let mut items = Items::new();
        let mut from = Value::Null;
        loop {
            let mut scan = json!({ "TableName": TABLE });
            if !from.is_null() {
                scan["ExclusiveStartKey"] = from;
            }
            let page = self.call("DynamoDB_20120810.Scan", &scan).await;
            for item in page["Items"].as_array().unwrap() {
                items.insert(keys_of(item), item.clone());
            }
            from = page["LastEvaluatedKey"].clone();
            if from.is_null() {
                return items;
            }
        }
    }

    /// The head of an alert
    pub(crate) async fn head(&self, id: &str) -> Value {
        let key = (format!("A#{id}"), "H".to_owned());
        self.items().await.remove(&key).unwrap_or_default()
    }

    /// Every record of the table's stream so far, as Lambda hands them on
    pub(crate) async fn stream(&self) -> Vec<Value> {
        let streams =
            self.call("DynamoDBStreams_20120810.ListStreams", &json!({ "TableName": TABLE })).await;
        let arn = &streams["Streams"][0]["StreamArn"];
        let of_stream = json!({ "StreamArn": arn });
        let described = self.call("DynamoDBStreams_20120810.DescribeStream", &of_stream).await;
        let mut records = Vec::new();
        for shard in described["StreamDescription"]["Shards"].as_array().unwrap() {
            let from_its_beginning = json!({
                "StreamArn": arn,
                "ShardId": shard["ShardId"],
                "ShardIteratorType": "TRIM_HORIZON",
            });
            let got =
                self.call("DynamoDBStreams_20120810.GetShardIterator", &from_its_beginning).await;
            let mut iterator = got["ShardIterator"].clone();
            while !iterator.is_null() {
                let page = json!({ "ShardIterator": iterator });
                let got = self.call("DynamoDBStreams_20120810.GetRecords", &page).await;
                let new = got["Records"].as_array().unwrap();
                records.extend(new.iter().map(|it| handed_on(it, arn)));
                iterator =
                    if new.is_empty() { Value::Null } else { got["NextShardIterator"].clone() };
            }
        }
        records
    }

    /// Takes the bodies of an alert away, as no function of ours does
    pub(crate) async fn lose_bodies(&self, id: &str) {
        for (pk, sk) in self.items().await.into_keys() {
            if pk == format!("A#{id}") && sk.starts_with("B#") {
                let key = json!({ "pk": { "S": pk }, "sk": { "S": sk } });
                let delete = json!({ "TableName": TABLE, "Key": key });
                self.call("DynamoDB_20120810.DeleteItem", &delete).await;
            }
        }
    }

    async fn call(&self, target: &str, body: &Value) -> Value {
        let request = Request::post(&self.endpoint)
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", target)
            .header("x-amz-date", "20261123T120000Z")
            .header(
                "authorization",
                "AWS4-HMAC-SHA256 Credential=id/20261123/eu-west-1/dynamodb/aws4_request, \
                 SignedHeaders=host;x-amz-date;x-amz-target, Signature=0",
            )
            .body(body.to_string().into_bytes())
            .unwrap();
        let answer = self.http.send(request).await.unwrap();
        let text = String::from_utf8(answer.body).unwrap();
        assert_eq!(answer.status, 200, "{target} of {body} answered {text}");
        serde_json::from_str(&text).unwrap()
    }
}

/// The keys of an item
pub(crate) fn keys_of(item: &Value) -> (String, String) {
    let text = |name: &str| item[name]["S"].as_str().unwrap().to_owned();
    (text("pk"), text("sk"))
}

/// A record of the stream, with what Lambda adds
fn handed_on(record: &Value, arn: &Value) -> Value {
    json!({
        "eventID": record["eventID"],
        "eventName": record["eventName"],
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
        "dynamodb": record["dynamodb"],
        "eventSourceARN": arn,
    })
}

/// A DynamoDB that knows no table of ours: whatever is asked of it fails for good
pub(crate) async fn start_refusing() -> String {
    let refuse = || async {
        let kind = "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException";
        let body = json!({ "__type": kind, "message": "Requested resource not found" });
        (StatusCode::BAD_REQUEST, body.to_string())
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(refuse)).await });
    endpoint
}

//! Sends each change to where its alert came from, where there is somebody to tell.
//!
//! Permissions: those of the clients.

use defuse_domain::{Alert, Classification, Revision, Shape, Step};
use defuse_flow::{AtSource, DeliveryError, SourceClient};

use crate::{cloud_apps::CloudAppsSource, delivery, graph::GraphSource};

/// The sources that are configured
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// Microsoft Graph
    pub graph: Option<GraphSource>,
    /// Defender for Cloud Apps by its own API
    pub cloud_apps: Option<CloudAppsSource>,
}

/// There is nobody to tell
#[derive(Debug, thiserror::Error)]
#[error("no source is configured for alerts that came as `{0}`")]
struct NotConfigured(Shape);

/// The source of one alert
#[derive(Clone, Copy, Debug)]
enum Source<'a> {
    Graph(&'a GraphSource),
    CloudApps(&'a CloudAppsSource),
    /// Nobody: what we decide stands with us alone
    OursAlone,
}

impl Sources {
    /// Where `alert` is changed: where it came from, and an alert of Cloud Apps by way of Graph,
    /// which has it under our id, where only Graph is configured
    fn of(&self, alert: &Alert) -> Result<Source<'_>, DeliveryError> {
        let graph = self.graph.as_ref().map(Source::Graph);
        let cloud_apps = self.cloud_apps.as_ref().map(Source::CloudApps);
        let (source, to_configure) = match alert.shape {
            Shape::Graph | Shape::Incident | Shape::Sentinel | Shape::Streaming => {
                (graph, "Microsoft Graph")
            }
            Shape::GuardDuty | Shape::SecurityHub => (Some(Source::OursAlone), ""),
            Shape::CloudApps | Shape::CloudAppsFlow => {
                (cloud_apps.or(graph), "Defender for Cloud Apps or Microsoft Graph")
            }
        };
        source.ok_or_else(|| {
            let answer = format!("nobody to tell: configure {to_configure}");
            delivery::refused(to_configure, answer, NotConfigured(alert.shape))
        })
    }
}

impl SourceClient for Sources {
    async fn resolve(
        &self,
        alert: &Alert,
        classification: Classification,
        comment: Option<&str>,
        decided: Revision,
    ) -> Result<AtSource, DeliveryError> {
        match self.of(alert)? {
            Source::Graph(it) => it.resolve(alert, classification, comment, decided).await,
            Source::CloudApps(it) => it.resolve(alert, classification, comment, decided).await,
            Source::OursAlone => Ok(AtSource::Changed(ours_alone(alert))),
        }
    }

    async fn assign(&self, alert: &Alert, to: &str) -> Result<AtSource, DeliveryError> {
        match self.of(alert)? {
            Source::Graph(it) => it.assign(alert, to).await,
            Source::CloudApps(it) => it.assign(alert, to).await,
            Source::OursAlone => Ok(AtSource::Changed(ours_alone(alert))),
        }
    }

    async fn change(&self, alert: &Alert, steps: &[Step]) -> Result<AtSource, DeliveryError> {
        match self.of(alert)? {
            Source::Graph(it) => it.change(alert, steps).await,
            Source::CloudApps(it) => it.change(alert, steps).await,
            Source::OursAlone => Ok(AtSource::Changed(ours_alone(alert))),
        }
    }

    async fn comment(&self, alert: &Alert, text: &str) -> Result<AtSource, DeliveryError> {
        match self.of(alert)? {
            Source::Graph(it) => it.comment(alert, text).await,
            Source::CloudApps(it) => it.comment(alert, text).await,
            Source::OursAlone => Ok(AtSource::Changed(ours_alone(alert))),
        }
    }
}

/// What stands in the history in the place of a source's answer
fn ours_alone(alert: &Alert) -> String {
    let name = alert.product_name.as_deref().unwrap_or("the source");
    format!("kept here: nothing is changed at {name}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use defuse_domain::Activity;
    use serde_json::json;

    use super::*;
    use crate::{
        cloud_apps::{CloudAppsSettings, CloudAppsSignIn},
        graph::{Graph, GraphSettings},
        http::{Http, Reach},
        scripted::Scripted,
        secret::Secret,
        sign_in::testing::application,
    };

    const TRAVEL: Classification =
        Classification::InformationalExpectedActivity(Activity::ConfirmedActivity);
    const LIMIT: Duration = Duration::from_secs(10);
    const SENTINEL: &str = r#"{ "SystemAlertId": "1", "AlertSeverity": "Low" }"#;
    const STREAMED: &str =
        r#"{ "category": "AdvancedHunting-AlertInfo", "properties": { "AlertId": "sn1" } }"#;

    /// A server that knows no alert, so that its refusal names who was asked
    async fn sources(has_graph: bool, has_cloud_apps: bool) -> Sources {
        let token = json!({ "access_token": "t", "expires_in": 3599 });
        let server = Scripted::start(vec![
            crate::scripted::json("POST /token", 200, token),
            crate::scripted::json("GET /graph/security/alerts_v2/ca1", 404, json!({})),
            crate::scripted::json("GET /graph/security/alerts_v2/ad1", 404, json!({})),
            crate::scripted::json("GET /graph/security/alerts_v2/sn1", 404, json!({})),
            crate::scripted::json("GET /apps/alerts/1/", 404, json!({})),
        ])
        .await;
        let http = Http::new(Reach::Anywhere, LIMIT).unwrap();
        let graph = GraphSettings {
            base_url: format!("{}/graph", server.address()),
            application: application(&server),
            scope: "x".to_owned(),
            answer_within: LIMIT,
            change_within: LIMIT,
        };
        let cloud_apps = CloudAppsSettings {
            base_url: format!("{}/apps", server.address()),
            sign_in: CloudAppsSignIn::Token(Secret::new("k3y")),
            change_within: LIMIT,
        };
        let graph = GraphSource::new(Graph::new(&graph, http.clone()).unwrap());
        let cloud_apps = CloudAppsSource::new(&cloud_apps, http).unwrap();
        Sources {
            graph: has_graph.then_some(graph),
            cloud_apps: has_cloud_apps.then_some(cloud_apps),
        }
    }

    #[tokio::test]
    async fn an_alert_is_changed_where_it_came_from() {
        let graph = r#"{ "id": "ad1" }"#;
        let incident = r#"{ "alertId": "ad1" }"#;
        let cloud_apps = r#"{ "_id": "1" }"#;
        let flow = r#"{ "ProviderAlertId": "1" }"#;

        for shape in [graph, incident] {
            check(shape, (true, true), "Microsoft Graph has no alert `ad1`").await;
            check(shape, (false, true), "nobody to tell: configure Microsoft Graph").await;
        }
        for shape in [SENTINEL, STREAMED] {
            check(shape, (true, true), "Microsoft Graph has no alert `sn1`").await;
            check(shape, (false, true), "nobody to tell: configure Microsoft Graph").await;
        }
        for shape in [cloud_apps, flow] {
            let by_itself = "Defender for Cloud Apps has no alert `1`";
            check(shape, (true, true), by_itself).await;
            check(shape, (false, true), by_itself).await;
            check(shape, (true, false), "Microsoft Graph has no alert `ca1`").await;
            let neither = "nobody to tell: configure Defender for Cloud Apps or Microsoft Graph";
            check(shape, (false, false), neither).await;
        }
    }

    async fn check(raw: &str, (has_graph, has_cloud_apps): (bool, bool), expected: &str) {
        let sources = sources(has_graph, has_cloud_apps).await;
        let alert = Alert::read(raw).unwrap();
        let outcome = sources.resolve(&alert, TRAVEL, None, alert.revision()).await;
        let error = outcome.unwrap_err();
        let DeliveryError::Refused { answer, .. } = error else { panic!("{error:?}") };
        assert_eq!(answer, expected, "for {raw}");
    }

    #[tokio::test]
    async fn what_is_decided_of_a_finding_stands_with_us_alone() {
        let guard_duty =
            r#"{ "schemaVersion": "2.0", "accountId": "1", "type": "a:b", "id": "1" }"#;
        let hub = r#"{ "ProductArn": "arn:aws:x", "Id": "1", "ProductName": "Inspector" }"#;
        for (raw, name) in [(guard_duty, "Amazon GuardDuty"), (hub, "Inspector")] {
            let alert = Alert::read(raw).unwrap();
            let sources = Sources::default();
            let kept = AtSource::Changed(format!("kept here: nothing is changed at {name}"));
            let resolved = sources.resolve(&alert, TRAVEL, Some("x"), alert.revision()).await;
            assert_eq!(resolved.unwrap(), kept);
            assert_eq!(sources.comment(&alert, "seen").await.unwrap(), kept);
        }
    }

    #[tokio::test]
    async fn cloud_apps_takes_no_comment_and_no_assignment_by_itself() {
        let alert = Alert::read(r#"{ "_id": "1" }"#).unwrap();
        let sources = sources(true, true).await;
        let refused = |outcome: Result<AtSource, DeliveryError>| match outcome.unwrap_err() {
            DeliveryError::Refused { answer, .. } => answer,
            error @ DeliveryError::Busy { .. } => panic!("{error:?}"),
        };
        assert_eq!(
            refused(sources.comment(&alert, "seen").await),
            "Defender for Cloud Apps takes a comment only when it closes an alert"
        );
        assert_eq!(
            refused(sources.assign(&alert, "kim@contoso.example").await),
            "Defender for Cloud Apps has no call to assign an alert"
        );
    }
}

//! CloudFormation's custom resources: its request, and our answer.
//!
//! Shapes: AWS CloudFormation User Guide, "Custom resource request objects" and "response objects".

use std::time::Duration;

use defuse_adapters::{Http, HttpError, Reach};
use lambda_http::http;
use serde::{Deserialize, Serialize};

/// What is put where no physical id was given yet
const PHYSICAL_ID: &str = "defuse-bundle";
/// How long the answer may take, with all tries
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// How long one try may take
const TRY_LIMIT: Duration = Duration::from_secs(10);

/// What CloudFormation wants
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum RequestType {
    /// A new stack
    Create,
    /// A change, or the way back from one
    Update,
    /// The end of the stack, or of the resource
    Delete,
}

/// What CloudFormation asks
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Request {
    /// What it wants
    pub request_type: RequestType,
    /// Where the answer goes; whoever has it can answer, so it is never logged
    #[serde(rename = "ResponseURL")]
    pub response_url: String,
    /// Which stack
    pub stack_id: String,
    /// Which request
    pub request_id: String,
    /// The resource's name in the template
    pub logical_resource_id: String,
    /// The resource's id, once it has one
    #[serde(default)]
    pub physical_resource_id: Option<String>,
    /// What the template says of the resource
    #[serde(default, rename = "ResourceProperties")]
    pub properties: Properties,
}

/// What the template says of the resource
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Properties {
    /// The digest of the bundle that is to be in force
    #[serde(default)]
    pub bundle: Option<String>,
}

/// What we answer
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Answer {
    /// `SUCCESS` or `FAILED`
    pub status: &'static str,
    /// Why not
    pub reason: String,
    /// The same id for the resource's whole life: another one would make CloudFormation delete it
    pub physical_resource_id: String,
    /// As asked
    pub stack_id: String,
    /// As asked
    pub request_id: String,
    /// As asked
    pub logical_resource_id: String,
    /// What the template can refer to
    pub data: Data,
}

/// What the template can refer to
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Data {
    /// The bundle in force
    pub bundle: String,
}

impl Answer {
    pub(crate) fn success(request: &Request, bundle: &str) -> Self {
        let data = Data { bundle: bundle.to_owned() };
        Self { data, ..Self::of(request, "SUCCESS", String::new()) }
    }

    pub(crate) fn failed(request: &Request, reason: &str) -> Self {
        Self::of(request, "FAILED", reason.to_owned())
    }

    fn of(request: &Request, status: &'static str, reason: String) -> Self {
        let id = request.physical_resource_id.clone();
        Self {
            status,
            reason,
            physical_resource_id: id.unwrap_or_else(|| PHYSICAL_ID.to_owned()),
            stack_id: request.stack_id.clone(),
            request_id: request.request_id.clone(),
            logical_resource_id: request.logical_resource_id.clone(),
            data: Data::default(),
        }
    }
}

/// Puts the answer where the request says
pub async fn send(request: &Request, answer: &Answer, reach: Reach) -> Result<(), HttpError> {
    let unreadable = |source| HttpError::Unreadable { source };
    let body = serde_json::to_vec(answer).map_err(|error| unreadable(error.into()))?;
    // The address is signed without a content type.
    let put = http::Request::put(&request.response_url).header("content-type", "").body(body);
    let put = put.map_err(|error| unreadable(error.into()))?;
    let http = Http::new(reach, TRY_LIMIT)?;
    let answered = http.send_with_retries(put, ANSWER_WITHIN).await?;
    if answered.is_success() {
        return Ok(());
    }
    let why = format!("CloudFormation's store answered {}", answered.status);
    Err(HttpError::Forbidden { why })
}

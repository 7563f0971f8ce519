//! CloudFormation's custom resources: its request, and our answer.
//!
//! Shapes: AWS CloudFormation User Guide, "Custom resource request objects" and "response objects".

use std::time::Duration;

use defuse_adapters::{Http, HttpError, Reach, Secret};
use lambda_http::http;
use serde::Serialize;
use serde_json::Value;

/// What is put where no physical id was given yet
const PHYSICAL_ID: &str = "defuse-bundle";
/// How long the answer may take, with all tries
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// How long one try may take
const TRY_LIMIT: Duration = Duration::from_secs(10);
/// The longest answer that CloudFormation takes, in bytes
const ANSWER_BYTES_MAX: usize = 4096;
/// The end of a reason that is too long
const CUT: &str = " … (the rest is in the log)";

/// What CloudFormation wants
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestType {
    /// A new stack
    Create,
    /// A change, or the way back from one
    Update,
    /// The end of the stack, or of the resource
    Delete,
    /// A word that we do not know, or none at all
    Unknown(String),
}

/// What CloudFormation asks.
///
/// Whatever can be answered is answered, so nothing is demanded of it but an address.
#[derive(Clone, Debug)]
pub struct Request {
    /// What it wants
    pub request_type: RequestType,
    /// Where the answer goes; whoever has it can answer, so it is never logged
    pub response_url: Secret,
    /// Which stack
    pub stack_id: String,
    /// Which request
    pub request_id: String,
    /// The resource's name in the template
    pub logical_resource_id: String,
    /// The resource's id, once it has one
    pub physical_resource_id: Option<String>,
    /// The digest of the bundle that is to be in force, as the template says
    pub bundle: Option<String>,
    /// The layer version that the template attaches, with that configuration and this code
    pub layer: Option<String>,
}

impl Request {
    /// Reads an event; `None` if it says nowhere to answer
    pub fn read(event: &Value) -> Option<Self> {
        let url = text(event, "ResponseURL").filter(|it| !it.is_empty())?;
        let word = |name: &str| text(event, name).unwrap_or_default();
        let request_type = match word("RequestType").as_str() {
            "Create" => RequestType::Create,
            "Update" => RequestType::Update,
            "Delete" => RequestType::Delete,
            other => RequestType::Unknown(other.to_owned()),
        };
        let property = |name: &str| event.get("ResourceProperties").and_then(|it| text(it, name));
        let id = text(event, "PhysicalResourceId").filter(|it| !it.is_empty());
        Some(Self {
            request_type,
            response_url: Secret::new(url),
            stack_id: word("StackId"),
            request_id: word("RequestId"),
            logical_resource_id: word("LogicalResourceId"),
            physical_resource_id: id,
            bundle: property("Bundle"),
            layer: property("Layer"),
        })
    }
}

/// A property as text; what is none as it stands in the JSON
fn text(object: &Value, name: &str) -> Option<String> {
    match object.get(name)? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Some(other.to_string())
        }
    }
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

    /// With as much of the reason as CloudFormation takes
    pub(crate) fn failed(request: &Request, reason: &str) -> Self {
        let without = Self::of(request, "FAILED", String::new());
        let room = ANSWER_BYTES_MAX.saturating_sub(length(&without));
        Self { reason: cut(reason, room), ..without }
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

/// As much of a text as has room in so many bytes of JSON
fn cut(text: &str, room: usize) -> String {
    // Quotes are counted where the answer is.
    let written = |it: &str| length(&it).saturating_sub(2);
    if written(text) <= room {
        return text.to_owned();
    }
    let room = room.saturating_sub(written(CUT));
    let mut used = 0;
    let fits = text.chars().take_while(|it| {
        used += written(it.encode_utf8(&mut [0; 4]));
        used <= room
    });
    fits.chain(CUT.chars()).collect()
}

/// How many bytes it has as JSON
fn length(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |it| it.len())
}

/// Puts the answer where the request says
pub async fn send(request: &Request, answer: &Answer, reach: Reach) -> Result<(), HttpError> {
    let unreadable = |source| HttpError::Unreadable { source };
    let body = serde_json::to_vec(answer).map_err(|error| unreadable(error.into()))?;
    // The address is signed without a content type.
    let put =
        http::Request::put(request.response_url.expose()).header("content-type", "").body(body);
    let put = put.map_err(|error| unreadable(error.into()))?;
    let http = Http::new(reach, TRY_LIMIT)?;
    let answered = http.send_with_retries(put, ANSWER_WITHIN).await?;
    if answered.is_success() {
        return Ok(());
    }
    let why = format!("CloudFormation's store answered {}", answered.status);
    Err(HttpError::Forbidden { why })
}

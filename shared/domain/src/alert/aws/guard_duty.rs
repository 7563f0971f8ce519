//! Reads a finding of Amazon `GuardDuty`, as `EventBridge` hands it on in `detail`.

use serde_json::{Map, Value, json};

use super::{account, action, alert_id, band, resource, standing_at};
use crate::{
    alert::{
        Alert, AlertError, Shape,
        lenient::Lenient,
        pieces::{at, blank, file_details, finish, list, piece, text, with_role},
    },
    alert_type::AlertType,
    flag::Oddity,
    severity::{Severity, Status},
    source::ServiceSource,
    wire_name::AsRead,
};

pub(in crate::alert) fn read(object: &Map<String, Value>, raw: &str) -> Result<Alert, AlertError> {
    let mut from = Lenient::new(object);
    let provider_id = from.text("id");
    // The ARN is what Security Hub has for an id where it hands the same finding on.
    let id = from.text("arn").or_else(|| provider_id.clone()).ok_or(AlertError::NoId)?;
    let (id, is_cut) = alert_id(&id)?;
    let mut alert = blank(&id, Shape::GuardDuty, raw)?;
    if is_cut {
        from.flag("arn", Oddity::TooMany, id.as_str());
    }

    alert.provider_alert_id = provider_id;
    alert.tenant_id = from.text_or_number("accountId");
    alert.title = from.prose("title");
    alert.description = from.prose("description");
    alert.severity = severity(&mut from);
    alert.service_source = Some(AsRead::Known(ServiceSource::AwsGuardDuty));
    alert.product_name = Some(ServiceSource::AwsGuardDuty.display_name().to_owned());
    alert.detector_id = from.text("type");
    alert.alert_type = alert.detector_id.as_deref().map(AlertType::new);
    let purpose = alert.detector_id.as_deref().and_then(|it| it.split_once(':'));
    alert.category = purpose.map(|(purpose, _)| purpose.to_owned());
    alert.categories = alert.category.iter().cloned().collect();
    alert.created = from.time("createdAt");

    let service = from.object("service");
    let mut of_service = Lenient::inside(&service, "service".to_owned());
    alert.first_activity = of_service.time("eventFirstSeen");
    alert.last_activity = of_service.time("eventLastSeen");
    alert.additional_data = of_service.object("additionalInfo");
    let is_archived = of_service.value("archived").is_some_and(|it| *it == Value::Bool(true));
    let status = if is_archived { Status::Resolved } else { Status::New };
    alert.status = Some(AsRead::Known(status));
    alert.last_update = standing_at(from.time("updatedAt").or(alert.created), status);
    for name in ["action", "runtimeDetails"] {
        of_service.object(name);
    }
    from.absorb(of_service.into_flags());
    alert.alert_web_url = page(&mut from, alert.provider_alert_id.as_deref());

    let of_resource = Value::Object(from.object("resource"));
    let service = Value::Object(service);
    let mut pieces = resources(&mut from, &of_resource, &service);
    pieces.extend(at(&service, "action").into_iter().flat_map(action));
    pieces.extend(at(&service, "runtimeDetails").into_iter().flat_map(at_runtime));
    pieces.extend(malware(&service));
    finish(alert, from, pieces)
}

/// From 1 to 10, with fractions; some tools write it as a text
fn severity(from: &mut Lenient<'_>) -> Option<AsRead<Severity>> {
    let value = from.value("severity")?;
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    let tenths = number.filter(|it| (0.0..=100.0).contains(it)).map(|it| it * 10.0);
    #[expect(clippy::cast_possible_truncation, reason = "it is between 0 and 1000")]
    let band = tenths.and_then(|it| band(it.round() as i64));
    if let Some(severity) = band {
        return Some(AsRead::Known(severity));
    }
    from.flag_value("severity", Oddity::UnknownMember, value);
    Some(AsRead::Other(value.to_string()))
}

/// The finding's page in the console, where region and id can stand in an address
fn page(from: &mut Lenient<'_>, id: Option<&str>) -> Option<String> {
    let region = from.text("region")?;
    let partition = from.text("partition").unwrap_or_else(|| "aws".to_owned());
    let is_plain = |text: &str| text.chars().all(|it| it.is_ascii_alphanumeric() || it == '-');
    let id = id.filter(|it| is_plain(it) && is_plain(&region) && partition == "aws")?;
    let console = format!("https://{region}.console.aws.amazon.com/guardduty/home");
    Some(format!("{console}?region={region}#/findings?fId={id}"))
}

/// What the finding is about, by the part of `resource` it stands in: their names for the ARN and
/// for the name, and the type as Security Hub writes it
const RESOURCES: [(&str, &str, &str, &str); 7] = [
    ("s3BucketDetails", "arn", "name", "AwsS3Bucket"),
    ("eksClusterDetails", "arn", "name", "AwsEksCluster"),
    ("ecsClusterDetails", "arn", "name", "AwsEcsCluster"),
    ("lambdaDetails", "functionArn", "functionName", "AwsLambdaFunction"),
    ("rdsDbInstanceDetails", "dbInstanceArn", "dbInstanceIdentifier", "AwsRdsDbInstance"),
    ("ebsSnapshotDetails", "snapshotArn", "snapshotId", "AwsEc2Snapshot"),
    ("ec2ImageDetails", "imageArn", "imageId", "AwsEc2Image"),
];

fn resources(from: &mut Lenient<'_>, of_resource: &Value, service: &Value) -> Vec<Value> {
    let owner = from.text_or_number("accountId");
    let owner = owner.as_deref();
    let role = match text(service, "resourceRole") {
        Some("TARGET") => Some("attacked"),
        Some("ACTOR") => Some("suspicious"),
        Some(_) | None => None,
    };
    let mut pieces = Vec::new();
    if let Some(id) = text(of_resource, "instanceDetails.instanceId") {
        let region = from.text("region").unwrap_or_default();
        let partition = from.text("partition").unwrap_or_else(|| "aws".to_owned());
        let arn =
            format!("arn:{partition}:ec2:{region}:{}:instance/{id}", owner.unwrap_or_default());
        let name = list(of_resource, "instanceDetails.tags")
            .iter()
            .find(|it| text(it, "key") == Some("Name"))
            .and_then(|it| text(it, "value"));
        let instance = resource(&arn, name.or(Some(id)), "AwsEc2Instance", owner);
        pieces.push(with_role(instance, role));
    }
    for (part, arn, name, kind) in RESOURCES {
        let part = at(of_resource, part);
        let several = part
            .and_then(Value::as_array)
            .map_or_else(|| part.map(std::slice::from_ref).unwrap_or_default(), Vec::as_slice);
        for it in several {
            let Some(arn) = text(it, arn).or_else(|| text(it, name)) else { continue };
            pieces.push(with_role(resource(arn, text(it, name), kind, owner), role));
        }
    }
    if let Some(name) = text(of_resource, "eksClusterDetails.name") {
        pieces.push(piece("kubernetesCluster", json!({ "name": name, "platform": "eks" })));
    }
    if let Some(name) = text(of_resource, "accessKeyDetails.userName")
        && text(of_resource, "accessKeyDetails.userType") != Some("AWSService")
    {
        let principal_id = text(of_resource, "accessKeyDetails.principalId");
        pieces.push(account(name, principal_id));
    }
    let of_database = text(of_resource, "rdsDbUserDetails.user");
    pieces.extend(of_database.map(|it| account(it, None)));
    pieces
}

/// The process that the agent on the machine saw, with its parent and the files it touched
fn at_runtime(details: &Value) -> Vec<Value> {
    let mut pieces = Vec::new();
    if let Some(process) = at(details, "process") {
        let parent = list(process, "lineage").first();
        let user = text(process, "user").map(|it| json!({ "accountName": it }));
        let image = |it: &Value| {
            let sha256 = text(it, "executableSha256");
            file_details(text(it, "executablePath"), text(it, "name"), sha256)
        };
        pieces.push(piece(
            "process",
            json!({
                "processId": at(process, "pid"),
                "processCommandLine": text(details, "context.commandLineExample"),
                "processCreationDateTime": at(process, "startTime").and_then(time),
                "imageFile": image(process),
                "parentProcessId": parent.and_then(|it| at(it, "pid")),
                "parentProcessCreationDateTime":
                    parent.and_then(|it| at(it, "startTime")).and_then(time),
                "parentProcessImageFile": parent.map(image),
                "userAccount": user,
            }),
        ));
    }
    for name in ["scriptPath", "libraryPath"] {
        if let Some(path) = text(details, &format!("context.{name}")) {
            pieces.push(piece(
                "file",
                json!({ "fileDetails": file_details(Some(path), None, None) }),
            ));
        }
    }
    pieces
}

/// A time that may as well be seconds since the epoch
fn time(value: &Value) -> Option<String> {
    let seconds = value.as_i64().and_then(|it| jiff::Timestamp::from_second(it).ok());
    seconds.map(|it| it.to_string()).or_else(|| value.as_str().map(str::to_owned))
}

/// What a scan of volumes or objects found
fn malware(service: &Value) -> Vec<Value> {
    let volumes = "ebsVolumeScanDetails.scanDetections.threatDetectedByName.threatNames";
    let file = |it: &Value, path: &str, name: Option<&str>| {
        let details =
            file_details(text(it, path), name.and_then(|name| text(it, name)), text(it, "hash"));
        piece("file", json!({ "fileDetails": details }))
    };
    let named = |it: &Value, files: Vec<Value>| {
        piece("malware", json!({ "name": text(it, "name"), "files": files }))
    };
    let of_volumes = list(service, volumes).iter().map(|it| {
        let files = list(it, "filePaths").iter();
        named(it, files.map(|it| file(it, "filePath", Some("fileName"))).collect())
    });
    let of_objects = list(service, "malwareScanDetails.threats").iter().map(|it| {
        let files = list(it, "itemPaths").iter();
        named(it, files.map(|it| file(it, "nestedItemPath", None)).collect())
    });
    of_volumes.chain(of_objects).collect()
}

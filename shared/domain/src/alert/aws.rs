//! Reads findings of Amazon Web Services: ids, the standing, and what `GuardDuty` and Security Hub
//! say alike of an action.

pub(super) mod guard_duty;
pub(super) mod security_hub;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::pieces::{at, list, piece, text, with_role};
use crate::{
    alert_id::{ALERT_ID_LENGTH_MAX, AlertId, AlertIdError},
    severity::{Severity, Status},
};

/// How much of an id that is too long is kept as it is, in characters
const ID_KEPT: usize = 200;

/// The id of a finding: as it is where it can be, else without white space and cut, with a digest
/// of the whole at its end.
///
/// Security Hub takes ids of twice our length, with spaces; a finding is not lost for its name.
fn alert_id(text: &str) -> Result<(AlertId, bool), AlertIdError> {
    let is_fine = |it: char| !it.is_whitespace() && !it.is_control();
    if text.chars().count() <= ALERT_ID_LENGTH_MAX && text.chars().all(is_fine) {
        return Ok((AlertId::parse(text)?, false));
    }
    let kept: String =
        text.chars().take(ID_KEPT).map(|it| if is_fine(it) { it } else { '_' }).collect();
    // FNV-1a: it keeps apart what differs, and is no seal.
    let digest = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |digest, byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Ok((AlertId::parse(&format!("{kept}~{digest:016x}"))?, true))
}

/// A severity by the bands that `GuardDuty` and Security Hub use, with their bounds times ten
fn band(tenths: i64) -> Option<Severity> {
    match tenths {
        10..40 => Some(Severity::Low),
        40..70 => Some(Severity::Medium),
        70..=100 => Some(Severity::High),
        _ => None,
    }
}

/// The time of an update, and later by a nanosecond or two the further the finding has come.
///
/// Why: a person's change of the standing does not touch the time of update at AWS, and a revision
/// of the same time would be taken for a repeat.
fn standing_at(updated: Option<Timestamp>, status: Status) -> Option<Timestamp> {
    let nanoseconds = match status {
        Status::New => 0,
        Status::InProgress => 1,
        Status::Resolved => 2,
    };
    updated.map(|it| it.saturating_add(SignedDuration::from_nanos(nanoseconds)).unwrap_or(it))
}

/// A resource by its ARN
fn resource(arn: &str, name: Option<&str>, kind: &str, account: Option<&str>) -> Value {
    // arn:partition:service:region:account:resource
    let mut parts = arn.splitn(6, ':');
    let owner = parts.nth(4).filter(|it| !it.is_empty());
    let last = parts.next().and_then(|it| it.rsplit(['/', ':']).next());
    piece(
        "amazonResource",
        json!({
            "amazonAccountId": owner.or(account),
            "amazonResourceId": arn,
            "resourceName": name.or(last).filter(|it| !it.is_empty()),
            "resourceType": kind,
        }),
    )
}

/// Who used a key: an IAM user by name. Somebody who signed in by IAM Identity Center is known by
/// the name of the session, which nobody can choose for a role of that kind; for every other role
/// whoever takes it names the session, so that name tells nothing.
fn account(name: &str, principal_id: Option<&str>) -> Value {
    const SIGN_IN_CENTER: &str = "AWSReservedSSO_";
    let session = principal_id.and_then(|it| it.split_once(':')).map(|(_, session)| session);
    let principal = session.filter(|it| name.starts_with(SIGN_IN_CENTER) && it.contains('@'));
    piece("user", json!({ "userAccount": { "accountName": name, "userPrincipalName": principal } }))
}

/// An address with its place, as `remoteIpDetails` has them
fn address(details: &Value, role: &str) -> Option<Value> {
    let address = text(details, "ipAddressV4").or_else(|| text(details, "ipAddressV6"))?;
    let address = json!({
        "ipAddress": address,
        "countryLetterCode": text(details, "country.countryCode"),
        "location": {
            "city": text(details, "city.cityName"),
            "countryName": text(details, "country.countryName"),
        },
    });
    Some(with_role(piece("ip", address), Some(role)))
}

fn domain(name: &str) -> Value {
    piece("dns", json!({ "domainName": name }))
}

/// What happened, as pieces of evidence
fn action(action: &Value) -> Vec<Value> {
    let mut pieces = Vec::new();
    if let Some(connection) = at(action, "networkConnectionAction") {
        pieces.extend(connected(connection));
    }
    for name in ["awsApiCallAction", "kubernetesApiCallAction", "rdsLoginAttemptAction"] {
        let Some(call) = at(action, name) else { continue };
        pieces.extend(at(call, "remoteIpDetails").and_then(|it| address(it, "source")));
        pieces.extend(text(call, "domainDetails.domain").map(domain));
        let users = list(call, "loginAttributes").iter().filter_map(|it| text(it, "user"));
        pieces.extend(users.map(|it| account(it, None)));
    }
    pieces.extend(text(action, "dnsRequestAction.domain").map(domain));
    for probe in list(action, "portProbeAction.portProbeDetails") {
        pieces.extend(at(probe, "remoteIpDetails").and_then(|it| address(it, "source")));
    }
    pieces
}

/// The remote party of a connection, and the connection itself
fn connected(connection: &Value) -> Vec<Value> {
    let is_inbound = text(connection, "connectionDirection")
        .is_some_and(|it| it.eq_ignore_ascii_case("inbound"));
    let role = if is_inbound { "source" } else { "destination" };
    let remote = at(connection, "remoteIpDetails").and_then(|it| address(it, role));
    let local = at(connection, "localIpDetails").and_then(|it| address(it, role));
    let port = |name: &str| at(connection, &format!("{name}.port"));
    let (here, there) = ("localPortDetails", "remotePortDetails");
    let mut properties = json!({
        "protocol": text(connection, "protocol").map(str::to_ascii_lowercase),
        "sourcePort": port(if is_inbound { there } else { here }),
        "destinationPort": port(if is_inbound { here } else { there }),
    });
    if let Some(object) = properties.as_object_mut() {
        let (source, destination) = if is_inbound { (&remote, &local) } else { (&local, &remote) };
        object.insert("sourceAddress".to_owned(), json!(source));
        object.insert("destinationAddress".to_owned(), json!(destination));
    }
    let mut pieces = vec![piece("networkConnection", properties)];
    pieces.extend(remote);
    pieces
}

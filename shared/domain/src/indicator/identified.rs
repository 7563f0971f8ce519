//! What of an alert's evidence can be identified, and by which indicators.

use serde_json::Value;

use super::{Indicator, IndicatorKind};
use crate::{
    alert::Alert,
    catalogue::EvidenceType,
    evidence::triggers,
    explanation::Truth,
    fact::{Unknown, UnknownReason},
    wire_name::AsRead,
};

/// How many things of one alert are told apart
pub const IDENTIFIED_MAX: usize = 100;

/// Something in an alert's evidence that indicators identify: a file, an address, a URL
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identified {
    /// Which piece of evidence it is in, counted from 0
    pub piece: usize,
    /// Where in the piece: `imageFile`
    pub path: String,
    /// Whether it is what made the source raise the alert
    pub trigger: Truth,
    /// The indicators, the strongest first, any one of which identifies it; or why there is none
    pub by: Result<Vec<Indicator>, Unknown>,
}

/// What stands at a place
#[derive(Clone, Copy)]
enum What {
    /// An object with hashes by their names
    File,
    /// An object with an algorithm and a value
    Hash,
    Address,
    Url,
    Domain,
}

/// The things of each evidence type that indicators identify; `*` is each of a list
const PLACES: &[(EvidenceType, &[(&str, What)])] = &[
    (EvidenceType::File, &[("fileDetails", What::File)]),
    (EvidenceType::Process, &[("imageFile", What::File)]),
    (EvidenceType::FileHash, &[("", What::Hash)]),
    (EvidenceType::Blob, &[("fileHashes.*", What::Hash)]),
    (EvidenceType::AmsiScript, &[("", What::File)]),
    (EvidenceType::EmailAttachment, &[("", What::File)]),
    (
        EvidenceType::Malware,
        &[("files.*.fileDetails", What::File), ("processes.*.imageFile", What::File)],
    ),
    (EvidenceType::Ip, &[("ipAddress", What::Address)]),
    (
        EvidenceType::NetworkConnection,
        &[
            ("sourceAddress.ipAddress", What::Address),
            ("destinationAddress.ipAddress", What::Address),
        ],
    ),
    (
        EvidenceType::Dns,
        &[("domainName", What::Domain), ("ipAddresses.*.ipAddress", What::Address)],
    ),
    (EvidenceType::Url, &[("url", What::Url)]),
    (EvidenceType::AnalyzedMessage, &[("senderIp", What::Address), ("urls.*", What::Url)]),
    (EvidenceType::SubmissionMail, &[("senderIp", What::Address)]),
    (
        EvidenceType::TeamsMessage,
        &[
            ("senderIP", What::Address),
            ("files.*.fileDetails", What::File),
            ("urls.*.url", What::Url),
        ],
    ),
];

/// What an alert touches: whom or what it happened to, which is not for a list to allow
const ENTITIES: [EvidenceType; 12] = [
    EvidenceType::ActiveDirectoryDomain,
    EvidenceType::CloudApplication,
    EvidenceType::CloudLogonRequest,
    EvidenceType::CloudLogonSession,
    EvidenceType::Device,
    EvidenceType::HostLogonSession,
    EvidenceType::IoTDevice,
    EvidenceType::Mailbox,
    EvidenceType::MailCluster,
    EvidenceType::Nic,
    EvidenceType::SecurityGroup,
    EvidenceType::User,
];

impl Alert {
    /// Everything in its evidence that indicators identify, piece by piece, at most
    /// [`IDENTIFIED_MAX`]; what lacks the value that would identify it is among them, and whom and
    /// what the alert happened to is not
    pub fn indicators(&self) -> Vec<Identified> {
        let mut found = Vec::new();
        let triggers = triggers(&self.evidence).into_iter();
        for ((piece, evidence), trigger) in self.evidence.iter().enumerate().zip(triggers) {
            let add = |path: String, by| Identified { piece, path, trigger, by };
            let whole = Value::Object(evidence.properties.clone());
            match &evidence.evidence_type {
                AsRead::Known(kind) if ENTITIES.contains(kind) => {}
                AsRead::Known(kind) => {
                    let places = PLACES.iter().find(|(it, _)| it == kind);
                    if places.is_none() {
                        let why = format!("evidence of type {kind}");
                        let why = Unknown::with_detail(UnknownReason::NoIndicator, why);
                        found.push(add(String::new(), Err(why)));
                    }
                    for (path, what) in places.into_iter().flat_map(|(_, places)| *places) {
                        let things = at(&whole, path);
                        let is_alone = places.is_some_and(|(_, places)| places.len() == 1);
                        if things.is_empty() && is_alone {
                            found.push(add((*path).to_owned(), Err(missing())));
                        }
                        let read = things.into_iter().map(|(path, it)| add(path, what.read(it)));
                        found.extend(read);
                    }
                }
                AsRead::Other(_) => {
                    let why = "evidence of a type that we do not know";
                    let why = Unknown::with_detail(UnknownReason::PropertyUnreadable, why);
                    found.push(add(String::new(), Err(why)));
                }
            }
            if found.len() > IDENTIFIED_MAX {
                found.truncate(IDENTIFIED_MAX.saturating_sub(1));
                let why = format!("more than {IDENTIFIED_MAX} things in its evidence");
                let why = Unknown::with_detail(UnknownReason::PropertyUnreadable, why);
                found.push(add(String::new(), Err(why)));
                break;
            }
        }
        found
    }
}

impl What {
    fn read(self, value: &Value) -> Result<Vec<Indicator>, Unknown> {
        let text = |name: &str| value.get(name).and_then(Value::as_str).filter(|it| !it.is_empty());
        match self {
            Self::File => {
                let hashes = [
                    ("sha256", IndicatorKind::FileSha256),
                    ("sha1", IndicatorKind::FileSha1),
                    ("md5", IndicatorKind::FileMd5),
                ];
                let hashes =
                    hashes.into_iter().filter_map(|(name, kind)| Some((kind, text(name)?)));
                each(hashes)
            }
            Self::Hash => {
                let kind = match text("algorithm").unwrap_or_default() {
                    "sha256" => IndicatorKind::FileSha256,
                    "sha1" => IndicatorKind::FileSha1,
                    "md5" => IndicatorKind::FileMd5,
                    other => {
                        let why = format!("a hash by `{}`", super::value::shown(other));
                        let reason = UnknownReason::PropertyUnreadable;
                        return Err(Unknown::with_detail(reason, why));
                    }
                };
                each(text("value").map(|it| (kind, it)))
            }
            Self::Address => each(value.as_str().map(|it| (IndicatorKind::IpAddress, it))),
            Self::Domain => each(value.as_str().map(|it| (IndicatorKind::DomainName, it))),
            // Sources put mere names there as well.
            Self::Url => each(value.as_str().map(|it| {
                let kind =
                    if it.contains("://") { IndicatorKind::Url } else { IndicatorKind::DomainName };
                (kind, it)
            })),
        }
    }
}

/// Those that can be read; where none can, why not
fn each<'a>(
    texts: impl IntoIterator<Item = (IndicatorKind, &'a str)>,
) -> Result<Vec<Indicator>, Unknown> {
    let (mut read, mut why) = (Vec::new(), missing());
    for (kind, text) in texts {
        match Indicator::parse(kind, text) {
            Ok(indicator) => read.push(indicator),
            Err(error) => {
                why = Unknown::with_detail(UnknownReason::PropertyUnreadable, error.to_string());
            }
        }
    }
    if read.is_empty() { Err(why) } else { Ok(read) }
}

fn missing() -> Unknown {
    Unknown::because(UnknownReason::PropertyMissing)
}

/// What stands at a path, each with its own path; null counts as absent
fn at<'a>(value: &'a Value, path: &str) -> Vec<(String, &'a Value)> {
    let mut found = vec![(String::new(), value)];
    for step in path.split('.').filter(|it| !it.is_empty()) {
        let below = |path: &str, step: &str| {
            if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") }
        };
        found = found
            .into_iter()
            .flat_map(|(path, value)| match (step, value) {
                ("*", Value::Array(items)) => {
                    let items = items.iter().enumerate();
                    items.map(|(index, it)| (below(&path, &index.to_string()), it)).collect()
                }
                _ => match value.get(step) {
                    Some(inner) if !inner.is_null() => vec![(below(&path, step), inner)],
                    Some(_) | None => Vec::new(),
                },
            })
            .collect();
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::test_kit::alert_with;

    #[test]
    fn each_piece_gives_what_identifies_it() {
        let sha256 = "a".repeat(64);
        let sha1 = "b".repeat(40);
        let (hashes, both) = (
            json!({ "sha256": sha256, "sha1": sha1, "md5": null }),
            format!("fileSha256 {sha256}, fileSha1 {sha1}"),
        );
        check("file", json!({ "fileDetails": hashes }), &[("fileDetails", &both)]);
        let process = json!({ "imageFile": hashes, "parentProcessImageFile": hashes });
        check("process", process, &[("imageFile", &both)]);
        check("process", json!({}), &[("imageFile", "the alert does not say")]);
        let hash = json!({ "algorithm": "sha1", "value": sha1 });
        let of_sha1 = format!("fileSha1 {sha1}");
        check("fileHash", hash.clone(), &[("", &of_sha1)]);
        check("blob", json!({ "fileHashes": [hash] }), &[("fileHashes.0", &of_sha1)]);
        check(
            "ip",
            json!({ "ipAddress": "203.0.113.9" }),
            &[("ipAddress", "ipAddress 203.0.113.9")],
        );
        let url = json!({ "url": "HTTPS://Contoso.example/A" });
        check("url", url, &[("url", "url https://contoso.example/A")]);
        check("url", json!({ "url": "Contoso.example" }), &[("url", "domainName contoso.example")]);
        let message = json!({ "senderIp": "203.0.113.9", "urls": ["https://a.example/", "x y"] });
        let no_name = "what the alert says cannot be understood (`x y` is no domain name; write it \
            like `updates.contoso.example`, other alphabets in their `xn--` form)";
        check(
            "analyzedMessage",
            message,
            &[
                ("senderIp", "ipAddress 203.0.113.9"),
                ("urls.0", "url https://a.example/"),
                ("urls.1", no_name),
            ],
        );
        let not_on_lists = "the alert names nothing that an allow list could have (evidence of type \
            registryKey)";
        check("registryKey", json!({ "registryKey": "Run" }), &[("", not_on_lists)]);
        check("user", json!({ "userAccount": { "domainName": "contoso.example" } }), &[]);
        check("device", json!({ "lastExternalIpAddress": "203.0.113.9" }), &[]);
    }

    #[test]
    fn of_very_many_things_the_rest_is_unknown() {
        let piece = json!({ "@odata.type": "#microsoft.graph.security.ipEvidence",
            "ipAddress": "203.0.113.9" });
        for (n, expected) in
            [(IDENTIFIED_MAX, IDENTIFIED_MAX), (IDENTIFIED_MAX + 1, IDENTIFIED_MAX)]
        {
            let alert = alert_with(json!({ "evidence": vec![piece.clone(); n] }));
            let found = alert.indicators();
            assert_eq!(found.len(), expected);
            assert_eq!(found.iter().all(|it| it.by.is_ok()), n == IDENTIFIED_MAX);
        }
    }

    #[track_caller]
    fn check(kind: &str, mut piece: Value, expected: &[(&str, &str)]) {
        piece["@odata.type"] = json!(format!("#microsoft.graph.security.{kind}Evidence"));
        let alert = alert_with(json!({ "evidence": [piece] }));
        let found = alert.indicators();
        let found: Vec<(&str, String)> = found
            .iter()
            .map(|it| {
                let by = match &it.by {
                    Ok(by) => by.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
                    Err(why) => why.to_string(),
                };
                (it.path.as_str(), by)
            })
            .collect();
        let found: Vec<(&str, &str)> =
            found.iter().map(|(path, by)| (*path, by.as_str())).collect();
        assert_eq!(found, expected, "for {kind}");
    }
}

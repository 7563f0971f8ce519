//! The workload: rules of a mix, and alerts of 2 to 5 KB of which a quarter meets one of the first
//! ten rules, so that there are about as many matches at each number of rules.

use serde_json::{Value, json};

use crate::rules::{Rule, rule};

/// Numbers by chance, the same each time (the algorithm is known as *`SplitMix64`*)
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        it ^ (it >> 31)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn one_of<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[usize::try_from(self.below(texts.len() as u64)).unwrap()]
    }
}

/// Which rules there are
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mix {
    /// Equality and beginnings alone
    Exact,
    /// With sets, networks, nested groups and three in ten with wildcards
    Mixed,
}

const CATEGORIES: [&str; 12] = [
    "Malware",
    "Execution",
    "Persistence",
    "Discovery",
    "Exfiltration",
    "InitialAccess",
    "LateralMovement",
    "CredentialAccess",
    "DefenseEvasion",
    "Collection",
    "Impact",
    "CommandAndControl",
];
const SOURCES: [&str; 5] = [
    "microsoftDefenderForEndpoint",
    "microsoftDefenderForIdentity",
    "microsoftDefenderForCloudApps",
    "microsoftDefenderForOffice365",
    "microsoft365Defender",
];
const SEVERITIES: [&str; 4] = ["informational", "low", "medium", "high"];
const FOLDERS: [&str; 6] = [
    r"C:\Program Files\Contoso",
    r"C:\Windows\Temp",
    r"D:\Build",
    r"C:\Users\Public",
    r"C:\ProgramData\Fabrikam",
    r"E:\Tools",
];

/// What an alert says, as far as rules ask it
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) detector: String,
    pub(crate) category: &'static str,
    pub(crate) source: &'static str,
    pub(crate) severity: &'static str,
    pub(crate) sha256: String,
    pub(crate) file_name: String,
    pub(crate) file_path: String,
    pub(crate) host: String,
    pub(crate) user: String,
    pub(crate) address: String,
    pub(crate) command_line: String,
    pub(crate) url: String,
}

fn detector(chance: &mut Chance) -> String {
    let number = chance.below(400);
    format!("{number:08x}-5a1e-4c0d-9b3f-{:012x}", number * 7_919)
}

fn hex(chance: &mut Chance, n_words: usize) -> String {
    let words: Vec<String> = (0..n_words).map(|_| format!("{:016x}", chance.next())).collect();
    words.concat()
}

pub(crate) fn user(chance: &mut Chance) -> String {
    format!(
        "{}.{:05}@contoso.example",
        chance.one_of(&["kim", "lee", "pat", "ana", "joe"]),
        chance.below(20_000)
    )
}

fn host(chance: &mut Chance) -> String {
    format!(
        "{}-{:05}.corp.contoso.example",
        chance.one_of(&["ws", "srv", "lap"]),
        chance.below(20_000)
    )
}

fn time(chance: &mut Chance) -> String {
    let (hour, minute, second) = (chance.below(24), chance.below(60), chance.below(60));
    format!("2026-11-20T{hour:02}:{minute:02}:{second:02}.{:07}Z", chance.below(10_000_000))
}

fn address(chance: &mut Chance) -> [u64; 4] {
    [10, chance.below(256), chance.below(256), chance.below(256)]
}

fn dotted([a, b, c, d]: [u64; 4]) -> String {
    format!("{a}.{b}.{c}.{d}")
}

impl Said {
    pub(crate) fn by_chance(chance: &mut Chance) -> Self {
        let folder = chance.one_of(&FOLDERS);
        Self {
            detector: detector(chance),
            category: chance.one_of(&CATEGORIES),
            source: chance.one_of(&SOURCES),
            severity: chance.one_of(&SEVERITIES),
            sha256: hex(chance, 4),
            file_name: format!("Tool{}.exe", chance.below(50_000)),
            file_path: format!(r"{folder}\v{}\bin\x{}", chance.below(10_000), chance.below(100)),
            host: host(chance),
            user: user(chance),
            address: dotted(address(chance)),
            command_line: format!(
                r#""{folder}\Tool{}.exe" --input D:\data\{:08x} --token tok{} --mode=y{} --quiet"#,
                chance.below(50_000),
                chance.below(1 << 32),
                chance.below(100_000),
                chance.below(10),
            ),
            url: format!(
                "https://cdn{}.v{}.example/files/tok{}?session={:016x}",
                chance.below(50),
                chance.below(5_000),
                chance.below(100_000),
                chance.next(),
            ),
        }
    }

    /// The alert as Graph gives it, with all its pieces of evidence or some
    pub(crate) fn json(&self, chance: &mut Chance, drops: bool) -> String {
        let created = time(chance);
        let piece = |kind: &str, own: Value| {
            let mut piece = json!({
                "@odata.type": format!("#microsoft.graph.security.{kind}Evidence"),
                "createdDateTime": created,
                "verdict": "suspicious",
                "remediationStatus": "none",
                "roles": [],
                "detailedRoles": [],
                "tags": [],
            });
            piece.as_object_mut().unwrap().extend(own.as_object().unwrap().clone());
            piece
        };
        let words = [
            "process", "observed", "unusual", "activity", "account", "device", "from", "the",
            "with", "known",
        ];
        let mut description = String::new();
        let length = usize::try_from(chance.below(1_300)).unwrap();
        while description.len() < length {
            description.push_str(chance.one_of(&words));
            description.push(' ');
        }
        let mut evidence = vec![
            piece(
                "device",
                json!({
                    "mdeDeviceId": hex(chance, 3), "deviceDnsName": self.host, "osPlatform": "Windows11",
                    "osBuild": 22631, "version": "23H2", "healthStatus": "active", "riskScore": "medium",
                }),
            ),
            piece(
                "file",
                json!({
                    "detectionStatus": "detected", "mdeDeviceId": hex(chance, 3),
                    "fileDetails": {
                        "sha1": hex(chance, 2), "sha256": self.sha256, "fileName": self.file_name,
                        "filePath": self.file_path, "fileSize": chance.below(1 << 24), "filePublisher": null,
                    },
                }),
            ),
            piece(
                "process",
                json!({
                    "processId": chance.below(65_536), "parentProcessId": chance.below(65_536),
                    "processCommandLine": self.command_line, "detectionStatus": "detected",
                    "processCreationDateTime": time(chance),
                }),
            ),
            piece(
                "user",
                json!({ "userAccount": {
                    "accountName": "kim", "domainName": "CONTOSO", "userPrincipalName": self.user,
                    "azureAdUserId": hex(chance, 2),
                } }),
            ),
            piece("ip", json!({ "ipAddress": self.address, "countryLetterCode": "NO" })),
            piece("url", json!({ "url": self.url })),
        ];
        let mut alert = json!({
            "id": format!("da{:016x}_1", chance.next()),
            "providerAlertId": format!("{:016x}_1", chance.next()),
            "incidentId": chance.below(100_000).to_string(),
            "status": "new",
            "severity": self.severity,
            "classification": null,
            "determination": null,
            "serviceSource": self.source,
            "detectionSource": "antivirus",
            "productName": "Microsoft Defender for Endpoint",
            "detectorId": self.detector,
            "tenantId": "b3c1b5fc-828c-45fa-a1e1-10d74f6d6e9c",
            "title": "Suspicious activity was observed",
            "description": description,
            "recommendedActions": "Validate the alert and scope the activity.",
            "category": self.category,
            "assignedTo": null,
            "alertWebUrl": "https://security.microsoft.com/alerts/da1?tid=b3c1b5fc",
            "incidentWebUrl": "https://security.microsoft.com/incidents/28282?tid=b3c1b5fc",
            "actorDisplayName": null,
            "threatDisplayName": null,
            "threatFamilyName": null,
            "mitreTechniques": ["T1059.001", "T1105"],
            "createdDateTime": time(chance),
            "lastUpdateDateTime": time(chance),
            "resolvedDateTime": null,
            "firstActivityDateTime": time(chance),
            "lastActivityDateTime": time(chance),
            "comments": [],
            "additionalData": {},
        });
        // Up to three pieces are not there.
        while drops && evidence.len() > 3 && chance.below(3) > 0 {
            evidence.remove(usize::try_from(chance.below(evidence.len() as u64)).unwrap());
        }
        alert["evidence"] = evidence.into();
        odata_first(&alert)
    }
}

/// As `OData` writes it: what a piece is comes first
fn odata_first(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let mut pairs: Vec<(&String, &Value)> = object.iter().collect();
            pairs.sort_by_key(|(name, _)| *name != "@odata.type");
            let pairs: Vec<String> = pairs
                .into_iter()
                .map(|(name, value)| {
                    format!("{}:{}", Value::from(name.as_str()), odata_first(value))
                })
                .collect();
            format!("{{{}}}", pairs.join(","))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(odata_first).collect();
            format!("[{}]", items.join(","))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

/// The first `n` rules of a mix
pub(crate) fn rules(mix: Mix, n: usize) -> Vec<Rule> {
    let mut chance = Chance::new(7);
    (0..n).map(|number| rule(mix, &mut chance, number).0).collect()
}

/// Alerts, of which each fourth meets one of the first ten rules
pub(crate) fn alerts(mix: Mix, n: usize) -> Vec<String> {
    let mut chance = Chance::new(7);
    let met: Vec<_> = (0..10).map(|number| rule(mix, &mut chance, number).1).collect();
    let mut chance = Chance::new(11);
    (0..n)
        .map(|number| {
            let said = Said::by_chance(&mut chance);
            let meets = number % 4 == 0;
            let said = if meets { met[number / 4 % 10](said) } else { said };
            said.json(&mut chance, !meets)
        })
        .collect()
}

//! The rules of the workload, each as ours and as Sigma.

use serde_json::{Value, json};

use crate::workload::{Chance, Mix, Said, user};

/// A rule of ours, and the same as Sigma
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) condition: Value,
    #[cfg_attr(not(feature = "rivals"), expect(dead_code, reason = "only rivals read it"))]
    pub(crate) sigma: Value,
}

/// Rule `number` of a mix; and an alert that meets it, made of another
pub(crate) fn rule(
    mix: Mix,
    chance: &mut Chance,
    number: usize,
) -> (Rule, impl Fn(Said) -> Said + use<>) {
    let it = Said::by_chance(chance);
    let others: Vec<String> = (0..4).map(|_| user(chance)).collect();
    let mode = chance.below(10);
    // The first rules have one of each kind, so that they are alike at each number of rules.
    let kind = match mix {
        Mix::Exact => [0, 4, 8, 0, 1, 0, 6, 0, 8, 4][number % 10],
        Mix::Mixed => [0, 1, 4, 6, 10, 0, 2, 11, 8, 12][number % 10],
    };
    // Half of the sets and of the command lines are something else.
    let kind = match (mix, kind, number / 10 % 2) {
        (Mix::Mixed, 6, 1) => 7,
        (Mix::Mixed, 12, 1) => 10,
        (Mix::Mixed, 2, 1) => 0,
        (_, kind, _) => kind,
    };
    let alert = |own: Value| json!({ "alert": own });
    let (condition, sigma) = match kind {
        0 => (
            json!({ "all": [alert(json!({ "detectorId": it.detector })),
                { "evidence": { "file": { "fileDetails.sha256": it.sha256 } } }] }),
            json!({ "s": { "detectorId": it.detector, "evidence.fileDetails.sha256": it.sha256 }, "condition": "s" }),
        ),
        1 => (
            json!({ "evidence": { "file": { "fileDetails.sha256": it.sha256 } } }),
            json!({ "s": { "evidence.fileDetails.sha256": it.sha256 }, "condition": "s" }),
        ),
        2 => {
            let network = format!("{}/24", it.address);
            (
                json!({ "all": [alert(json!({ "detectorId": it.detector })),
                    { "evidence": { "ip": { "ipAddress": { "inSubnet": network } } } }] }),
                json!({ "s": { "detectorId": it.detector, "evidence.ipAddress|cidr": network }, "condition": "s" }),
            )
        }
        4 => {
            let folder = it.file_path.split(r"\v").next().unwrap_or_default();
            (
                json!({ "all": [alert(json!({ "detectorId": it.detector })), { "evidence": { "file": {
                    "fileDetails.fileName": it.file_name, "fileDetails.filePath": { "startsWith": folder } } } }] }),
                json!({ "s": { "detectorId": it.detector, "evidence.fileDetails.fileName": it.file_name,
                    "evidence.fileDetails.filePath|startswith": folder }, "condition": "s" }),
            )
        }
        6 => {
            let users: Vec<&String> = [&it.user].into_iter().chain(&others).collect();
            (
                json!({ "all": [alert(json!({ "detectorId": it.detector })),
                    { "evidence": { "user": { "userAccount.userPrincipalName": { "in": users } } } }] }),
                json!({ "s": { "detectorId": it.detector, "evidence.userAccount.userPrincipalName": users }, "condition": "s" }),
            )
        }
        7 => (
            json!({ "all": [
                { "any": [
                    { "all": [{ "evidence": { "file": { "fileDetails.sha256": it.sha256 } } },
                        { "evidence": { "device": { "deviceDnsName": it.host } } }] },
                    { "all": [{ "evidence": { "user": { "userAccount.userPrincipalName": it.user } } },
                        { "evidence": { "ip": { "ipAddress": it.address } } }] },
                ] },
                { "not": alert(json!({ "severity": "high" })) },
            ] }),
            json!({ "a": { "evidence.fileDetails.sha256": it.sha256, "evidence.deviceDnsName": it.host },
                "b": { "evidence.userAccount.userPrincipalName": it.user, "evidence.ipAddress": it.address },
                "c": { "severity": "high" }, "condition": "(a or b) and not c" }),
        ),
        8 => (
            json!({ "all": [alert(json!({ "category": it.category })),
                { "evidence": { "device": { "deviceDnsName": it.host } } }] }),
            json!({ "s": { "category": it.category, "evidence.deviceDnsName": it.host }, "condition": "s" }),
        ),
        10 => {
            let token =
                it.command_line.split("--token ").nth(1).and_then(|it| it.split(' ').next());
            let pattern = format!("*{}*--mode=x{mode}*", token.unwrap_or_default());
            (
                json!({ "all": [alert(json!({ "serviceSource": it.source })),
                    { "evidence": { "process": { "processCommandLine": { "like": pattern } } } }] }),
                json!({ "s": { "serviceSource": it.source, "evidence.processCommandLine": pattern }, "condition": "s" }),
            )
        }
        11 => {
            let version =
                it.file_path.split('\\').find(|it| it.starts_with('v')).unwrap_or_default();
            let pattern = format!(r"?:\\*\\{version}\\*\\x*");
            (
                json!({ "all": [alert(json!({ "category": it.category })),
                    { "evidence": { "file": { "fileDetails.filePath": { "like": pattern } } } }] }),
                json!({ "s": { "category": it.category, "evidence.fileDetails.filePath": pattern }, "condition": "s" }),
            )
        }
        _ => {
            let mut parts = it.url.split(['.', '/', '?']);
            let (version, token) =
                (parts.nth(3).unwrap_or_default(), parts.nth(2).unwrap_or_default());
            let pattern = format!("https://*.{version}.example/*/{token}*");
            (
                json!({ "all": [alert(json!({ "severity": { "in": [it.severity, "low"] } })),
                    { "evidence": { "url": { "url": { "like": pattern } } } }] }),
                json!({ "s": { "severity": [it.severity, "low"], "evidence.url": pattern }, "condition": "s" }),
            )
        }
    };
    let meet = move |mut said: Said| {
        let it = it.clone();
        said.command_line = it.command_line.replace("--mode=y", &format!("--mode=x{mode} --was=y"));
        Said {
            detector: it.detector,
            category: it.category,
            source: it.source,
            sha256: it.sha256,
            file_name: it.file_name.to_uppercase(),
            file_path: it.file_path,
            host: it.host,
            user: it.user,
            address: it.address,
            url: it.url,
            severity: if it.severity == "high" { "low" } else { it.severity },
            command_line: said.command_line,
        }
    };
    (Rule { condition, sigma }, meet)
}

//! What Entra ID says when it gives no token: in words, and what to do about it.
//!
//! Permissions: none.

use std::fmt;

use serde_json::Value;

/// Entra ID gave no token.
///
/// It never repeats the description, which names the tenant and may name the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: u16,
    error: String,
    code: Option<u64>,
}

/// What codes mean, and what to do.
///
/// Most stand in Entra's page *Microsoft Entra authentication and authorization error codes*; those of
/// federated credentials (`70021`, `7002xx`), `700024`, `7000216`, `900023` and `1002012` do not, and
/// are as people have reported them.
const KNOWN: [(&[u64], &str, &str); 14] = [
    (
        &[7_000_215],
        "the client secret is wrong",
        "store the secret's value, not its id, where `clientSecret` points",
    ),
    (
        &[7_000_222],
        "the client secret has expired",
        "make a new one for the application and store it where `clientSecret` points",
    ),
    (
        &[700_016],
        "the tenant has no such application",
        "check `clientId`, and the tenant id in `tokenUrl`",
    ),
    (&[90_002, 900_023], "there is no such tenant", "check the tenant id in `tokenUrl`"),
    (
        &[65_001],
        "nobody has consented to the application's permissions",
        "let an administrator grant consent on its page of API permissions",
    ),
    (
        &[500_011, 650_057],
        "the tenant does not have that service, or the application asks nothing of it",
        "add a permission of the service to the application, and check that it is licensed",
    ),
    (
        &[53_003],
        "a conditional access policy keeps the application out",
        "except it, or name the addresses that the functions call from",
    ),
    (&[7_000_112], "the application is switched off", "switch it on in Entra ID"),
    (
        &[700_027, 50_012, 50_013],
        "the assertion is not accepted",
        "add the certificate to the application, and check that `certificate.key` has its key",
    ),
    (
        &[700_024],
        "the assertion is not good at this time",
        "check this machine's clock, and whether the token file is still written",
    ),
    (
        &[70_021, 700_211, 700_212, 700_213, 7_002_137, 7_002_138],
        "no federated credential of the application fits the token",
        "compare its issuer, subject and audience with those of the token, letter by letter",
    ),
    (
        &[7_000_216, 7_000_218],
        "the application has proved nothing",
        "give it one of `clientSecret`, `certificate` and `workloadIdentity`",
    ),
    (
        &[70_011, 1_002_012],
        "the scope is none",
        "check that `baseUrl` and `tokenUrl` are of the same cloud",
    ),
    (
        &[900_382, 900_432],
        "the tenant is of another cloud",
        "take `baseUrl` and `tokenUrl` of the tenant's own cloud",
    ),
];

impl Refusal {
    pub(super) fn read(status: u16, body: &Value) -> Self {
        let error = body.get("error").and_then(Value::as_str).unwrap_or("no reason given");
        let listed = body.pointer("/error_codes/0").and_then(Value::as_u64);
        let code = listed.or_else(|| {
            let (_, said) = body.get("error_description")?.as_str()?.split_once("AADSTS")?;
            said.split(|it: char| !it.is_ascii_digit()).next()?.parse().ok()
        });
        Self { status, error: crate::delivery::one_line(error), code }
    }

    /// Where there was no reason to refuse, and no token either
    pub(super) fn without_token(status: u16) -> Self {
        Self { status, error: "there is no token in the answer".to_owned(), code: None }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, error, code } = self;
        let Some(code) = code else {
            return write!(f, "status {status}, {error}; check application, credential and scope");
        };
        let known = KNOWN.iter().find(|(codes, ..)| codes.contains(code));
        match known {
            Some((_, what, to_do)) => write!(f, "{what} (AADSTS{code}); {to_do}"),
            None => write!(
                f,
                "status {status}, {error} (AADSTS{code}); see \
                 https://login.microsoftonline.com/error?code={code}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_code_is_said_in_words() {
        let codes = KNOWN.iter().flat_map(|(codes, ..)| codes.iter().copied());
        let said: Vec<String> = codes
            .chain([123_456])
            .map(|code| {
                let body = json!({ "error": "invalid_client", "error_codes": [code] });
                Refusal::read(401, &body).to_string()
            })
            .collect();
        insta::assert_snapshot!(said.join("\n"));
    }

    #[test]
    fn the_code_may_stand_in_the_description_alone_and_nothing_else_of_it_is_said() {
        let body = json!({
            "error": "invalid_client",
            "error_description": "AADSTS7000215: Invalid client secret 'hunter2' of Contoso.",
        });
        let refusal = Refusal::read(401, &body);
        assert_eq!(refusal.code, Some(7_000_215));
        assert!(!format!("{refusal} {refusal:?}").contains("hunter2"));
        for body in [json!(null), json!([]), json!({ "error": 7, "error_codes": ["x"] })] {
            let said = Refusal::read(500, &body).to_string();
            assert_eq!(
                said,
                "status 500, no reason given; check application, credential and scope"
            );
        }
    }
}

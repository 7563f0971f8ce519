//! How the application signs in: who it is, and what it proves that with.

use super::{SecretRef, TEXT_LENGTH_MAX, secret, url};
use crate::document::{Cursor, Fields};

/// The application that services know us by
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// `https://login.microsoftonline.com/<tenant id>/oauth2/v2.0/token`
    pub token_url: String,
    /// The application's id
    pub client_id: String,
    /// What it proves that with
    pub credential: Credential,
}

/// What an application proves with that it is the one
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A secret that both sides know
    ClientSecret(SecretRef),
    /// A certificate that the directory knows; the secret is its private key and itself, as PEM
    Certificate(SecretRef),
    /// A token of somebody whom the directory trusts, in the file of that name
    TokenFile(String),
    /// A token of AWS for that audience, which says which role we are
    AwsToken(String),
}

impl Application {
    /// The names of the fields, beside those of the service
    pub(crate) const FIELDS: [&'static str; 2] = ["tokenUrl", "clientId"];

    /// Reads it from the fields of a service, with the credential that was found there
    pub(super) fn read(
        fields: &Fields<'_>,
        credential: Option<(&str, &Cursor<'_>)>,
    ) -> Option<Self> {
        let token_url = url(fields, "tokenUrl");
        let client_id = fields.require("clientId").and_then(|it| it.short_text(TEXT_LENGTH_MAX));
        let credential = credential.and_then(|(name, at)| Credential::read(name, at));
        Some(Self { token_url: token_url?, client_id: client_id?, credential: credential? })
    }
}

impl Credential {
    /// The names of the fields, of which there is one
    pub(crate) const FIELDS: [&'static str; 3] =
        ["clientSecret", "certificate", "workloadIdentity"];

    /// The field of `certificate`
    pub(crate) const CERTIFICATE: [&'static str; 1] = ["key"];

    /// The fields of `workloadIdentity`, of which there is one
    pub(crate) const WORKLOAD_IDENTITY: [&'static str; 2] = ["tokenFile", "awsAudience"];

    /// The secret in it, if any
    pub const fn secret(&self) -> Option<&SecretRef> {
        match self {
            Self::ClientSecret(secret) | Self::Certificate(secret) => Some(secret),
            Self::TokenFile(_) | Self::AwsToken(_) => None,
        }
    }

    fn read(name: &str, at: &Cursor<'_>) -> Option<Self> {
        let [client_secret, certificate, _] = Self::FIELDS;
        if name == client_secret {
            return secret(at).map(Self::ClientSecret);
        }
        if name == certificate {
            let fields = at.fields(&Self::CERTIFICATE)?;
            return fields.require("key").and_then(secret).map(Self::Certificate);
        }
        let fields = at.fields(&Self::WORKLOAD_IDENTITY)?;
        let [token_file, _] = Self::WORKLOAD_IDENTITY;
        let (name, at) = fields.exactly_one("source of tokens", &Self::WORKLOAD_IDENTITY)?;
        let text = at.short_text(TEXT_LENGTH_MAX)?;
        Some(if name == token_file { Self::TokenFile(text) } else { Self::AwsToken(text) })
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Settings, *};

    fn graph(credential: &str) -> Result<Settings, String> {
        let text = format!(
            "apiVersion: defuse/v1\nkind: Settings\ngraph:\n  baseUrl: https://g\n  \
             tokenUrl: https://t\n  clientId: app\n{credential}"
        );
        Settings::parse("f", &text).map_err(|it| it[0].to_string())
    }

    #[test]
    fn there_is_one_credential_of_three() {
        let env = || SecretRef::Env("K".to_owned());
        for (text, credential) in [
            ("  clientSecret: { env: K }", Credential::ClientSecret(env())),
            ("  certificate: { key: { env: K } }", Credential::Certificate(env())),
            ("  workloadIdentity: { tokenFile: /t }", Credential::TokenFile("/t".to_owned())),
            ("  workloadIdentity: { awsAudience: a }", Credential::AwsToken("a".to_owned())),
        ] {
            let settings = graph(text).unwrap();
            assert_eq!(settings.secrets().len(), usize::from(credential.secret().is_some()));
            assert_eq!(settings.graph.unwrap().application.credential, credential);
        }
    }

    #[test]
    fn two_credentials_or_none_say_where_and_what_to_do() {
        assert_eq!(
            graph("").unwrap_err(),
            "error[P003]: the credential is missing\n  --> f:4:3 at graph\n  help: write one of \
             `clientSecret`, `certificate`, `workloadIdentity`"
        );
        for wrong in ["{}", "{ tokenFile: /t, awsAudience: a }", "{ awsAudience: [] }"] {
            assert!(graph(&format!("  workloadIdentity: {wrong}")).is_err(), "for {wrong}");
        }
        let two = "  clientSecret: { env: K }\n  certificate: { key: { env: K } }\n";
        assert_eq!(
            graph(two).unwrap_err(),
            "error[P004]: one credential is enough, and here are `clientSecret`, `certificate`\n  \
             --> f:8:16 at graph.certificate\n  help: keep one of them"
        );
    }
}

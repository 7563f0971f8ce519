//! A token of AWS in the place of a secret: STS over the loopback.

use aws_credential_types::Credentials;
use aws_sdk_sts::{
    Client,
    config::{BehaviorVersion, Config, Region, retry::RetryConfig},
};
use aws_smithy_http_client::Builder;

use super::*;

const AUDIENCE: &str = "api://AzureADTokenExchange";

fn web_identity(server: &Scripted) -> Credential {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-central-1"))
        .credentials_provider(Credentials::new("id", "secret", None, None, "tests"))
        .retry_config(RetryConfig::disabled())
        .endpoint_url(server.address())
        .http_client(Builder::new().build_http())
        .build();
    Credential::WebIdentity(WebIdentity::new(Client::from_conf(config), AUDIENCE))
}

/// STS gives that token
fn sts(token: &str) -> Scene {
    let body = format!(
        "<GetWebIdentityTokenResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <GetWebIdentityTokenResult><WebIdentityToken>{token}</WebIdentityToken>\
         <Expiration>2026-11-23T10:05:00Z</Expiration></GetWebIdentityTokenResult>\
         <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetWebIdentityTokenResponse>"
    );
    text("POST /", 200, &body)
}

/// STS refuses
fn refusal(status: u16, code: &str) -> Scene {
    let body = format!(
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>\
         <Type>Sender</Type><Code>{code}</Code><Message>no</Message></Error>\
         <RequestId>r</RequestId></ErrorResponse>"
    );
    text("POST /", status, &body)
}

#[tokio::test]
async fn the_role_proves_itself_with_a_token_of_aws() {
    let scenes = vec![sts("role.token.x"), token("t1"), text("GET /x", 200, "")];
    let server = Scripted::start(scenes).await;
    let answer = call(&server, web_identity(&server)).await.unwrap();
    assert_eq!(answer.status, 200);

    let seen = server.seen();
    let asked: Vec<(String, String)> =
        url::form_urlencoded::parse(seen[0].body.as_bytes()).into_owned().collect();
    for (name, value) in [
        ("Action", "GetWebIdentityToken"),
        ("Audience.member.1", AUDIENCE),
        ("DurationSeconds", "300"),
        ("SigningAlgorithm", "RS256"),
    ] {
        assert!(asked.contains(&(name.to_owned(), value.to_owned())), "{name} in {asked:?}");
    }
    let form = &forms(&server)[0];
    assert_eq!(assertion(form), "role.token.x");
    assert!(!names(form).contains(&"client_secret"));
}

#[tokio::test]
async fn one_token_of_aws_is_good_for_every_try() {
    let busy = json("POST /token", 503, json!({})).with("retry-after", "0");
    let scenes = vec![sts("role.token.x"), busy, token("t1"), text("GET /x", 200, "")];
    let server = Scripted::start(scenes).await;
    call(&server, web_identity(&server)).await.unwrap();
    let sent: Vec<String> = forms(&server).iter().map(|it| assertion(it)).collect();
    assert_eq!(sent, ["role.token.x", "role.token.x"]);
    assert_eq!(server.seen().iter().filter(|it| it.line == "POST /").count(), 1);
}

#[tokio::test]
async fn without_a_token_of_aws_the_directory_is_not_asked() {
    for (scene, passes, expected) in [
        (
            refusal(403, "AccessDenied"),
            false,
            "AWS STS gives no token (AccessDenied); the role needs `sts:GetWebIdentityToken`",
        ),
        (
            refusal(403, "OutboundWebIdentityFederationDisabledException"),
            false,
            "the AWS account gives no tokens for others; switch on outbound identity federation \
             under IAM > Account settings",
        ),
        (refusal(400, "Throttling"), true, "AWS STS is busy or out of reach"),
        (refusal(503, "ServiceUnavailable"), true, "AWS STS is busy or out of reach"),
        (sts(""), false, "AWS STS gives no token (its answer has none)"),
    ] {
        let server = Scripted::start(vec![scene]).await;
        let error = call(&server, web_identity(&server)).await.unwrap_err();
        let said = error.said();
        assert!(said.starts_with("sign-in for Contoso was not tried: "), "{said}");
        assert!(said.contains(expected), "{said}");
        let is_busy = matches!(error.into_delivery_error(), DeliveryError::Busy { .. });
        assert_eq!(is_busy, passes, "{said}");
        assert!(forms(&server).is_empty());
    }
}

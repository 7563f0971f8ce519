//! What Microsoft Graph sends for a subscription: a handshake, and change notifications.
//!
//! Neither is signed: a notification shows the `clientState` that its subscription was made with. It
//! brings no alert, and nothing is done for it: the feed of Graph is read every minute anyway. So
//! there is nothing to store, and the answer is there at once.

mod notification;

use defuse_lambda::ReceiveApp;
use lambda_http::{Body, Request, Response};
use tracing::{info, warn};
use url::form_urlencoded;

use self::notification::{Notification, Notifications, Told};
use crate::answer::{Refusal, noted, validated};

/// The parameter of a handshake
const VALIDATION_TOKEN: &str = "validationToken";
/// The longest token of a handshake that is answered, in bytes
const VALIDATION_TOKEN_BYTES_MAX: usize = 1_024;

/// Answers a request that is a handshake or has notifications; none where it is neither, or where
/// the settings name no notifications
pub(crate) fn answer(
    app: &ReceiveApp,
    request: &Request,
) -> Result<Option<Response<Body>>, Refusal> {
    if app.client_states.is_empty() {
        return Ok(None);
    }
    if let Some(token) = validation_token(request.uri().query().unwrap_or_default()) {
        if token.is_empty() || token.len() > VALIDATION_TOKEN_BYTES_MAX {
            return Err(Refusal::ValidationToken);
        }
        info!("answered the handshake of a subscription at Graph");
        return Ok(Some(validated(token)));
    }
    let Some(read) = Notifications::read(request.body().as_ref(), &app.client_states) else {
        return Ok(None);
    };
    if read.n_wrong > 0 {
        warn!(wrong = read.n_wrong, "left out notifications whose client state is wrong");
    }
    if read.right.is_empty() {
        return Err(Refusal::WrongClientState);
    }
    read.right.iter().for_each(say);
    Ok(Some(noted(read.right.len(), read.n_wrong)))
}

/// The token of a handshake, as it was before it was put into the address
fn validation_token(query: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == VALIDATION_TOKEN)
        .map(|(_, token)| token.into_owned())
}

/// Says in the log what a notification tells, and what is to be done
fn say(notification: &Notification) {
    let id = notification.subscription.as_deref().unwrap_or("of no readable id");
    match &notification.told {
        Told::Changed { resource } => {
            info!(subscription = id, resource = resource, "Graph says that something changed");
        }
        Told::ReauthorizationRequired => {
            warn!(
                subscription = id,
                "subscription `{id}` at Graph ends soon: POST /subscriptions/{id}/reauthorize"
            );
        }
        Told::SubscriptionRemoved => {
            warn!(subscription = id, "subscription `{id}` at Graph is removed: create it anew");
        }
        Told::Missed => {
            warn!(
                subscription = id,
                "subscription `{id}` at Graph missed changes: see that alerts are polled"
            );
        }
        Told::Unknown => {
            warn!(
                subscription = id,
                "subscription `{id}` at Graph has an event that we do not know"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_of_a_handshake_is_read_as_a_form_is() {
        for (query, token) in [
            ("validationToken=abc", Some("abc")),
            (
                "a=b&validationToken=Validation%3a+Testing%20client%2B1",
                Some("Validation: Testing client+1"),
            ),
            ("validationToken=%3Cscript%3E%C3%A9", Some("<script>é")),
            ("validationToken=", Some("")),
            ("validationToken", Some("")),
            ("validationtoken=abc", None),
            ("", None),
        ] {
            assert_eq!(validation_token(query).as_deref(), token, "for {query}");
        }
    }
}

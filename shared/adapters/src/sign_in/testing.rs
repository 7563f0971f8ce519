//! An application that may sign in at a scripted server, for tests.
//!
//! Permissions: none.

use super::{Application, Credential};
use crate::{scripted::Scripted, secret::Secret};

/// It has a client secret, and tokens are to be had at `/token`
pub(crate) fn application(server: &Scripted) -> Application {
    Application {
        token_url: format!("{}/token", server.address()),
        client_id: "app".to_owned(),
        credential: Credential::ClientSecret(Secret::new("s3cret&more")),
    }
}

//! Tokens, as they are sent and answered.

use defuse_adapters::{NewToken, TOKEN_DAYS_MAX};
use defuse_flow::StoredToken;
use serde_json::{Value, json};

use crate::shape::{Shape, grants, integer, list, object, or_null, short, text, time};

/// Tokens, a page of them
pub(super) const TOKENS: Shape =
    Shape { name: "Tokens", schema: || object(&[("tokens", list(stored()))], &[("next", text())]) };
/// What a token is to be
pub(super) const NEW: Shape = Shape {
    name: "NewToken",
    schema: || {
        let days = integer(1, TOKEN_DAYS_MAX.unsigned_abs());
        object(&[("name", short(64)), ("grants", grants())], &[("days", days)])
    },
};
/// A token, with its secret
pub(super) const CREATED: Shape = Shape {
    name: "CreatedToken",
    schema: || object(&[("token", text()), ("stored", stored())], &[]),
};
/// That a token is revoked
pub(super) const REVOKED: Shape =
    Shape { name: "Revoked", schema: || object(&[("id", text())], &[]) };

fn stored() -> Value {
    object(
        &[
            ("id", text()),
            ("name", text()),
            ("grants", grants()),
            ("created", time()),
            ("createdBy", text()),
            ("expires", time()),
            ("revoked", or_null(time())),
            ("used", or_null(time())),
        ],
        &[],
    )
}

pub(super) fn token(token: &StoredToken) -> Value {
    json!({
        "id": token.id,
        "name": token.name,
        "grants": token.grants,
        "created": token.created,
        "createdBy": token.created_by,
        "expires": token.expires,
        "revoked": token.revoked,
        "used": token.used,
    })
}

/// The only place where a token is written out
pub(super) fn created(new: &NewToken) -> Value {
    json!({ "token": new.token.expose(), "stored": token(&new.stored) })
}

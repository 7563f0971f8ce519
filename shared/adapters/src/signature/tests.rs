use super::*;

// The vector that the specification publishes.
const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const SENT: i64 = 1_614_265_330;
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const OTHER_KEY: &str = "whsec_b3RoZXJvdGhlcm90aGVyb3RoZXJvdGhlcg==";

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[track_caller]
fn check(
    (id, timestamp, signature): (&str, &str, &str),
    now: i64,
    expected: Result<(), SignatureError>,
) {
    let keys = [SigningKey::parse(OTHER_KEY).unwrap(), SigningKey::parse(KEY).unwrap()];
    let headers = SignatureHeaders { id, timestamp, signature };
    assert_eq!(verify(&keys, headers, BODY, at(now)), expected, "for {headers:?} at {now}");
}

#[test]
fn the_published_vector_is_signed_as_published() {
    let key = SigningKey::parse(KEY).unwrap();
    assert_eq!(key.sign(ID, at(SENT), BODY), SIGNATURE);
    assert_eq!(format!("{key:?}"), "<secret>");
}

#[test]
fn a_message_is_taken_only_if_signed_with_a_key_of_ours() {
    let sent = SENT.to_string();
    let wrong = Err(SignatureError::Wrong);
    check((ID, &sent, SIGNATURE), SENT, Ok(()));
    check((ID, &sent, &format!("v1,AAAA v1a,x {SIGNATURE}")), SENT, Ok(()));
    check(("msg_other", &sent, SIGNATURE), SENT, wrong);
    check((ID, &(SENT + 1).to_string(), SIGNATURE), SENT, wrong);
    check((ID, &sent, "v1a,whatever"), SENT, wrong);
    check((ID, &sent, "v1,"), SENT, wrong);
    check((ID, &sent, &SIGNATURE.replacen('g', "h", 1)), SENT, wrong);
    let past_the_bound = format!("{}{SIGNATURE}", "v1,AAAA ".repeat(SIGNATURES_MAX));
    check((ID, &sent, &past_the_bound), SENT, wrong);
    let headers = SignatureHeaders { id: ID, timestamp: &sent, signature: SIGNATURE };
    assert_eq!(verify(&[], headers, BODY, at(SENT)), wrong);
    let key = SigningKey::parse(KEY).unwrap();
    assert_eq!(verify(&[key], headers, b"{}", at(SENT)), wrong);
}

#[test]
fn a_message_is_stale_one_second_past_five_minutes() {
    let sent = SENT.to_string();
    check((ID, &sent, SIGNATURE), SENT + 300, Ok(()));
    check((ID, &sent, SIGNATURE), SENT + 301, Err(SignatureError::Stale));
    check((ID, &sent, SIGNATURE), SENT - 300, Ok(()));
    check((ID, &sent, SIGNATURE), SENT - 301, Err(SignatureError::Stale));
    check((ID, &i64::MIN.to_string(), SIGNATURE), SENT, Err(SignatureError::Stale));
}

#[test]
fn missing_and_malformed_headers_are_named() {
    let sent = SENT.to_string();
    check(("", &sent, SIGNATURE), SENT, Err(SignatureError::Missing(WEBHOOK_ID)));
    check((ID, " ", SIGNATURE), SENT, Err(SignatureError::Missing(WEBHOOK_TIMESTAMP)));
    check((ID, &sent, ""), SENT, Err(SignatureError::Missing(WEBHOOK_SIGNATURE)));
    for timestamp in ["now", "+1614265330", "01614265330", "1614265330.0", "1614265330 "] {
        let malformed = Err(SignatureError::Malformed(WEBHOOK_TIMESTAMP));
        check((ID, timestamp, SIGNATURE), SENT, malformed);
    }
    for signature in ["v1", "v1,not base64", "v1,!", "g0hM9SsE"] {
        let malformed = Err(SignatureError::Malformed(WEBHOOK_SIGNATURE));
        check((ID, &sent, signature), SENT, malformed);
    }
}

#[test]
fn a_key_is_prefixed_base64_of_a_safe_length() {
    let key = |n_bytes| format!("whsec_{}", BASE64.encode(vec![7; n_bytes]));
    assert!(SigningKey::parse(&key(24)).is_ok());
    assert!(SigningKey::parse(&key(64)).is_ok());
    assert!(matches!(SigningKey::parse(&key(23)), Err(SigningKeyError::Length(23))));
    assert!(matches!(SigningKey::parse(&key(65)), Err(SigningKeyError::Length(65))));
    for text in ["", "whsec_", "whsec_%", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
        let error = SigningKey::parse(text).unwrap_err();
        assert!(text.len() < 7 || !error.to_string().contains(text), "{error}");
    }
}

#[test]
fn a_token_is_one_of_ours_or_it_is_not() {
    let expected = ["old", "new", ""].map(|it| Secret::new(it.to_owned()));
    assert!(verify_token(&expected, "old"));
    assert!(verify_token(&expected, "new"));
    assert!(!verify_token(&expected, "ne"));
    assert!(!verify_token(&expected, "newer"));
    assert!(!verify_token(&expected, ""));
    assert!(!verify_token(&[], "old"));
}

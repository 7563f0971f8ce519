//! Settings: what they say, and what is refused.

use super::*;

#[test]
fn an_empty_tenant_has_settings_too() {
    let settings = Settings::parse("f", "apiVersion: defuse/v1\nkind: Settings\n").unwrap();
    assert_eq!(settings, Settings::default());
}

#[test]
fn a_feed_is_on_where_its_source_is_and_says_nothing_else() {
    check("graph", "", |it| it.graph.map(|it| it.poll), true);
    check("graph", ", poll: false", |it| it.graph.map(|it| it.poll), false);
    check("cloudApps", "", |it| it.cloud_apps.map(|it| it.poll), false);
    check("cloudApps", ", poll: true", |it| it.cloud_apps.map(|it| it.poll), true);
}

#[test]
fn the_allow_list_is_written_to_where_the_settings_say() {
    let of = |more: &str| {
        let text = format!(
            "{HEAD}endpoint: {{ baseUrl: https://x.example/, tokenUrl: https://x.example, \
             clientId: a{more} }}\n"
        );
        Settings::parse("f", &text)
    };
    let settings = of(", clientSecret: { env: B }").unwrap();
    assert_eq!(settings.secrets(), [&SecretRef::Env("B".to_owned())]);
    assert_eq!(settings.endpoint.unwrap().base_url, "https://x.example");
    for wrong in ["", ", clientSecret: { env: B }, poll: true"] {
        assert_eq!(of(wrong).unwrap_err().len(), 1, "for {wrong}");
    }
}

#[test]
fn a_mailbox_asks_only_where_it_is_named() {
    let read = |more: &str| {
        let text = format!(
            "{HEAD}graph: {{ baseUrl: https://x.example, tokenUrl: https://x.example, \
             clientId: a, clientSecret: {{ env: B }}{more} }}\n"
        );
        Settings::parse("f", &text).map(|it| it.graph.unwrap().mail_tips_from)
    };
    assert_eq!(read("").unwrap(), None);
    let named = read(", mailTipsFrom: soc@contoso.example").unwrap();
    assert_eq!(named.as_deref(), Some("soc@contoso.example"));
    for odd in ["''", "[]"] {
        assert_eq!(read(&format!(", mailTipsFrom: {odd}")).unwrap_err().len(), 1, "{odd}");
    }
}

#[track_caller]
fn check(part: &str, more: &str, read: fn(Settings) -> Option<bool>, expected: bool) {
    let url = "baseUrl: https://x.example";
    let rest = match part {
        "graph" => "tokenUrl: https://x.example, clientId: a, clientSecret: { env: B }",
        _ => "token: { env: B }",
    };
    let text = format!("{HEAD}{part}: {{ {url}, {rest}{more} }}\n");
    assert_eq!(read(Settings::parse("f", &text).unwrap()), Some(expected), "for {text}");
}

#[test]
fn people_are_told_in_a_channel_that_there_is() {
    let channels = "channels: { soc: { kind: slack, url: { env: A } } }\n";
    let text = format!("{HEAD}{channels}operations: {{ channel: soc }}\n");
    let settings = Settings::parse("f", &text).unwrap();
    assert_eq!(settings.operations_channel.as_deref(), Some("soc"));

    let problems = Settings::parse("f", &text.replace("channel: soc", "channel: sco"));
    let problems = problems.unwrap_err();
    assert_eq!((problems.len(), problems[0].code), (1, Code::UnknownReference));
    assert_eq!((problems[0].line, problems[0].help.as_deref()), (4, Some("did you mean `soc`?")));
}

#[test]
fn what_graph_shows_is_named_and_may_be_two() {
    let of = |body: &str| {
        Settings::parse("f", &format!("{HEAD}receive: {{ graphNotifications: {body} }}\n"))
    };
    let settings = of("{ clientStates: [{ env: A }, { secretsManager: b }] }").unwrap();
    let expected = [SecretRef::Env("A".to_owned()), SecretRef::SecretsManager("b".to_owned())];
    assert_eq!(settings.client_states, expected);
    assert_eq!(settings.secrets(), expected.iter().collect::<Vec<_>>());
    for wrong in ["{}", "{ clientStates: [] }", "{ clientStates: [hunter2] }", "hunter2"] {
        let problems = of(wrong).unwrap_err();
        assert_eq!((problems.len(), problems[0].line), (1, 3), "for {wrong}");
        assert!(!problems[0].to_string().contains("[hunter2]"), "for {wrong}");
    }
}

const HEAD: &str = "apiVersion: defuse/v1\nkind: Settings\n";

#[test]
fn a_secret_in_the_file_is_refused_and_not_repeated() {
    let text = "apiVersion: defuse/v1\nkind: Settings\nreceive: { tokens: [hunter2] }\n";
    let problems = Settings::parse("f", text).unwrap_err();
    assert_eq!((problems.len(), problems[0].line), (1, 3));
    assert!(!problems[0].to_string().contains("hunter2"));
}

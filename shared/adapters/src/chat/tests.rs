//! Every channel over a loopback server, with text that means harm, and at its largest.

mod hostile;
mod posting;
mod size;
mod snapshots;

use defuse_domain::{About, AlertId, Notification, Severity, SourceTemplate, Template};

fn notification(template: Template) -> Notification {
    let facts = [
        ("User", "kim_lee@contoso.example"),
        ("Service source", "Microsoft Defender for Cloud Apps"),
        ("Outcome", "Resolved: informational, expected activity (confirmed activity)"),
    ];
    Notification {
        id: "ca1@2026-11-20T10:00:00.000000000Z#0/notify/soc/resolved".to_owned(),
        channel: "soc".to_owned(),
        about: About::Alert {
            template,
            alert_id: AlertId::parse("ca1").unwrap(),
            severity: Some(Severity::Medium),
        },
        title: "Impossible travel activity".to_owned(),
        facts: facts.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        reasons: [
            "The user is out of office: automatic replies are on until 2026-11-27 & beyond.",
            "The user isn't at high risk: risk level is *low* <none>.",
        ]
        .map(str::to_owned)
        .into(),
        url: Some("https://security.microsoft.com/alerts/ca1?tid=1".to_owned()),
    }
}

fn about_a_source(template: SourceTemplate) -> Notification {
    let what = "No alert comes from there meanwhile; nothing is lost, for reading goes on where it \
        stopped.";
    Notification {
        id: "feed/graph/2026-11-20T10:00:00Z/sourceDown".to_owned(),
        channel: "soc".to_owned(),
        about: About::Source { template, source: "Microsoft Graph".to_owned() },
        title: "Microsoft Graph".to_owned(),
        facts: vec![("Since".to_owned(), "2026-11-20T10:00:00Z".to_owned())],
        reasons: vec![
            "Microsoft Graph refused (Forbidden: No.): grant `SecurityAlert.Read.All`".to_owned(),
            what.to_owned(),
        ],
        url: None,
    }
}

//! What `defuse tuning preview` and `why` do not know, and say so.

use crate::tuning::{folder, preview, rule};

#[test]
fn what_is_not_asked_is_said() {
    let folder = folder();
    let asks = "{ all: [{ alert: { severity: { atMost: medium } } }, { evidence: any }, \
        { any: [{ userInGroup: 3a1f0c2e-0000-4000-8000-000000000001 }, { allowListed: any }] }] }";
    folder.write("oslo.yaml", &rule("oslo", &[("condition", asks)]));
    let out = preview(&folder, &[]).out;
    for part in [
        "of 4 nobody can say",
        "NOT ASKED: `userInGroup`; groups of users are in the directory",
        "NOT ASKED: `allowListed`; no table is named",
        "NOT ASKED: rules that people saved; no table is named",
    ] {
        assert!(out.contains(part), "{part} is not in {out}");
    }
    let why = folder.run(&["tuning", "why", "oslo.yaml", "a1", "--alerts", "alerts"]).out;
    assert!(why.contains("tuning rule oslo (hide) cannot be decided"), "{why}");
    assert!(why.contains("NOT ASKED: `userInGroup`; groups of users are in the"), "{why}");
}

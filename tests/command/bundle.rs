//! `defuse bundle`: what a deployment takes along, named by its content.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::folder::Folder;

const PLAYBOOK: &str = "infra/playbooks/legitimate-travel.yaml";

fn folder() -> Folder {
    let folder = Folder::new();
    folder.events();
    folder
}

/// What the bundle is called
#[track_caller]
fn bundle(folder: &Folder, out: &str) -> String {
    let ran = folder.run(&["bundle", "--out", out]);
    assert_eq!((ran.code, ran.said.as_str()), (Some(0), ""));
    ran.out.trim_end().to_owned()
}

/// Every file below a folder, by its path from there
fn files(folder: &Path) -> BTreeSet<PathBuf> {
    fn walk(root: &Path, folder: &Path, found: &mut BTreeSet<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(root, &path, found);
            } else {
                found.insert(path.strip_prefix(root).unwrap().to_owned());
            }
        }
    }
    let mut found = BTreeSet::new();
    walk(folder, folder, &mut found);
    found
}

#[test]
fn a_bundle_has_the_configuration_and_the_alerts_of_its_tests() {
    let folder = folder();
    folder.write("infra/playbooks/notes.txt", "not of the configuration");
    let digest = bundle(&folder, "out");
    let found = files(&folder.path("out"));
    let shipped = fs::read_to_string(folder.path(PLAYBOOK)).unwrap();
    let named = shipped.lines().filter_map(|it| it.trim().strip_prefix("alert: events/"));
    let mut expected: BTreeSet<PathBuf> = named.map(|it| Path::new("events").join(it)).collect();
    assert!(expected.len() > 5);
    expected.extend(["infra/bundle.json", "infra/settings.yaml", PLAYBOOK].map(PathBuf::from));
    assert_eq!(found, expected);
    for file in found.iter().filter(|it| !it.ends_with("bundle.json")) {
        let [copy, original] = [folder.path("out").join(file), folder.path("").join(file)];
        assert_eq!(fs::read(copy).unwrap(), fs::read(original).unwrap(), "{file:?}");
    }
    let manifest = fs::read(folder.path("out/infra/bundle.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(manifest["digest"], digest);

    // What was written passes as it was, and is called the same.
    let ran = folder.run(&["check", "out/infra"]);
    assert!(ran.out.ends_with(&format!("bundle {digest}\n")), "{}", ran.out);
}

#[test]
fn a_name_is_of_the_content_alone() {
    let folder = folder();
    let playbook = fs::read_to_string(folder.path(PLAYBOOK)).unwrap();
    let second = playbook.replace("name: legitimate-travel", "name: second");
    folder.write("infra/playbooks/a.yaml", &second);
    let digest = bundle(&folder, "one");
    assert_eq!(bundle(&folder, "one"), digest);

    // Written in another order, at another place, at another time
    let other = Folder::new();
    other.events();
    fs::remove_file(other.path(PLAYBOOK)).unwrap();
    other.write("infra/playbooks/a.yaml", &second);
    other.write(PLAYBOOK, &playbook);
    assert_eq!(bundle(&other, "elsewhere/two"), digest);

    for (file, from, to) in [
        (PLAYBOOK, "perHour: 30", "perHour: 31"),
        (PLAYBOOK, "signs in from elsewhere.", "signs in from elsewhere. "),
        ("infra/settings.yaml", "apiVersion", "# A note\napiVersion"),
    ] {
        let text = fs::read_to_string(other.path(file)).unwrap();
        other.write(file, &text.replacen(from, to, 1));
        assert_ne!(bundle(&other, "elsewhere/two"), digest, "{to}");
        other.write(file, &text);
    }
    // A file under another name is another bundle too.
    fs::rename(other.path("infra/playbooks/a.yaml"), other.path("infra/playbooks/b.yaml")).unwrap();
    assert_ne!(bundle(&other, "elsewhere/two"), digest);
}

#[test]
fn an_older_bundle_goes_and_nothing_else() {
    let folder = folder();
    let playbook = fs::read_to_string(folder.path(PLAYBOOK)).unwrap();
    folder.write("infra/playbooks/gone.yaml", &playbook.replace("name: legitimate", "name: gone"));
    bundle(&folder, "out");
    for mine in ["out/mine.txt", "out/events/mine.json", "out/events/receive/mine.json"] {
        folder.write(mine, "mine");
    }
    fs::remove_file(folder.path("infra/playbooks/gone.yaml")).unwrap();
    let digest = bundle(&folder, "out");

    let found = files(&folder.path("out"));
    assert!(!found.contains(Path::new("infra/playbooks/gone.yaml")), "{found:?}");
    for mine in ["mine.txt", "events/mine.json", "events/receive/mine.json"] {
        assert!(found.contains(Path::new(mine)), "{mine} is gone");
    }
    let ran = folder.run(&["check", "out/infra"]);
    assert!(ran.out.contains(&digest), "{}", ran.out);
}

#[test]
fn a_folder_that_is_no_bundle_is_left_alone() {
    let folder = folder();
    let before = files(&folder.path(""));
    let check = |out: &str| {
        let ran = folder.run(&["bundle", "--out", out]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(1), ""), "{out}");
        assert!(ran.said.contains("infra has files that are not of a bundle"), "{}", ran.said);
        assert_eq!(files(&folder.path("")), before, "{out}");
    };
    check(".");
    check("./");
    let here = folder.path("").display().to_string();
    check(&here);

    // Somebody's file in the bundle's own folder would be deployed with it.
    bundle(&folder, "out");
    folder.write("out/infra/playbooks/mine.yaml", "mine");
    let ran = folder.run(&["bundle", "--out", "out"]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert_eq!(fs::read_to_string(folder.path("out/infra/playbooks/mine.yaml")).unwrap(), "mine");
}

#[test]
fn a_manifest_cannot_name_files_elsewhere() {
    let folder = folder();
    folder.write("precious.txt", "precious");
    let absolute = folder.path("precious.txt").display().to_string();
    let manifest =
        serde_json::json!({ "digest": "sha256:0", "files": ["../precious.txt", absolute] });
    folder.write("out/infra/bundle.json", &manifest.to_string());
    bundle(&folder, "out");
    assert_eq!(fs::read_to_string(folder.path("precious.txt")).unwrap(), "precious");
}

#[test]
fn a_bundle_can_be_written_over_itself() {
    let folder = folder();
    let digest = bundle(&folder, "out");
    let before = files(&folder.path("out"));
    let ran = folder.run(&["bundle", "out/infra", "--out", "out"]);
    assert_eq!((ran.code, ran.out.trim_end()), (Some(0), digest.as_str()), "{}", ran.said);
    assert_eq!(files(&folder.path("out")), before);
}

#[test]
fn a_configuration_with_mistakes_is_not_written() {
    let folder = folder();
    let digest = bundle(&folder, "out");
    let playbook = fs::read_to_string(folder.path(PLAYBOOK)).unwrap();
    let check = |mistaken: &str, code: &str| {
        folder.write(PLAYBOOK, mistaken);
        let ran = folder.run(&["bundle", "--out", "out"]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
        assert!(ran.said.contains(&format!("error[{code}]: ")), "{}", ran.said);
        let manifest = fs::read_to_string(folder.path("out/infra/bundle.json")).unwrap();
        assert!(manifest.contains(&digest), "{manifest}");
    };
    check("a: [b\n", "P001");
    check(&playbook.replacen("expect: resolved", "expect: open", 1), "P019");
}

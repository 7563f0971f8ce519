//! Who may depend on whom: inwards only.

use crate::repository::{dependencies, files_like, quoted, read, section};

/// Everything that domain may use
const DOMAIN: [&str; 6] = ["jiff", "rrule", "saphyr-parser", "serde", "serde_json", "thiserror"];

/// Each crate of ours, and those of ours that it may use
const INWARDS: [(&str, &[&str]); 6] = [
    ("shared/domain", &[]),
    ("shared/flow", &["domain"]),
    ("shared/adapters", &["domain", "flow"]),
    ("shared/lambda", &["domain", "flow", "adapters"]),
    ("shared/testkit", &["domain", "flow"]),
    ("functions/", &["domain", "flow", "adapters", "lambda"]),
];

/// What flow must not know: services, protocols, the cloud
const SERVICES: [&str; 14] = [
    "aws",
    "cloudapps",
    "cloud_apps",
    "dynamodb",
    "graph",
    "http",
    "lambda",
    "microsoft",
    "reqwest",
    "slack",
    "sns",
    "sqs",
    "teams",
    "tokio",
];

#[test]
fn domain_has_no_other_dependencies() {
    assert_eq!(dependencies(&read("shared/domain/Cargo.toml"), "dependencies"), DOMAIN);
}

#[test]
fn dependencies_point_inwards() {
    for manifest in manifests() {
        let allowed = INWARDS.iter().find(|(folder, _)| manifest.starts_with(folder));
        let Some((_, allowed)) = allowed else {
            // The command and the tests stand outside all others.
            let is_outermost = manifest == "infra/cli/Cargo.toml" || manifest == "tests/Cargo.toml";
            assert!(is_outermost, "{manifest} is of no layer: name it in `INWARDS`");
            continue;
        };
        for name in dependencies(&read(&manifest), "dependencies") {
            if let Some(ours) = name.strip_prefix("defuse-") {
                assert!(allowed.contains(&ours), "{manifest} depends on {name}, which is outside");
            }
        }
    }
}

#[test]
fn only_the_outside_knows_lambda() {
    for manifest in manifests() {
        let may = ["shared/lambda/", "functions/", "infra/cli/", "tests/"];
        let knows = dependencies(&read(&manifest), "dependencies")
            .iter()
            .any(|it| it.starts_with("lambda_") || it == "aws_lambda_events");
        assert!(!knows || may.iter().any(|it| manifest.starts_with(it)), "{manifest} knows Lambda");
    }
}

#[test]
fn flow_names_no_service() {
    for file in files_like(".rs").iter().filter(|it| it.starts_with("shared/flow/src/")) {
        for (index, line) in read(file).lines().enumerate() {
            let line = line.to_lowercase();
            let mut words = line.split(|it: char| !it.is_alphanumeric() && it != '_');
            let named = words.find(|it| SERVICES.contains(it));
            assert_eq!(named, None, "{file}:{} names a service", index + 1);
        }
    }
}

#[test]
fn only_the_outside_reads_the_environment() {
    let reads = concat!("env", "::var");
    for file in files_like(".rs") {
        let may = ["shared/lambda/", "infra/cli/", "tests/"].iter().any(|it| file.starts_with(it));
        let is_test = file.contains("/tests/") || file.starts_with("shared/testkit/");
        assert!(may || is_test || !read(&file).contains(reads), "{file} reads the environment");
    }
}

#[test]
fn every_crate_has_the_lints_of_the_workspace() {
    for manifest in manifests() {
        assert_eq!(section(&read(&manifest), "lints"), ["workspace = true"], "in {manifest}");
    }
}

#[test]
fn every_dependency_is_named_once_for_all() {
    for manifest in manifests() {
        let toml = read(&manifest);
        for name in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for line in section(&toml, name) {
                let shared =
                    line.contains(".workspace = true") || line.contains("workspace = true,");
                assert!(shared, "{manifest}: `{line}` is not from `[workspace.dependencies]`");
            }
        }
    }
}

#[test]
fn the_actions_in_the_architecture_are_those_that_the_adapters_need() {
    let document = read("ARCHITECTURE.md");
    let mut told: Vec<(String, Vec<String>)> = Vec::new();
    for row in crate::repository::table(&document, "What each function may do at AWS") {
        let [module, actions, _] = &row[..] else { panic!("not three columns: {row:?}") };
        let module = quoted(module).next().unwrap_or_default().to_owned();
        let mut actions: Vec<String> = quoted(actions).map(str::to_owned).collect();
        actions.sort();
        told.push((module, actions));
    }
    let mut needed: Vec<(String, Vec<String>)> = Vec::new();
    for file in files_like(".rs") {
        let Some(module) = file.strip_prefix("shared/adapters/src/") else { continue };
        let text = read(&file);
        let header: String = text.lines().take_while(|it| it.starts_with("//!")).collect();
        let mut actions: Vec<String> = quoted(&header)
            .filter(|it| {
                ["dynamodb:", "secretsmanager:", "sns:", "sts:"].iter().any(|at| it.starts_with(at))
            })
            .map(str::to_owned)
            .collect();
        if !actions.is_empty() {
            actions.sort();
            needed.push((module.trim_end_matches(".rs").to_owned(), actions));
        }
    }
    told.sort();
    needed.sort();
    assert_eq!(told, needed);
}

fn manifests() -> Vec<String> {
    let found = files_like("Cargo.toml");
    found.into_iter().filter(|it| it != "Cargo.toml").collect()
}

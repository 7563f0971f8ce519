//! Documents that tell what the code does: what they name is there, and what is there they name.

use std::collections::BTreeSet;

use defuse_domain::Code;

use crate::repository::{files, files_like, quoted, read, root, table};

/// The reference of the codes, with a bad and a good document for each
const DIAGNOSTICS: &str = "docs/reference/diagnostics.md";

/// Files that are under way elsewhere: they may be named before they are there
const UNDER_WAY: [&str; 4] =
    ["tests/command.rs", "tests/functions.rs", "tests/host.rs", "tests/samples.rs"];

#[test]
fn every_sample_event_is_in_the_list_and_used() {
    let listed = read("events/README.md");
    let all = files();
    let events = all.iter().filter(|it| it.starts_with("events/") && *it != "events/README.md");
    let mut folders = BTreeSet::new();
    for event in events {
        let (_, path) = event.split_once('/').unwrap();
        assert!(listed.contains(&format!("]({path})")), "{event} is not in events/README.md");
        folders.insert(event.rsplit_once('/').unwrap().0.to_owned());
    }
    for link in links(&listed) {
        assert!(root().join("events").join(&link).exists(), "events/README.md names {link}");
    }
    // A folder is read whole by whoever names it.
    let sources: Vec<String> = files_like(".rs").iter().map(|it| read(it)).collect();
    for folder in folders {
        assert!(sources.iter().any(|it| it.contains(&folder)), "nobody reads {folder}");
    }
}

#[test]
fn every_link_leads_somewhere() {
    for file in files_like(".md") {
        let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
        for link in links(&read(&file)) {
            let path = link.split('#').next().unwrap_or_default();
            let is_here = !path.is_empty() && !path.contains("://");
            let target = format!("{folder}/{path}");
            let target = target.trim_start_matches('/');
            let leads = !is_here || root().join(target).exists();
            assert!(leads, "{file} links to {link}, which is not there");
        }
    }
}

#[test]
fn every_promise_names_tests_that_there_are() {
    let promises = read("docs/reference/promises.md");
    let mut n_named = 0;
    for promise in promises.split("\n## ").skip(1) {
        let (title, _) = promise.split_once('\n').unwrap();
        let named: Vec<&str> =
            quoted(promise).filter(|it| it.strip_suffix(".rs").is_some()).collect();
        assert!(!named.is_empty(), "no test is named for {title:?}");
        for file in named {
            n_named += 1;
            let is_there = UNDER_WAY.contains(&file) || root().join(file).exists();
            assert!(is_there, "{file}, named for {title:?}, is not there");
        }
    }
    assert!(n_named > 7, "only {n_named} tests are named");
}

#[test]
fn documents_name_codes_that_there_are() {
    let known: BTreeSet<&str> = Code::ALL.iter().map(|it| it.name()).collect();
    for file in files_like(".md") {
        let text = read(&file);
        for word in text.split(|it: char| !it.is_ascii_alphanumeric()) {
            let is_code = word.len() == 4
                && word.starts_with('P')
                && word.get(1..).is_some_and(|it| it.bytes().all(|it| it.is_ascii_digit()));
            assert!(!is_code || known.contains(word), "{file} names {word}, which is no code");
        }
    }
    let reference = read(DIAGNOSTICS);
    for code in known {
        assert!(reference.contains(code), "{DIAGNOSTICS} does not tell of {code}");
    }
}

#[test]
fn the_log_lines_in_the_architecture_are_those_in_the_code() {
    let document = read("ARCHITECTURE.md");
    let sources: String = files_like(".rs")
        .iter()
        .filter(|it| !it.starts_with("tests/"))
        .map(|it| read(it))
        .collect();
    for row in table(&document, "What each function logs") {
        let [_, level, message, fields] = &row[..] else { panic!("not four columns: {row:?}") };
        let message = message.trim_matches('"').replace("\\`", "`");
        assert!(sources.contains(&message), "nothing logs {message:?}");
        let level = quoted(level).next().unwrap_or_default();
        assert!(["error", "warn", "info"].contains(&level), "{level} is no level");
        for field in quoted(fields) {
            assert!(sources.contains(&format!("{field} =")), "nothing logs the field {field}");
        }
    }
}

#[test]
fn the_costs_in_the_architecture_are_those_that_are_measured() {
    let document = read("ARCHITECTURE.md");
    let costs = read("tests/contract/costs.rs");
    for row in table(&document, "The table") {
        let sizes = row.get(3).map_or("", String::as_str).replace(',', "");
        for size in sizes.split('–').filter(|it| !it.is_empty()) {
            assert!(costs.contains(&format!(": {size}\n")), "no item has {size} bytes");
        }
    }
    let told = table(&document, "What each step costs").into_iter().map(|row| {
        let [_, numbers @ ..] = &row[..] else { panic!("no step in {row:?}") };
        numbers.iter().map(|it| if it.is_empty() { "0" } else { it }.to_owned()).collect()
    });
    let measured = costs.lines().filter_map(|line| {
        let (_, units) = line.trim().split_once(": ")?;
        let units = units.strip_suffix(" read")?.replace(" + ", " ").replace(" write,", "");
        (!units.contains('{')).then(|| units.split(' ').map(str::to_owned).collect())
    });
    let mut measured: Vec<Vec<String>> = measured.collect();
    // Effects but the last cost the same.
    measured.dedup();
    assert_eq!(told.collect::<Vec<Vec<String>>>(), measured);
}

#[test]
fn the_architecture_tells_of_every_crate() {
    let document = read("ARCHITECTURE.md");
    for manifest in files_like("/Cargo.toml") {
        let folder = manifest.trim_end_matches("/Cargo.toml");
        assert!(document.contains(&format!("`{folder}`")), "ARCHITECTURE.md leaves out {folder}");
    }
}

#[test]
fn decisions_are_numbered_without_a_gap_and_have_all_parts() {
    let records: Vec<String> =
        files_like(".md").into_iter().filter(|it| it.starts_with("docs/adr/")).collect();
    for (index, file) in records.iter().enumerate() {
        let number = format!("docs/adr/{:04}-", index + 1);
        assert!(file.starts_with(&number), "{file} should begin with {number}");
        let text = read(file);
        for part in ["## Context", "## Decision", "## Consequences", "## Turned down"] {
            assert!(text.contains(part), "{file} has no {part:?}");
        }
    }
}

/// Where a document's links lead, code blocks aside
fn links(markdown: &str) -> Vec<String> {
    let mut in_code = false;
    let mut found = Vec::new();
    for line in markdown.lines() {
        in_code ^= line.trim_start().starts_with("```");
        if !in_code {
            let ends = line.split("](").skip(1);
            found.extend(ends.filter_map(|it| it.split(')').next()).map(str::to_owned));
        }
    }
    found
}

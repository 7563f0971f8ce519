//! The files of the repository, and the little of their formats that the checks need.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// What is not ours to look at
const SKIPPED: [&str; 4] = [".git", ".defuse", "target", "node_modules"];

/// The repository's root
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The text of a file, by its path from the root
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file, by its path from the root, in order
pub(crate) fn files() -> Vec<String> {
    let mut found = Vec::new();
    collect(&root(), "", &mut found);
    found.sort();
    assert!(found.len() > 100, "the repository has only {} files", found.len());
    found
}

/// Every file whose name ends like that
pub(crate) fn files_like(ending: &str) -> Vec<String> {
    let found: Vec<String> = files().into_iter().filter(|it| it.ends_with(ending)).collect();
    assert!(!found.is_empty(), "no file ends with {ending}");
    found
}

fn collect(folder: &Path, prefix: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if SKIPPED.contains(&name.as_str()) {
            continue;
        }
        let path = format!("{prefix}{name}");
        if entry.file_type().unwrap().is_dir() {
            collect(&entry.path(), &format!("{path}/"), found);
        } else {
            found.push(path);
        }
    }
}

/// The lines of one section of a TOML file, without the empty ones
pub(crate) fn section(toml: &str, name: &str) -> Vec<String> {
    let header = format!("[{name}]");
    let lines = toml.lines().map(str::trim);
    lines
        .skip_while(|it| *it != header)
        .skip(1)
        .take_while(|it| !it.starts_with('['))
        .filter(|it| !it.is_empty() && !it.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

/// The names of the dependencies in one section of a `Cargo.toml`
pub(crate) fn dependencies(toml: &str, name: &str) -> Vec<String> {
    let end = |it: char| it == '.' || it == ' ' || it == '=';
    let lines = section(toml, name);
    lines.iter().filter_map(|it| it.split(end).next()).map(str::to_owned).collect()
}

/// What stands in `Markdown` between a pair of backticks
pub(crate) fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The rows of the Markdown table under a heading, each as its cells
pub(crate) fn table(markdown: &str, heading: &str) -> Vec<Vec<String>> {
    let rows: Vec<Vec<String>> = markdown
        .lines()
        .skip_while(|it| it.trim_start_matches('#').trim() != heading)
        .skip(1)
        .take_while(|it| !it.starts_with('#'))
        .filter(|it| it.starts_with('|'))
        .skip(2)
        .map(|it| it.trim_matches('|').split('|').map(|it| it.trim().to_owned()).collect())
        .collect();
    assert!(!rows.is_empty(), "no table under {heading:?}");
    rows
}

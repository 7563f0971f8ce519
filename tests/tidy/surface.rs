//! What people type and set: commands, files and variables that documents name, and that exist.

use std::collections::BTreeSet;

use crate::repository::{files_like, read, root};

/// What the command takes
const ARGUMENTS: [&str; 5] = [
    "infra/cli/src/args.rs",
    "infra/cli/src/args/api.rs",
    "infra/cli/src/args/schema.rs",
    "infra/cli/src/args/settings.rs",
    "infra/cli/src/args/tuning.rs",
];

#[test]
fn documents_show_commands_that_there_are() {
    let known = subcommands();
    let mut n_shown = 0;
    for file in files_like(".md") {
        for line in shell_lines(&read(&file)) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let arguments = words.iter().position(|it| *it == "--" || it.ends_with("/defuse"));
            let shown = match arguments {
                Some(at) if line.contains("cargo run") || line.contains("/defuse ") => {
                    words.get(at + 1)
                }
                _ => words.iter().position(|it| *it == "defuse").and_then(|at| words.get(at + 1)),
            };
            let Some(command) = shown else { continue };
            n_shown += 1;
            let is_known = command.starts_with('-') || known.contains(*command);
            assert!(is_known, "{file} shows `{line}`, and there is no `{command}`");
            for option in words.iter().filter_map(|it| it.strip_prefix("--")) {
                let name = option.split('=').next().unwrap_or_default().replace('-', "_");
                let cargo = ["", "release", "locked", "help", "version"].contains(&name.as_str());
                let ours = ARGUMENTS.iter().any(|it| read(it).contains(&format!(" {name}: ")));
                assert!(cargo || ours, "{file} shows `--{option}`, which there is not");
            }
        }
    }
    assert!(n_shown > 0, "the documents show no command");
}

#[test]
fn documents_show_files_that_there_are() {
    for file in files_like(".md") {
        for line in shell_lines(&read(&file)) {
            for word in line.split(|it: char| it.is_whitespace() || it == '=' || it == '@') {
                let word = word.trim_matches(|it| "\"'()".contains(it));
                let ours = ["events/", "infra/", "tests/", "docs/"];
                let is_ours = ours.iter().any(|it| word.starts_with(it)) && !word.contains('*');
                assert!(!is_ours || root().join(word).exists(), "{file} shows {word}: not there");
            }
        }
    }
}

#[test]
fn the_readme_names_every_variable() {
    let readme = read("README.md");
    let wanted = ["DEFUSE_", "AWS_"];
    for file in ["environment", "tenant"].map(|it| format!("shared/lambda/src/{it}.rs")) {
        for text in read(&file).split('"').skip(1).step_by(2) {
            let is_variable = wanted.iter().any(|it| text.starts_with(it) && !text.contains('*'));
            assert!(!is_variable || readme.contains(&format!("`{text}`")), "README lacks {text}");
        }
    }
}

#[test]
fn there_is_one_test_command() {
    assert!(read("README.md").contains("tests/run\n"), "README.md does not name tests/run");
    assert!(read(".ci/run").ends_with("exec tests/run\n"), ".ci/run is no thin caller");
}

/// The subcommands of `defuse`, as the command itself has them
fn subcommands() -> BTreeSet<String> {
    let arguments = read("infra/cli/src/args.rs");
    let variants = arguments.lines().filter_map(|it| it.trim().strip_suffix("Arguments),"));
    let names: BTreeSet<String> =
        variants.filter_map(|it| it.split_once('(')).map(|(name, _)| kebab(name)).collect();
    assert!(names.contains("demo"), "cannot read the subcommands: {names:?}");
    names
}

fn kebab(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !text.is_empty() {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}

/// The lines of a document's shell blocks, with those joined that go on after a backslash
fn shell_lines(markdown: &str) -> Vec<String> {
    let mut in_shell = false;
    let mut shown = String::new();
    for line in markdown.lines() {
        match line.trim() {
            "```sh" => in_shell = true,
            "```" => in_shell = false,
            line if in_shell => {
                shown.push_str(line.trim_end_matches('\\'));
                shown.push(if line.ends_with('\\') { ' ' } else { '\n' });
            }
            _ => {}
        }
    }
    shown.lines().map(str::to_owned).collect()
}

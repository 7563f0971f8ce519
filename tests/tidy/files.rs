//! What files are like: small, named well, finished, and of this project alone.

use crate::repository::{files, files_like, read};

/// The most lines of a file that need no reason
const LINES_MAX: usize = 400;

/// Files that are longer, each with the reason
const LONG: [(&str, &str); 1] =
    [("shared/domain/src/catalogue.rs", "a table: every property of every type of evidence")];

/// What names the places where this was written, and means nothing to anybody else
const ELSEWHERE: [&str; 3] =
    [concat!("..", "/shared/"), concat!(".lib", "rary"), concat!("far", "m-")];

/// Where samples of others may be named, which are read if they are there
const SAMPLES: &str = "tests/samples/received.rs";

#[test]
fn a_long_file_has_a_reason() {
    for file in files_like(".rs") {
        let n_lines = read(&file).lines().count();
        let reason = LONG.iter().find(|(long, _)| *long == file);
        assert!(
            n_lines <= LINES_MAX || reason.is_some(),
            "{file} has {n_lines} lines: divide it, or give the reason in `LONG`"
        );
        assert!(n_lines > LINES_MAX || reason.is_none(), "{file} is short: take it from `LONG`");
    }
    for (file, _) in LONG {
        assert!(files().iter().any(|it| it == file), "{file} is gone: take it from `LONG`");
    }
}

#[test]
fn modules_are_named_after_themselves() {
    for file in files_like(".rs") {
        assert!(!file.ends_with("/mod.rs"), "{file}: name it after its folder, beside the folder");
    }
}

#[test]
fn every_file_says_what_it_is_for() {
    // The tests of one module, in a file `tests.rs` of their own, are for that module.
    for file in files_like(".rs").into_iter().filter(|it| !it.ends_with("/tests.rs")) {
        assert!(read(&file).starts_with("//! "), "{file} does not begin with what it is for");
    }
}

#[test]
fn what_is_left_to_do_has_an_issue() {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME")];
    for file in text_files() {
        let text = read(&file);
        for (index, line) in text.lines().enumerate() {
            for mark in marks {
                let open = line.match_indices(mark).any(|(at, _)| {
                    !line.get(at + mark.len()..).unwrap_or_default().starts_with("(#")
                });
                assert!(!open, "{file}:{}: `{mark}` needs an issue: `{mark}(#7)`", index + 1);
            }
        }
    }
}

#[test]
fn nothing_names_the_place_where_it_was_written() {
    for file in text_files().into_iter().filter(|it| it != SAMPLES) {
        let text = read(&file);
        for mark in ELSEWHERE {
            assert!(!text.contains(mark), "{file} names `{mark}`");
        }
    }
}

#[test]
fn the_top_level_has_what_the_house_has_and_no_more() {
    let house = [
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "clippy.toml",
        "deny.toml",
        "rustfmt.toml",
        "docs",
        "events",
        "functions",
        "infra",
        "shared",
        "tests",
    ];
    for file in files() {
        let top = file.split('/').next().unwrap_or_default();
        assert!(top.starts_with('.') || house.contains(&top), "{top} is new at the top level");
    }
}

/// Files that people write: all but the lock file
fn text_files() -> Vec<String> {
    let is_text = |it: &String| {
        let endings = [".rs", ".md", ".toml", ".yaml", ".yml", ".json", ".ndjson", ".snap", "run"];
        endings.iter().any(|ending| it.ends_with(ending))
    };
    files().into_iter().filter(is_text).collect()
}

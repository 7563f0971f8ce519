//! Source text: files, what stands between brackets, and names.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The repository's root
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The text of a file, by its path from the root
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The names in a folder, in order
pub(crate) fn names_in(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let mut names: Vec<String> =
        entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The Rust files below a folder, each with its text up to its tests
pub(crate) fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for name in names_in(folder) {
        let path = format!("{folder}/{name}");
        if root().join(&path).is_dir() {
            found.extend(sources(&path));
        } else if Path::new(&name).extension().is_some_and(|it| it == "rs") && name != "tests.rs" {
            let text = read(&path);
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
            found.push((path, code.to_owned()));
        }
    }
    found
}

/// The words of a text: names of types and functions, and whatever else looks like them
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|it: char| !it.is_alphanumeric() && it != '_').filter(|it| !it.is_empty())
}

/// What stands between the first opening bracket and the one that closes it
pub(crate) fn inside(text: &str, open: char, close: char) -> &str {
    let Some((_, rest)) = text.split_once(open) else { return "" };
    let mut depth = 1;
    for (index, it) in rest.char_indices() {
        if it == open {
            depth += 1;
        } else if it == close {
            depth -= 1;
        }
        if depth == 0 {
            return rest.get(..index).unwrap();
        }
    }
    rest
}

/// Every function of a text, with its body
pub(crate) fn bodies(text: &str) -> Vec<(&str, &str)> {
    let starts = text.match_indices("fn ").filter_map(|(at, _)| text.get(at + 3..));
    starts.map(|it| (words(it).next().unwrap_or_default(), inside(it, '{', '}'))).collect()
}

/// `get_item` as `GetItem`
pub(crate) fn camel(name: &str) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at(1);
        format!("{}{rest}", first.to_uppercase())
    };
    name.split('_').map(capital).collect()
}

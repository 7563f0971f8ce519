//! `defuse schema`: the JSON Schemas of the documents that people write, for their editors.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use defuse_domain::{
    facts_schema, playbook_schema, schema_text, settings_schema, tuning_rule_schema,
};
use serde_json::Value;

use crate::{
    args::{SchemaArguments, SchemaName},
    failure::Failure,
};

/// Writes every schema to its file, or prints one
pub(crate) fn run(arguments: SchemaArguments) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    if let Some(name) = arguments.name {
        let text = schema_text(&schema_of(name));
        return out.write_all(text.as_bytes()).map_err(Failure::Output);
    }
    let folder = arguments.out;
    let cannot_write = |path: &Path, source: io::Error| {
        Failure::host(format!("cannot write {}", path.display()), source)
    };
    fs::create_dir_all(&folder).map_err(|source| cannot_write(&folder, source))?;
    for name in
        [SchemaName::Playbook, SchemaName::TuningRule, SchemaName::Settings, SchemaName::Facts]
    {
        let path = folder.join(format!("{}.schema.json", file_stem(name)));
        let written = fs::write(&path, schema_text(&schema_of(name)));
        written.map_err(|source| cannot_write(&path, source))?;
        writeln!(out, "{}", path.display()).map_err(Failure::Output)?;
    }
    Ok(())
}

fn schema_of(name: SchemaName) -> Value {
    match name {
        SchemaName::Playbook => playbook_schema(),
        SchemaName::TuningRule => tuning_rule_schema(),
        SchemaName::Settings => settings_schema(),
        SchemaName::Facts => facts_schema(),
    }
}

const fn file_stem(name: SchemaName) -> &'static str {
    match name {
        SchemaName::Playbook => "playbook",
        SchemaName::TuningRule => "tuning-rule",
        SchemaName::Settings => "settings",
        SchemaName::Facts => "facts",
    }
}

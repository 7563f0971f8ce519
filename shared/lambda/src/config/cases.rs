//! Tries the cases that playbooks carry.

use std::{
    fs,
    path::{Component, Path},
};

use defuse_domain::{Alert, Case, Code, Diagnostic, read_body};

use super::{Config, ConfigError};

/// Tries every case, and gives their number; a case that comes out otherwise than it expects is a
/// mistake like any other
pub(super) fn try_all(config: &Config, root: &Path) -> Result<usize, ConfigError> {
    let mut problems = Vec::new();
    let mut n_cases = 0;
    for playbook in config.rules.playbooks() {
        let file = config.playbook_files.get(playbook.name()).map_or("", String::as_str);
        for case in playbook.cases() {
            n_cases += 1;
            let failure = match read_alert(root, &case.alert) {
                Ok(alert) => {
                    let result = playbook.try_case(case, &alert, &config.settings.organisation);
                    result.failure.map(|it| (Code::CaseFailed, it))
                }
                Err(message) => Some((Code::FileUnreadable, format!("has no alert: {message}"))),
            };
            problems.extend(failure.map(|(code, message)| mistake(file, case, code, &message)));
        }
    }
    if problems.is_empty() { Ok(n_cases) } else { Err(ConfigError { problems }) }
}

fn mistake(file: &str, case: &Case, code: Code, message: &str) -> Diagnostic {
    let (line, column) = case.place;
    let message = format!("test `{}` {message}", case.name);
    Diagnostic { line, column, ..Diagnostic::of_file(code, file, message) }
}

/// The one alert of a file below `root`
fn read_alert(root: &Path, name: &str) -> Result<Alert, String> {
    if !is_below(Path::new(name)) {
        return Err(format!("`{name}` does not lie in the project"));
    }
    let bytes =
        fs::read(root.join(name)).map_err(|error| format!("cannot read {name}: {error}"))?;
    let mut alerts = read_body(&bytes);
    match (alerts.pop(), alerts.is_empty()) {
        (Some(Ok(alert)), true) => Ok(alert),
        (Some(Err(unreadable)), true) => Err(format!("{name}: {}", unreadable.message)),
        (None, _) => Err(format!("there is none in {name}")),
        (Some(_), false) => Err(format!("{name} has several alerts, and a test is about one")),
    }
}

/// Whether a path stays in the folder it starts from
pub(super) fn is_below(path: &Path) -> bool {
    path.components().all(|it| matches!(it, Component::Normal(_) | Component::CurDir))
}

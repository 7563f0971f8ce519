//! What each role may do, read from the policies of `roles/*.cedar`.
//!
//! Only who asks for it reads it: a function that asks no policy carries none of Cedar either.

use std::collections::BTreeSet;

use defuse_adapters::{RoleMistake, Roles};
use defuse_domain::{Code, Diagnostic, RoleName};

use super::{Config, ConfigError, ROLES, SETTINGS};

impl Config {
    /// What the roles may do, or everything that is wrong with them: a policy that is none, and a
    /// role that the settings give to somebody and no policy speaks of
    pub fn roles(&self) -> Result<Roles, ConfigError> {
        let roles = Roles::parse(&self.role_files).map_err(|mistakes| ConfigError {
            problems: mistakes.into_iter().map(diagnostic).collect(),
        })?;
        let problems = self.unknown(&roles);
        if problems.is_empty() { Ok(roles) } else { Err(ConfigError { problems }) }
    }

    fn unknown(&self, roles: &Roles) -> Vec<Diagnostic> {
        let file = self.folder.join(SETTINGS).display().to_string();
        let given = self.settings.api.roles.iter().map(|it| &it.grant.role);
        let unknown: BTreeSet<&RoleName> =
            given.filter(|it| !roles.names().contains(*it)).collect();
        let known: Vec<&str> = roles.names().iter().map(RoleName::as_str).collect();
        let told = unknown.into_iter().map(|it| {
            let message = format!("no policy in {ROLES}/ speaks of the role `{it}`");
            Diagnostic {
                help: Some(format!("policies speak of: {}", known.join(", "))),
                path: "api.roles".to_owned(),
                ..Diagnostic::of_file(Code::UnknownReference, &file, message)
            }
        });
        told.collect()
    }
}

fn diagnostic(mistake: RoleMistake) -> Diagnostic {
    let RoleMistake { file, line, is_syntax, message } = mistake;
    let code = if is_syntax { Code::Syntax } else { Code::BadValue };
    Diagnostic { line, ..Diagnostic::of_file(code, &file, message) }
}

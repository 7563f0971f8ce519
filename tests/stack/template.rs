//! What the template says of each function, read as text: of YAML it uses little here.

use std::collections::{BTreeMap, BTreeSet};

/// A function as the stack has it
#[derive(Clone, Debug, Default)]
pub(crate) struct FunctionInTemplate {
    /// The actions that its role grants
    pub(crate) granted: BTreeSet<String>,
    pub(crate) is_traced: bool,
    pub(crate) reads_stream: bool,
    pub(crate) hands_on_failures: bool,
}

/// Every function of the template, by the name of its crate
pub(crate) fn functions_of(template: &str) -> BTreeMap<String, FunctionInTemplate> {
    let resources = resources_of(template);
    let mut functions = BTreeMap::new();
    for block in resources.values().filter(|it| it.contains("Type: AWS::Serverless::Function\n")) {
        let code = value(block, "CodeUri:").unwrap();
        let name = code.rsplit_once('/').unwrap().1.to_owned();
        let role = value(block, "Role:").unwrap();
        let role = role.trim_start_matches("!GetAtt ").trim_end_matches(".Arn");
        let role = resources.get(role).unwrap_or_else(|| panic!("{name} has no role {role}"));
        functions.insert(
            name,
            FunctionInTemplate {
                granted: granted_by(role),
                // Why: it stands once, in `Globals`, for all of them.
                is_traced: template.contains("    Tracing: !Ref Tracing\n"),
                reads_stream: block.contains("Type: DynamoDB\n"),
                hands_on_failures: block.contains("OnFailure:"),
            },
        );
    }
    assert!(!functions.is_empty(), "the template has no function");
    functions
}

/// Every resource by its name, with the lines it is made of
fn resources_of(template: &str) -> BTreeMap<String, String> {
    let mut resources: BTreeMap<String, String> = BTreeMap::new();
    let mut name = String::new();
    for line in template.lines().skip_while(|it| *it != "Resources:").skip(1) {
        if !line.is_empty() && !line.starts_with(' ') {
            break;
        }
        let key =
            line.strip_prefix("  ").filter(|it| it.starts_with(|it: char| it.is_alphabetic()));
        if let Some((key, _)) = key.and_then(|it| it.split_once(':')) {
            key.clone_into(&mut name);
        }
        let block = resources.entry(name.clone()).or_default();
        block.push_str(line);
        block.push('\n');
    }
    resources
}

fn value<'a>(block: &'a str, key: &str) -> Option<&'a str> {
    let line = block.lines().map(str::trim).find_map(|it| it.strip_prefix(key))?;
    Some(line.split(" #").next().unwrap_or_default().trim())
}

/// The actions of all statements of a role's policies
fn granted_by(role: &str) -> BTreeSet<String> {
    let (_, policies) = role.split_once("Policies:").unwrap();
    let mut granted = BTreeSet::new();
    for statement in policies.split("Action: ").skip(1) {
        let is_list = statement.starts_with('[');
        let actions = statement.split(']').next().filter(|_| is_list).unwrap_or(statement);
        let quoted = actions.split('\'').skip(1).step_by(2);
        granted.extend(quoted.take(if is_list { usize::MAX } else { 1 }).map(str::to_owned));
    }
    granted
}

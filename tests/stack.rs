//! Each function's role in the stack holds what the adapters that it is wired to need: none of it is
//! missing, and nothing is spare.
//!
//! The rest of what must hold of the stack is tested in `tests/stack/` (Python).

#[cfg(test)]
#[path = "stack/code.rs"]
mod code;
#[cfg(test)]
#[path = "stack/template.rs"]
mod template;
#[cfg(test)]
#[path = "stack/text.rs"]
mod text;

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use crate::{
        code::Code,
        template::{FunctionInTemplate, functions_of},
        text::read,
    };

    /// What the log needs of every function
    const LOG: [&str; 2] = ["logs:CreateLogStream", "logs:PutLogEvents"];
    /// What tracing needs
    const TRACE: [&str; 2] = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"];
    /// What reading a table's stream needs
    const STREAM: [&str; 4] = [
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
    ];
    /// What handing failures to a queue needs
    const FAILURES: [&str; 1] = ["sqs:SendMessage"];

    /// What Lambda does in the function's name, by what the template has it do
    fn of_lambda(function: &FunctionInTemplate) -> impl Iterator<Item = &'static str> {
        let parts: [(bool, &[&str]); 4] = [
            (true, &LOG),
            (function.is_traced, &TRACE),
            (function.reads_stream, &STREAM),
            (function.hands_on_failures, &FAILURES),
        ];
        parts.into_iter().filter(|(needed, _)| *needed).flat_map(|(_, actions)| actions).copied()
    }

    /// Every action that is missing from a role or spare in it
    fn differences(template: &str, needed: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
        let functions = functions_of(template);
        let mut found = Vec::new();
        for name in needed.keys().filter(|it| !functions.contains_key(*it)) {
            found.push(format!("{name} is not in the stack"));
        }
        for (name, function) in &functions {
            let Some(code) = needed.get(name) else {
                found.push(format!("{name} is in the stack and has no code"));
                continue;
            };
            let mut expected = code.clone();
            expected.extend(of_lambda(function).map(str::to_owned));
            let missing = expected.difference(&function.granted);
            found.extend(missing.map(|it| format!("{name} lacks {it}")));
            let spare = function.granted.difference(&expected);
            found.extend(spare.map(|it| format!("{name} does not need {it}")));
        }
        found
    }

    fn needed() -> BTreeMap<String, BTreeSet<String>> {
        let code = Code::read();
        code.functions().into_iter().map(|it| (it.clone(), code.actions_of(&it))).collect()
    }

    #[test]
    fn each_role_holds_what_its_function_needs_and_nothing_else() {
        let template = read("infra/template.yaml");
        assert_eq!(differences(&template, &needed()), Vec::<String>::new());
    }

    #[test]
    fn what_is_missing_or_spare_is_named() {
        let template = read("infra/template.yaml");
        let needed = needed();
        let check = |from: &str, to: &str, expected: &[&str]| {
            assert!(template.contains(from), "the template has no {from:?}");
            assert_eq!(differences(&template.replace(from, to), &needed), expected, "for {to:?}");
        };

        check(
            "['dynamodb:DeleteItem', 'dynamodb:UpdateItem']",
            "['dynamodb:UpdateItem']",
            &["chat lacks dynamodb:DeleteItem"],
        );
        check(
            "['dynamodb:DeleteItem', 'dynamodb:UpdateItem']",
            "['dynamodb:DeleteItem', 'dynamodb:UpdateItem', 'dynamodb:Scan']",
            &["chat does not need dynamodb:Scan"],
        );
        check(
            "Action: 'secretsmanager:DescribeSecret'",
            "Action: 'secretsmanager:GetSecretValue'",
            &[
                "provision lacks secretsmanager:DescribeSecret",
                "provision does not need secretsmanager:GetSecretValue",
            ],
        );
        check(
            "Role: !GetAtt DeliverRole.Arn",
            "Role: !GetAtt ChatRole.Arn",
            &[
                "deliver lacks dynamodb:BatchWriteItem",
                "deliver lacks dynamodb:DescribeStream",
                "deliver lacks dynamodb:GetItem",
                "deliver lacks dynamodb:GetRecords",
                "deliver lacks dynamodb:GetShardIterator",
                "deliver lacks dynamodb:ListStreams",
                "deliver lacks dynamodb:Query",
                "deliver lacks sns:Publish",
                "deliver lacks sts:GetWebIdentityToken",
                "deliver does not need dynamodb:DeleteItem",
            ],
        );
        check(
            "Tracing: !Ref Tracing",
            "Tracing: PassThrough",
            &[
                "api does not need xray:PutTelemetryRecords",
                "api does not need xray:PutTraceSegments",
                "chat does not need xray:PutTelemetryRecords",
                "chat does not need xray:PutTraceSegments",
                "deliver does not need xray:PutTelemetryRecords",
                "deliver does not need xray:PutTraceSegments",
                "housekeep does not need xray:PutTelemetryRecords",
                "housekeep does not need xray:PutTraceSegments",
                "poll does not need xray:PutTelemetryRecords",
                "poll does not need xray:PutTraceSegments",
                "provision does not need xray:PutTelemetryRecords",
                "provision does not need xray:PutTraceSegments",
                "receive does not need xray:PutTelemetryRecords",
                "receive does not need xray:PutTraceSegments",
                "triage does not need xray:PutTelemetryRecords",
                "triage does not need xray:PutTraceSegments",
            ],
        );
    }

    #[test]
    fn a_function_without_a_place_in_the_stack_is_named() {
        let template = read("infra/template.yaml").replace("functions/chat", "functions/post");
        assert_eq!(
            differences(&template, &needed()),
            ["chat is not in the stack", "post is in the stack and has no code"]
        );
    }

    #[test]
    fn adapters_declare_the_actions_that_they_call() {
        let code = Code::read();
        let mut n_modules = 0;
        for (module, declared, called) in code.declared_and_called() {
            n_modules += 1;
            assert_eq!(
                declared, called,
                "{module} declares what is on the left, and calls the right"
            );
        }
        assert!(n_modules > 8, "only {n_modules} adapters declare actions");
    }
}

"""The invariants hold of the stack, and each of them catches the faults that it is there for."""

import copy
import json
from pathlib import Path

import pytest
from invariants import INVARIANTS, Template, problems
from translate import parse, translate

ROOT = Path(__file__).parents[2]
STACK = translate(parse(ROOT / "infra/template.yaml"))


def test_every_invariant_holds_of_the_stack():
    assert problems(STACK) == []


def drop(*path):
    """Takes something out of the template"""

    def mutate(template):
        *before, last = path
        for part in before:
            template = template[part]
        del template[last]

    return mutate


def put(value, *path):
    """Puts something else there"""

    def mutate(template):
        *before, last = path
        for part in before:
            template = template[part]
        template[last] = value

    return mutate


def statement(role, sid, **change):
    """Changes a statement of a role"""

    def mutate(template):
        policy = template[role]["Properties"]["Policies"][0]["PolicyDocument"]
        found = next(it for it in policy["Statement"] if it["Sid"] == sid)
        found.update(change)

    return mutate


def pattern(mapping, text):
    return put([{"Pattern": text}], mapping, "Properties", "FilterCriteria", "Filters")


def third_reader(template):
    template["ThirdWork"] = copy.deepcopy(template["DeliverWork"])


def layer(template):
    return next(it for it in template if template[it]["Type"] == "AWS::Lambda::LayerVersion")


def schedule(name, expression, retries):
    target = {"Arn": "x", "RoleArn": "y"} | ({"RetryPolicy": {}} if retries else {})
    properties = {"Name": name, "ScheduleExpression": expression, "Target": target}
    return put({"Type": "AWS::Scheduler::Schedule", "Properties": properties}, "Sweep")


OWN_NAME = {"Fn::Sub": "${AWS::StackName}-sweep"}

FAULTS = {
    "roles_grant_no_wildcard": [
        statement("TriageRole", "Table", Resource="*"),
        statement("TriageRole", "Table", Action="dynamodb:*"),
        statement("TriageRole", "Trace", Action=["xray:PutTraceSegments", "sns:Publish"]),
        statement("ChatRole", "Secrets", Resource={"Fn::Sub": "arn:aws:secretsmanager:::secret:*"}),
        statement("DeliverRole", "Stream", Resource={"Fn::Sub": "${Table.Arn}/stream/*"}),
    ],
    "roles_have_no_managed_policy": [
        put(["arn:aws:iam::aws:policy/AdministratorAccess"], "ChatRole", "Properties", "ManagedPolicyArns"),
    ],
    "each_function_has_its_own_role": [
        put({"Fn::GetAtt": ["DeliverRole", "Arn"]}, "Chat", "Properties", "Role"),
        put("arn:aws:iam::123456789012:role/admin", "Chat", "Properties", "Role"),
    ],
    "only_services_assume_roles": [
        put({"AWS": "*"}, "ChatRole", "Properties", "AssumeRolePolicyDocument", "Statement", 0, "Principal"),
    ],
    "policies_let_in_services_only_for_this_stack": [
        put("*", "QueuesPolicy", "Properties", "PolicyDocument", "Statement", 1, "Principal"),
        drop("AlarmsPolicy", "Properties", "PolicyDocument", "Statement", 0, "Condition"),
    ],
    "callers_of_functions_are_named": [
        drop("ReceivePushPermission", "Properties", "SourceArn"),
        put("*", "ReceivePushPermission", "Properties", "Principal"),
    ],
    "queues_and_topics_take_nothing_without_tls": [
        drop("QueuesPolicy", "Properties", "Queues", 0),
        drop("NotificationsPolicy"),
    ],
    "no_secret_stands_in_the_template": [
        put("x", "Chat", "Properties", "Environment", "Variables", "DEFUSE_CHANNEL_SOC_URL"),
        put("{{resolve:secretsmanager:defuse/soc}}", "Chat", "Properties", "Environment", "Variables", "SOC"),
    ],
    "queues_are_encrypted_and_alarmed": [
        drop("TriageDeadLetters", "Properties", "SqsManagedSseEnabled"),
        put(345600, "TriageDeadLetters", "Properties", "MessageRetentionPeriod"),
        drop("ChatDeadLettersAlarm"),
    ],
    "stream_mappings_are_bounded": [
        drop("TriageWork", "Properties", "FunctionResponseTypes"),
        put(False, "TriageWork", "Properties", "BisectBatchOnFunctionError"),
        drop("TriageWork", "Properties", "MaximumRetryAttempts"),
        put(-1, "TriageWork", "Properties", "MaximumRetryAttempts"),
        put(-1, "DeliverWork", "Properties", "MaximumRecordAgeInSeconds"),
        drop("DeliverWork", "Properties", "DestinationConfig"),
        put("LATEST", "DeliverWork", "Properties", "StartingPosition"),
        drop("DeliverWork", "Properties", "ParallelizationFactor"),
    ],
    "stream_mappings_wake_a_function_for_its_own_work_only": [
        drop("TriageWork", "Properties", "FilterCriteria"),
        pattern("TriageWork", '{"dynamodb":{"NewImage":{"work":{"S":["pending"]}}}}'),
        pattern("DeliverWork", '{"dynamodb":{"NewImage":{"sk":{"S":["H"]},"work":{"S":["pending"]}}}}'),
    ],
    "streams_have_no_more_readers_than_they_bear": [third_reader],
    "what_is_handed_on_and_fails_goes_to_a_queue": [
        drop("ChatNotification", "Properties", "RedrivePolicy"),
        put({}, "ChatEventInvokeConfig", "Properties", "DestinationConfig"),
        drop("ChatEventInvokeConfig", "Properties", "MaximumRetryAttempts"),
        drop("ChatEventInvokeConfig"),
    ],
    "every_function_is_alarmed": [
        drop("ReceiveErrorsAlarm"),
        drop("ChatThrottlesAlarm"),
        drop("TriageAgeAlarm"),
        drop("TriageErrorLines"),
    ],
    "alarms_tell_somebody_and_watch_what_there_is": [
        put([], "ChatErrorsAlarm", "Properties", "AlarmActions"),
        drop("ChatErrorsAlarm", "Properties", "AlarmDescription"),
        put({"Ref": "Gone"}, "ChatErrorsAlarm", "Properties", "Dimensions", 0, "Value"),
    ],
    "the_api_is_alarmed_and_throttled": [
        drop("ApiErrorsAlarm"),
        drop("ApiApiGatewayDefaultStage", "Properties", "DefaultRouteSettings"),
        drop("ApiApiGatewayDefaultStage", "Properties", "AccessLogSettings"),
    ],
    "tables_are_kept": [
        drop("Table", "DeletionPolicy"),
        put("Delete", "Table", "UpdateReplacePolicy"),
        put("PROVISIONED", "Table", "Properties", "BillingMode"),
        put(False, "Table", "Properties", "PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"),
        drop("Table", "Properties", "DeletionProtectionEnabled"),
        put("KEYS_ONLY", "Table", "Properties", "StreamSpecification", "StreamViewType"),
        put(False, "Table", "Properties", "TimeToLiveSpecification", "Enabled"),
    ],
    "the_table_is_the_one_the_code_makes": [
        put("id", "Table", "Properties", "KeySchema", 0, "AttributeName"),
        put("queue", "Table", "Properties", "GlobalSecondaryIndexes", 0, "IndexName"),
        put("ALL", "Table", "Properties", "GlobalSecondaryIndexes", 0, "Projection", "ProjectionType"),
    ],
    "logs_are_kept_for_a_time": [drop("ChatLogs", "Properties", "RetentionInDays")],
    "every_function_is_behind_the_gate": [
        drop("Triage", "DependsOn"),
        drop("Gate"),
        drop("Triage", "Properties", "Layers"),
        drop("Gate", "Properties", "Layer"),
        drop("Gate", "Properties", "ServiceTimeout"),
        lambda it: drop(layer(it), "DeletionPolicy")(it),
    ],
    "functions_are_alike": [
        put(["x86_64"], "Chat", "Properties", "Architectures"),
        put("provided.al2", "Chat", "Properties", "Runtime"),
        drop("Chat", "Properties", "Timeout"),
        drop("Chat", "Properties", "LoggingConfig"),
        put("Text", "Chat", "Properties", "LoggingConfig", "LogFormat"),
        put({"Fn::Sub": "chat"}, "Chat", "Properties", "FunctionName"),
    ],
    "traces_are_taken_where_they_may_be_sent": [
        put("PassThrough", "Chat", "Properties", "TracingConfig", "Mode"),
        statement("ChatRole", "Trace", Action=["xray:PutTraceSegments"]),
    ],
    "schedules_can_be_read_and_have_names_of_their_own": [
        schedule("Sweep", "rate(5 minutes)", True),
        schedule(OWN_NAME, "rate(5 minute)", True),
        schedule(OWN_NAME, "rate(5 minutes)", False),
    ],
}


def test_every_invariant_has_a_fault():
    assert set(FAULTS) == {it.__name__ for it in INVARIANTS}


@pytest.mark.parametrize(
    ("name", "mutate"), [(name, it) for name, mutations in FAULTS.items() for it in mutations]
)
def test_a_fault_is_caught_by_the_invariant_that_is_there_for_it(name, mutate):
    faulty = json.loads(json.dumps(STACK))
    mutate(faulty["Resources"])
    check = next(it for it in INVARIANTS if it.__name__ == name)
    assert list(check(Template(faulty))) != []


@pytest.mark.parametrize("expression", ["rate(1 minute)", "rate(15 minutes)", "cron(0 6 * * ? *)"])
def test_a_good_schedule_is_no_fault(expression):
    good = json.loads(json.dumps(STACK))
    schedule(OWN_NAME, expression, True)(good["Resources"])
    assert problems(good) == []

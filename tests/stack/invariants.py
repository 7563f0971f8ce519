"""What must hold of the translated template, whoever changes it.

Each invariant gives its problems as text; no problem, nothing. That each can fail is shown in
test_invariants.py, with a fault for every one.
"""

import json
import re

# What X-Ray wants can be granted on no resource
# What STS knows no resources for, on condition of whom the token is for
IDENTITY = ["sts:GetWebIdentityToken"]
TRACE = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
# Secrets are made by people, below a prefix that the stack is told
SECRETS = "secret:${SecretsPrefix}*"
RATE = re.compile(r"^(rate\((1 (minute|hour|day)|[2-9]\d* (minutes|hours|days)|1\d+ (minutes|hours|days))\)|cron\(.+\)|at\(.+\))$")
# A DynamoDB stream has room for two readers a shard
READERS_MAX = 2

INVARIANTS = []


def invariant(check):
    INVARIANTS.append(check)
    return check


class Template:
    """The translated template, with a few questions that several invariants ask"""

    def __init__(self, template: dict):
        self.resources = template["Resources"]

    def of(self, kind: str):
        return {
            name: it.get("Properties", {})
            for name, it in self.resources.items()
            if it["Type"] == kind
        }

    def functions(self):
        return self.of("AWS::Lambda::Function")

    def role_of(self, function: dict) -> dict:
        return self.resources[target(function["Role"])]["Properties"]

    def alarms_on(self, name: str, metric: str):
        """The alarms on that metric of a resource"""
        return [
            it
            for it in self.of("AWS::CloudWatch::Alarm").values()
            if it["MetricName"] == metric
            and any(target(dimension["Value"]) == name for dimension in it.get("Dimensions", []))
        ]


def target(value) -> str | None:
    """The resource that `Ref`, `GetAtt` or a plain name is about"""
    if isinstance(value, dict):
        if "Ref" in value:
            return value["Ref"]
        if "Fn::GetAtt" in value:
            at = value["Fn::GetAtt"]
            return at[0] if isinstance(at, list) else at.split(".")[0]
    return value if isinstance(value, str) else None


def listed(value) -> list:
    return value if isinstance(value, list) else [value]


def statements(role: dict):
    for policy in role.get("Policies", []):
        yield from policy["PolicyDocument"]["Statement"]


def texts(value):
    """Every text in a value, `Fn::Sub` and all"""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner)


# ---------------------------------------------------------------- permissions


@invariant
def roles_grant_no_wildcard(template):
    for name, role in template.of("AWS::IAM::Role").items():
        for statement in statements(role):
            actions = listed(statement["Action"])
            yield from (f"{name}: grants {it}" for it in actions if "*" in it)
            if "NotAction" in statement or "NotResource" in statement:
                yield f"{name}: grants all but something"
            for resource in texts(statement["Resource"]):
                is_trace = resource == "*" and sorted(actions) == TRACE
                is_identity = (
                    resource == "*"
                    and actions == IDENTITY
                    and "sts:IdentityTokenAudience" in json.dumps(statement.get("Condition"))
                )
                is_secrets = resource.endswith(SECRETS) and resource.count("*") == 1
                if "*" in resource and not (is_trace or is_identity or is_secrets):
                    yield f"{name}: grants {actions} on {resource}"


@invariant
def roles_have_no_managed_policy(template):
    for name, role in template.of("AWS::IAM::Role").items():
        if role.get("ManagedPolicyArns"):
            yield f"{name}: has a managed policy"
    yield from (f"{name}: is a managed policy" for name in template.of("AWS::IAM::ManagedPolicy"))


@invariant
def each_function_has_its_own_role(template):
    roles = [target(it["Role"]) for it in template.functions().values()]
    for name, function in template.functions().items():
        role = target(function["Role"])
        if roles.count(role) > 1:
            yield f"{name}: shares {role}"
        if role not in template.of("AWS::IAM::Role"):
            yield f"{name}: has a role that is not of this stack"


@invariant
def only_services_assume_roles(template):
    for name, role in template.of("AWS::IAM::Role").items():
        for statement in role["AssumeRolePolicyDocument"]["Statement"]:
            if set(statement["Principal"]) != {"Service"}:
                yield f"{name}: can be assumed by {statement['Principal']}"


@invariant
def policies_let_in_services_only_for_this_stack(template):
    for kind in ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"):
        for name, policy in template.of(kind).items():
            for statement in policy["PolicyDocument"]["Statement"]:
                if statement["Effect"] == "Deny":
                    continue
                if statement["Principal"] == "*" or "Service" not in statement["Principal"]:
                    yield f"{name}: lets in {statement['Principal']}"
                sources = ("aws:SourceArn", "aws:SourceAccount")
                if not any(it in texts_of_keys(statement.get("Condition", {})) for it in sources):
                    yield f"{name}: {statement.get('Sid')} asks not for whom"


def texts_of_keys(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from texts_of_keys(inner)


@invariant
def callers_of_functions_are_named(template):
    for name, permission in template.of("AWS::Lambda::Permission").items():
        if not str(permission["Principal"]).endswith(".amazonaws.com"):
            yield f"{name}: {permission['Principal']} may call"
        if "SourceArn" not in permission:
            yield f"{name}: anybody's {permission['Principal']} may call"


@invariant
def queues_and_topics_take_nothing_without_tls(template):
    for kind, policies, of in (
        ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "Queues"),
        ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "Topics"),
    ):
        guarded = {
            target(it)
            for policy in template.of(policies).values()
            for statement in policy["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Deny" and "aws:SecureTransport" in json.dumps(statement)
            for it in policy[of]
        }
        yield from (f"{name}: is open without TLS" for name in template.of(kind) if name not in guarded)


@invariant
def no_secret_stands_in_the_template(template):
    for name, function in template.functions().items():
        variables = function.get("Environment", {}).get("Variables", {})
        for variable, value in variables.items():
            if re.search("SECRET|TOKEN|PASSWORD|KEY|URL", variable) or "resolve:" in json.dumps(value):
                yield f"{name}: {variable} could be a secret"


# ---------------------------------------------------------------- nothing is lost


@invariant
def queues_are_encrypted_and_alarmed(template):
    for name, queue in template.of("AWS::SQS::Queue").items():
        if not (queue.get("SqsManagedSseEnabled") is True or "KmsMasterKeyId" in queue):
            yield f"{name}: is not encrypted"
        if queue.get("MessageRetentionPeriod") != 1209600:
            yield f"{name}: forgets before 14 days"
        if not template.alarms_on(name, "ApproximateNumberOfMessagesVisible"):
            yield f"{name}: nobody hears when something lies in it"


@invariant
def stream_mappings_are_bounded(template):
    for name, mapping in template.of("AWS::Lambda::EventSourceMapping").items():
        if mapping.get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name}: one bad record fails its batch"
        if mapping.get("BisectBatchOnFunctionError") is not True:
            yield f"{name}: does not part batches that fail"
        if not 1 <= mapping.get("MaximumRetryAttempts", -1) <= 20:
            yield f"{name}: tries without bound"
        if not 60 <= mapping.get("MaximumRecordAgeInSeconds", -1) <= 21600:
            yield f"{name}: keeps records without bound"
        destination = mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if target(destination) not in template.of("AWS::SQS::Queue"):
            yield f"{name}: what fails goes nowhere"
        if mapping.get("StartingPosition") != "TRIM_HORIZON":
            yield f"{name}: passes over what was there before"
        if "ParallelizationFactor" not in mapping:
            yield f"{name}: one batch at a time"


@invariant
def stream_mappings_wake_a_function_for_its_own_work_only(template):
    works = []
    for name, mapping in template.of("AWS::Lambda::EventSourceMapping").items():
        filters = mapping.get("FilterCriteria", {}).get("Filters", [])
        patterns = [json.loads(it["Pattern"]) for it in filters]
        images = [it.get("dynamodb", {}).get("NewImage", {}) for it in patterns]
        is_head = [it.get("sk") == {"S": ["H"]} for it in images]
        is_allowed = [it.get("pk") == {"S": ["I#allowed"]} for it in images]
        if not images or not all(map(any, zip(is_head, is_allowed))):
            yield f"{name}: wakes for more than heads and the allow list"
            continue
        function = target(mapping["FunctionName"])
        works += [(function, json.dumps(it.get("work"))) for it in images]
    expected = {
        ("Triage", '{"S": ["pending"]}'),
        ("Deliver", '{"S": ["effects"]}'),
        ("Deliver", '{"S": ["allow"]}'),
    }
    if set(works) != expected:
        yield f"the stream wakes {sorted(works)}"


@invariant
def streams_have_no_more_readers_than_they_bear(template):
    sources = [json.dumps(it["EventSourceArn"]) for it in template.of("AWS::Lambda::EventSourceMapping").values()]
    for source in set(sources):
        if sources.count(source) > READERS_MAX:
            yield f"{source} has {sources.count(source)} readers"


@invariant
def what_is_handed_on_and_fails_goes_to_a_queue(template):
    queues = template.of("AWS::SQS::Queue")
    configured = {
        target(it["FunctionName"]): it for it in template.of("AWS::Lambda::EventInvokeConfig").values()
    }
    for name, subscription in template.of("AWS::SNS::Subscription").items():
        if subscription["Protocol"] != "lambda":
            continue
        queue = subscription.get("RedrivePolicy", {}).get("deadLetterTargetArn")
        if target(queue) not in queues:
            yield f"{name}: what the topic cannot hand on is lost"
        config = configured.get(target(subscription["Endpoint"]), {})
        failed = config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if target(failed) not in queues:
            yield f"{name}: what the function cannot handle is lost"
        if "MaximumRetryAttempts" not in config or "MaximumEventAgeInSeconds" not in config:
            yield f"{name}: is tried without bound"


@invariant
def every_function_is_alarmed(template):
    for name in template.functions():
        for metric in ("Errors", "Throttles"):
            if not template.alarms_on(name, metric):
                yield f"{name}: no alarm for {metric}"
        logs = target(template.functions()[name].get("LoggingConfig", {}).get("LogGroup"))
        filters = template.of("AWS::Logs::MetricFilter").values()
        if not any(target(it["LogGroupName"]) == logs for it in filters):
            yield f"{name}: nobody counts the errors it logs"
    for mapping in template.of("AWS::Lambda::EventSourceMapping").values():
        if not template.alarms_on(target(mapping["FunctionName"]), "IteratorAge"):
            yield f"{target(mapping['FunctionName'])}: nobody hears when it falls behind"


@invariant
def alarms_tell_somebody_and_watch_what_there_is(template):
    for name, alarm in template.of("AWS::CloudWatch::Alarm").items():
        if not any(target(it) in template.of("AWS::SNS::Topic") for it in alarm.get("AlarmActions", [])):
            yield f"{name}: tells nobody"
        if not alarm.get("AlarmDescription"):
            yield f"{name}: does not say what is wrong"
        for dimension in alarm.get("Dimensions", []):
            if target(dimension["Value"]) not in template.resources:
                yield f"{name}: watches nothing"


@invariant
def the_api_is_alarmed_and_throttled(template):
    for name in template.of("AWS::ApiGatewayV2::Api"):
        if not template.alarms_on(name, "5xx"):
            yield f"{name}: no alarm for 5xx"
    for name, stage in template.of("AWS::ApiGatewayV2::Stage").items():
        settings = stage.get("DefaultRouteSettings", {})
        if not {"ThrottlingRateLimit", "ThrottlingBurstLimit"} <= set(settings):
            yield f"{name}: is not throttled"
        if "AccessLogSettings" not in stage:
            yield f"{name}: does not log who came"


# ---------------------------------------------------------------- what is kept


@invariant
def tables_are_kept(template):
    for name, table in template.of("AWS::DynamoDB::Table").items():
        resource = template.resources[name]
        if {resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")} != {"Retain"}:
            yield f"{name}: goes with the stack"
        if table.get("BillingMode") != "PAY_PER_REQUEST":
            yield f"{name}: has a capacity that can be used up"
        recovery = table.get("PointInTimeRecoverySpecification", {})
        if recovery.get("PointInTimeRecoveryEnabled") is not True:
            yield f"{name}: cannot be put back to a point in time"
        if table.get("DeletionProtectionEnabled") in (None, False, "false"):
            yield f"{name}: can be deleted by mistake"
        if table.get("StreamSpecification", {}).get("StreamViewType") != "NEW_AND_OLD_IMAGES":
            yield f"{name}: has no stream of both images"
        if table.get("TimeToLiveSpecification") != {"AttributeName": "expires", "Enabled": True}:
            yield f"{name}: does not forget what has expired"


@invariant
def the_table_is_the_one_the_code_makes(template):
    for name, table in template.of("AWS::DynamoDB::Table").items():
        keys = [(it["AttributeName"], it["KeyType"]) for it in table["KeySchema"]]
        if keys != [("pk", "HASH"), ("sk", "RANGE")]:
            yield f"{name}: has the keys {keys}"
        indexes = {
            it["IndexName"]: (
                [(key["AttributeName"], key["KeyType"]) for key in it["KeySchema"]],
                it["Projection"],
            )
            for it in table.get("GlobalSecondaryIndexes", [])
        }
        work = ([("work", "HASH"), ("workAt", "RANGE")], {"ProjectionType": "KEYS_ONLY"})
        if indexes != {"work": work}:
            yield f"{name}: has the indexes {indexes}"


@invariant
def logs_are_kept_for_a_time(template):
    for name, logs in template.of("AWS::Logs::LogGroup").items():
        if "RetentionInDays" not in logs:
            yield f"{name}: is kept for ever"


# ---------------------------------------------------------------- the gate


@invariant
def every_function_is_behind_the_gate(template):
    gates = [name for name, it in template.resources.items() if it["Type"].startswith("Custom::")]
    if len(gates) != 1:
        yield f"there are {len(gates)} gates"
        return
    gate = template.resources[gates[0]]["Properties"]
    keeper = target(gate["ServiceToken"])
    for name in template.functions():
        depends = listed(template.resources[name].get("DependsOn", []))
        if name != keeper and gates[0] not in depends:
            yield f"{name}: does not wait for the gate"
    layers = set(template.of("AWS::Lambda::LayerVersion"))
    for name, function in template.functions().items():
        if {target(it) for it in function.get("Layers", [])} != layers:
            yield f"{name}: does not have the configuration"
    if target(gate.get("Layer")) not in layers:
        yield "the gate does not see when the configuration changes"
    if not 60 <= gate.get("ServiceTimeout", 3600) <= 600:
        yield "the gate keeps a deployment waiting"
    for name in layers:
        if template.resources[name].get("DeletionPolicy") != "Retain":
            yield f"{name}: goes with the next deployment"


# ---------------------------------------------------------------- functions


@invariant
def functions_are_alike(template):
    for name, function in template.functions().items():
        if function.get("Architectures") != [{"Ref": "Architecture"}]:
            yield f"{name}: is for another architecture"
        if function.get("Runtime") != "provided.al2023":
            yield f"{name}: runs on {function.get('Runtime')}"
        if not isinstance(function.get("Timeout"), int) or "MemorySize" not in function:
            yield f"{name}: has no bounds"
        logging = function.get("LoggingConfig", {})
        if target(logging.get("LogGroup")) not in template.of("AWS::Logs::LogGroup"):
            yield f"{name}: logs to a group that nobody made"
        if logging.get("LogFormat") != "JSON":
            yield f"{name}: logs as text"
        if function.get("FunctionName", {}).get("Fn::Sub", "").startswith("${AWS::StackName}-") is False:
            yield f"{name}: has a name that a second stack would want too"


@invariant
def traces_are_taken_where_they_may_be_sent(template):
    for name, function in template.functions().items():
        is_traced = function.get("TracingConfig", {}).get("Mode") in ("Active", {"Ref": "Tracing"})
        granted = any(
            sorted(listed(it["Action"])) == TRACE for it in statements(template.role_of(function))
        )
        if is_traced != granted:
            yield f"{name}: tracing and permission to trace do not agree"


@invariant
def schedules_can_be_read_and_have_names_of_their_own(template):
    for name, schedule in template.of("AWS::Scheduler::Schedule").items():
        if "${AWS::StackName}" not in json.dumps(schedule.get("Name", "")):
            yield f"{name}: has a name that a second stack would want too"
        if not RATE.match(str(schedule.get("ScheduleExpression", ""))):
            yield f"{name}: cannot be read: {schedule.get('ScheduleExpression')}"
        if "RetryPolicy" not in schedule.get("Target", {}):
            yield f"{name}: is tried without bound"


def problems(template: dict) -> list[str]:
    """Everything that does not hold"""
    it = Template(template)
    return [f"{check.__name__}: {problem}" for check in INVARIANTS for problem in check(it)]

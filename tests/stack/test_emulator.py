"""The emulator's own rules: what a role allows, what a filter lets through."""

import json

import pytest
from emulator.permissions import Denied, Guard, allows
from emulator.sources import api_event, passes

TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/defuse"
READ = {"Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": TABLE}
ONE_PARTITION = READ | {
    "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["C#bundles"]}}
}
SECRETS = {
    "Effect": "Allow",
    "Action": "secretsmanager:GetSecretValue",
    "Resource": "arn:aws:secretsmanager:us-east-1:123456789012:secret:defuse/*",
}


@pytest.mark.parametrize(
    ("statement", "action", "resource", "keys", "expected"),
    [
        (READ, "dynamodb:GetItem", TABLE, {"A#1"}, True),
        (READ, "dynamodb:PutItem", TABLE, {"A#1"}, False),
        (READ, "dynamodb:GetItem", TABLE + "2", {"A#1"}, False),
        (READ | {"Effect": "Deny"}, "dynamodb:GetItem", TABLE, {"A#1"}, False),
        (ONE_PARTITION, "dynamodb:GetItem", TABLE, {"C#bundles"}, True),
        (ONE_PARTITION, "dynamodb:GetItem", TABLE, {"A#1"}, False),
    ],
)
def test_a_role_allows_what_it_says(statement, action, resource, keys, expected):
    assert allows(statement, action, resource, keys) is expected


def call(guard, target, body, caller="chat"):
    environ = {"HTTP_X_AMZ_TARGET": target} if target else {}
    guard.check(caller, environ, body.encode())


def test_a_call_is_held_against_the_role_of_its_caller():
    guard = Guard(None, "us-east-1", "123456789012")
    guard.roles["chat"] = [READ, SECRETS]
    get = json.dumps({"TableName": "defuse", "Key": {"pk": {"S": "A#1"}}})
    call(guard, "DynamoDB_20120810.GetItem", get)
    call(guard, "secretsmanager.GetSecretValue", json.dumps({"SecretId": "defuse/graph"}))
    assert guard.used == {"chat": {"dynamodb:GetItem", "secretsmanager:GetSecretValue"}}
    for target, body in (
        ("DynamoDB_20120810.Query", json.dumps({"TableName": "defuse"})),
        ("DynamoDB_20120810.GetItem", json.dumps({"TableName": "others", "Key": {"pk": {"S": "1"}}})),
        ("secretsmanager.GetSecretValue", json.dumps({"SecretId": "others/graph"})),
        (None, "Action=Publish&TopicArn=arn%3Aaws%3Asns%3Aus-east-1%3A123456789012%3Anews"),
    ):
        with pytest.raises(Denied):
            call(guard, target, body)


def test_a_filter_lets_through_what_it_names():
    pattern = {"dynamodb": {"NewImage": {"sk": {"S": ["H"]}, "work": {"S": ["pending"]}}}}

    def record(**image):
        return {"dynamodb": {"NewImage": {name: {"S": value} for name, value in image.items()}}}

    assert passes(pattern, record(pk="A#1", sk="H", work="pending"))
    assert not passes(pattern, record(pk="A#1", sk="H", work="effects"))
    assert not passes(pattern, record(pk="A#1", sk="H"))
    assert not passes(pattern, record(pk="A#1", sk="R#1", work="pending"))
    assert not passes(pattern, {"dynamodb": {"OldImage": {}}})


def test_a_body_that_is_no_text_goes_on_as_base64():
    event = api_event("api", "POST", "/receive", "", {"X-One": "1"}, b"\xff")
    assert (event["body"], event["isBase64Encoded"]) == ("/w==", True)
    assert event["headers"] == {"x-one": "1"}

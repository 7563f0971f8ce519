"""Holds every call that a function makes to AWS against the function's role.

moto lets everybody do everything; here a call that the role does not grant is denied, as on AWS.
"""

import io
import json
import re
from fnmatch import fnmatchcase
from urllib.parse import parse_qs

SERVICES = {"DynamoDB": "dynamodb", "secretsmanager": "secretsmanager"}


class Denied(Exception):
    pass


class Guard:
    """Stands before the moto server"""

    def __init__(self, application, region: str, account: str):
        self.application, self.region, self.account = application, region, account
        # The statements of each role, by the access key of the function that has it
        self.roles: dict[str, list[dict]] = {}
        self.used: dict[str, set[str]] = {}
        self.denied: list[str] = []

    def __call__(self, environ, start_response):
        caller = re.search(r"Credential=([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
        if caller is None or caller[1] not in self.roles:
            return self.application(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        try:
            self.check(caller[1], environ, body)
        except Denied as denied:
            self.denied.append(str(denied))
            answer = json.dumps({"__type": "AccessDeniedException", "message": str(denied)})
            start_response("400 Bad Request", [("Content-Type", "application/x-amz-json-1.0")])
            return [answer.encode()]
        return self.application(environ, start_response)

    def check(self, caller: str, environ: dict, body: bytes):
        action, resources, keys = self.asked(environ, body)
        for resource in resources:
            self.check_action(caller, action, resource, keys)

    def check_action(self, caller: str, action: str, resource: str, keys: set[str] = frozenset()):
        if not any(allows(it, action, resource, keys) for it in self.roles[caller]):
            raise Denied(f"{caller} is not authorized to perform {action} on {resource}")
        self.used.setdefault(caller, set()).add(action)

    def asked(self, environ: dict, body: bytes) -> tuple[str, list[str], set[str]]:
        """The action, the resources, and the partition keys that a call is about"""
        target = environ.get("HTTP_X_AMZ_TARGET")
        if target is None:
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            return f"sns:{form['Action']}", [form.get("TopicArn", "*")], set()
        service, call = target.split(".")
        service = SERVICES[service.split("_")[0]]
        asked = json.loads(body)
        arn = f"arn:aws:{service}:{self.region}:{self.account}"
        if service == "secretsmanager":
            name = asked["SecretId"]
            resource = name if name.startswith("arn:") else f"{arn}:secret:{name}-AbCdEf"
            return f"{service}:{call}", [resource], set()
        tables = list(asked.get("RequestItems", {})) or [asked["TableName"]]
        index = f"/index/{asked['IndexName']}" if "IndexName" in asked else ""
        keys = {it["pk"]["S"] for it in (asked.get("Key"), asked.get("Item")) if it}
        return f"{service}:{call}", [f"{arn}:table/{table}{index}" for table in tables], keys


def allows(statement: dict, action: str, resource: str, keys: set[str]) -> bool:
    actions, resources = listed(statement["Action"]), listed(statement["Resource"])
    leading = statement.get("Condition", {}).get("ForAllValues:StringEquals", {})
    leading = leading.get("dynamodb:LeadingKeys")
    return (
        statement["Effect"] == "Allow"
        and action in actions
        and any(fnmatchcase(resource, it) for it in resources)
        and (leading is None or keys <= set(leading))
    )


def listed(value) -> list:
    return value if isinstance(value, list) else [value]

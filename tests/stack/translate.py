"""Translates the SAM template to CloudFormation, as AWS would, without an account."""

import json
import logging
import os
import sys
from pathlib import Path

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
logging.getLogger("samtranslator").setLevel(logging.ERROR)  # it has metrics that nobody collects

from samtranslator.model.exceptions import InvalidDocumentException  # noqa: E402
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader  # noqa: E402
from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402

# The property that has a local folder, for each type that has one
FOLDERS = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
}


class NoManagedPolicies(ManagedPolicyLoader):
    """We use none, so a template that names one does not translate."""

    def __init__(self):
        super().__init__(None)

    def load(self):
        return {}


def parse(path: Path) -> dict:
    return yaml_parse(path.read_text())


def folders(source: dict) -> dict[str, str]:
    """Every local folder of the template, by the resource that takes it along"""
    found = {}
    for name, resource in source["Resources"].items():
        if resource["Type"] in FOLDERS:
            found[name] = resource["Properties"][FOLDERS[resource["Type"]]]
    return found


def translate(source: dict, keys: dict[str, str] | None = None, bucket: str = "packages") -> dict:
    """The CloudFormation template; `keys` says where in the bucket each folder's archive is."""
    source = json.loads(json.dumps(source))
    for name in folders(source):
        resource = source["Resources"][name]
        key = (keys or {}).get(name, f"{name}.zip")
        resource["Properties"][FOLDERS[resource["Type"]]] = f"s3://{bucket}/{key}"
    return transform(source, {}, NoManagedPolicies())


def main() -> int:
    source, out = map(Path, sys.argv[1:])
    try:
        translated = translate(parse(source))
    except InvalidDocumentException as error:
        print(error.message, *(cause.message for cause in error.causes), sep="\n", file=sys.stderr)
        return 1
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(translated, indent=1) + "\n")
    print(f"{source}: {len(translated['Resources'])} resources, in {out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

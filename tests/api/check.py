"""Starts a host on loopback with alerts in it, and lets schemathesis ask its API at random."""

import hashlib
import hmac
import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

KEY = base64.b64encode(b"the-key-of-the-random-requests!!").decode()
SETTINGS = """\
apiVersion: defuse/v1
kind: Settings
channels:
  soc: { kind: webhook, url: { env: CHECK_URL } }
receive:
  signingKeys: [{ env: CHECK_KEY }]
highRisk: { tags: [high risk] }
api: { requestsPerMinute: 100000 }
"""
# Not `positive_data_acceptance`: an id or a version made up at random is refused, and rightly so.
CHECKS = ",".join(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
        "unsupported_method",
        "ignored_auth",
    ]
)


def main(binary, wanted):
    folder = pathlib.Path(tempfile.mkdtemp(prefix="defuse-check-"))
    try:
        shutil.copytree("infra/roles", folder / "infra/roles")
        shutil.copytree("infra/playbooks", folder / "infra/playbooks")
        (folder / "infra/settings.yaml").write_text(SETTINGS)
        return ask(folder, binary, wanted)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def ask(folder, binary, wanted):
    environment = {
        **os.environ,
        "CHECK_URL": "http://127.0.0.1:9/nobody",
        "CHECK_KEY": f"whsec_{KEY}",
    }
    arguments = ["dev", "--port", "0", "--config", folder / "infra", "--data", folder / "state"]
    log = (folder / "host.log").open("w")
    host = subprocess.Popen(
        [binary, *arguments], env=environment, stdout=subprocess.PIPE, stderr=log, text=True
    )
    try:
        said, url, token = "", None, None
        while url is None or token is None:
            line = host.stdout.readline()
            if not line:
                sys.exit(f"tests/api/check: the host does not start: {said}")
            said += line
            url = url or next(iter(re.findall(r"http://127\.0\.0\.1:\d+", line)), None)
            token = token or next(iter(re.findall(r"DEFUSE_TOKEN=(\S+?),?\s", line)), None)
        ids = send_alerts(url)
        return schemathesis(folder, url, token, ids, wanted)
    finally:
        host.terminate()
        host.wait(timeout=30)


def send_alerts(url):
    """Keeps alerts, so that some requests are about one that is there."""
    ids = []
    for path in sorted(pathlib.Path("events/receive").glob("*.json"))[:12]:
        body = path.read_bytes()
        now, name = str(int(time.time())), hashlib.sha256(body).hexdigest()
        signed = f"{name}.{now}.".encode() + body
        mac = hmac.new(base64.b64decode(KEY), signed, hashlib.sha256).digest()
        headers = {
            "content-type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": now,
            "webhook-signature": "v1," + base64.b64encode(mac).decode(),
        }
        request = urllib.request.Request(f"{url}/receive", body, headers)
        with urllib.request.urlopen(request, timeout=30):
            pass
        found = json.loads(body)
        if isinstance(found, dict) and isinstance(found.get("id"), str):
            ids.append(found["id"])
    return ids


def schemathesis(folder, url, token, ids, wanted):
    request = urllib.request.Request(
        f"{url}/v1/openapi.json", headers={"authorization": f"Bearer {token}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        document = json.load(answer)
    # Ids and versions that are there, so that more than refusals are looked at.
    for path, methods in document["paths"].items():
        for operation in methods.values():
            for parameter in operation.get("parameters", []):
                if path.startswith("/v1/alerts/") and parameter["name"] == "id":
                    parameter["schema"] = {"anyOf": [{"enum": ids}, parameter["schema"]]}
                if parameter["name"] == "If-Match":
                    known = [f'"{it}"' for it in range(1, 9)]
                    parameter["schema"] = {"anyOf": [{"enum": known}, parameter["schema"]]}
    file = folder / "openapi.json"
    file.write_text(json.dumps(document))
    n_operations = sum(len(it) for it in document["paths"].values())
    sent, seed = 0, 1
    while sent < wanted:
        report = folder / f"report-{seed}.ndjson"
        each = max(1, -(-(wanted - sent) // n_operations))
        run = subprocess.run(
            [
                pathlib.Path(sys.executable).with_name("schemathesis"),
                "run",
                file,
                "--url",
                url,
                "--header",
                f"Authorization: Bearer {token}",
                "--checks",
                CHECKS,
                "--max-examples",
                str(each),
                "--seed",
                str(seed),
                "--phases",
                "examples,coverage,fuzzing",
                "--continue-on-failure",
                "--no-shrink",
                "--suppress-health-check",
                "all",
                "--warnings",
                "off",
                "--report",
                "ndjson",
                "--report-ndjson-path",
                report,
            ]
        )
        if run.returncode != 0:
            return run.returncode
        sent, seed = sent + count(report), seed + 1
        print(f"tests/api/check: {sent} of {wanted} requests", flush=True)
    print(f"\ntests/api/check: {sent} requests to {n_operations} operations, and all is well.")
    return 0


def count(report):
    """How many requests were answered, by the report of one run."""
    answered = 0
    with report.open() as lines:
        for line in lines:
            answered += line.count('"status_code"')
    return answered


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))

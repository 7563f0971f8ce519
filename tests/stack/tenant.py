"""The stand-in tenant (shared/testkit/examples/tenant.rs), as a process; and its people and alerts."""

import base64
import datetime
import hashlib
import hmac
import json
import re
import secrets
import subprocess
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")


def moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(re.sub(r"\.\d+Z$", "Z", text))


def graph_time(it: datetime.datetime) -> dict:
    return {"dateTime": it.strftime("%Y-%m-%dT%H:%M:%S.0000000"), "timeZone": "UTC"}


class Tenant:
    def __init__(self, binary: Path):
        self.process = subprocess.Popen(
            [binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.about = json.loads(self.process.stdout.readline())
        self.requests: list[dict] = []
        self.put_back = threading.Semaphore(0)
        threading.Thread(target=self.read, daemon=True).start()
        self.people()

    def read(self):
        for line in self.process.stdout:
            line = json.loads(line)
            if "request" in line:
                self.requests.append(line["request"])
            else:
                self.put_back.release()

    def put(self, what: dict):
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        if not self.put_back.acquire(timeout=10):
            raise TimeoutError("the tenant does not answer")

    def people(self):
        """Kim and Pat are on leave, Pat at high risk; Alex is at work"""
        now = datetime.datetime.now(datetime.timezone.utc)
        week = datetime.timedelta(days=7)
        leave = {
            "status": "scheduled",
            "externalAudience": "all",
            "scheduledStartDateTime": graph_time(now - week),
            "scheduledEndDateTime": graph_time(now + week),
        }
        at_work = {"status": "disabled", "externalAudience": "all"}
        at_risk = {
            "riskLevel": "high",
            "riskState": "atRisk",
            "riskDetail": "none",
            "isDeleted": False,
            "isProcessing": False,
            "riskLastUpdatedDateTime": (now - week).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        for name, number, replies, risk in (
            ("kim", 1, leave, None),
            ("pat", 4, leave, at_risk),
            ("alex", 5, at_work, None),
        ):
            user = {
                "id": f"6f1d2c3b-1111-4a5b-8c6d-0a1b2c3d4e{number:02}",
                "userPrincipalName": f"{name}@contoso.example",
                "automaticReplies": replies,
            }
            self.put({"user": user | ({"risk": risk} if risk else {})})

    def posts(self, path: str) -> list[dict]:
        return [it for it in self.requests if it["method"] == "POST" and it["path"] == path]

    def changes(self) -> list[str]:
        """Everything that changed something, in its order"""
        asked = [it for it in self.requests if it["method"] != "GET" and "/oauth2/" not in it["path"]]
        return [f"{it['method']} {it['path']} {it['status']}" for it in asked]

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)


def sample(path: Path) -> dict:
    """A sample alert, as if it had come an hour ago"""
    text = path.read_text()
    last = moment(json.loads(text)["lastUpdateDateTime"])
    shift = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1) - last

    def shifted(match: re.Match) -> str:
        fraction = re.search(r"\.\d+", match[0])
        at = moment(match[0]) + shift
        return at.strftime("%Y-%m-%dT%H:%M:%S") + (fraction[0] if fraction else "") + "Z"

    return json.loads(TIME.sub(shifted, text))


def signing_key() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def push(url: str, alerts, key: str | None) -> tuple[int, dict]:
    """Pushes alerts, signed by the conventions of Standard Webhooks"""
    body = json.dumps(alerts).encode()
    headers = {"content-type": "application/json"}
    if key is not None:
        id, now = f"msg_{secrets.token_hex(8)}", str(int(time.time()))
        secret = base64.b64decode(key.removeprefix("whsec_"))
        tag = hmac.new(secret, f"{id}.{now}.".encode() + body, hashlib.sha256).digest()
        headers |= {
            "webhook-id": id,
            "webhook-timestamp": now,
            "webhook-signature": "v1," + base64.b64encode(tag).decode(),
        }
    request = urllib.request.Request(url, body, headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"{}")

"""Deploys the stack into the emulator, and walks the ways that must hold, with the real binaries.

    emulate.py BUILT TENANT DEFUSE [--write DOCUMENT]

BUILT is what infra/build made, DEFUSE the command. Each line that is printed is something that was seen; the first that
does not hold ends it with exit code 1, and the functions' logs are shown.
"""

import argparse
import datetime
import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from emulator.aws import Emulator
from emulator.functions import pack
from tenant import Tenant, push, sample, signing_key
from translate import folders, parse, translate

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "events/receive"
BUCKET = "packages"
# Who can be told in these runs; nobody listens on port 1
SETTINGS = """apiVersion: defuse/v1
kind: Settings
graph:
  baseUrl: {graphUrl}
  tokenUrl: {tokenUrl}
  clientId: {clientId}
  clientSecret: {{ secretsManager: defuse/graph }}
endpoint:
  baseUrl: {endpointUrl}
  tokenUrl: {tokenUrl}
  clientId: {clientId}
  clientSecret: {{ secretsManager: defuse/graph }}
operations: {{ channel: soc }}
channels:
  soc: {{ kind: teams, url: {{ secretsManager: defuse/channel-soc-url }} }}
  nowhere: {{ kind: webhook, url: {{ secretsManager: defuse/channel-nowhere }} }}
receive:
  signingKeys:
    - secretsManager: defuse/receive-signing-key
highRisk:
  userRisk: {{ atLeast: high }}
"""
POISON = "poison"
# A tuning rule that people save; it is about alerts of the samples' kind, with a title of its own
RULE = """apiVersion: defuse/v1
kind: TuningRule
name: emulated
owner: secops@contoso.example
reason: the office in Oslo
serviceSources: [microsoftDefenderForCloudApps]
alertTypes: any
scope: organisation
condition:
  all:
    - alert: { severity: { atMost: high }, title: { contains: "from Oslo" } }
    - evidence: any
action: hide
expires: EXPIRES
"""
INDICATOR = "203.0.113.9"


class Failure(Exception):
    pass


class Run:
    def __init__(self, built: Path, tenant: Path, defuse: Path):
        self.built = built
        self.defuse = defuse.resolve()
        self.emulator = Emulator()
        self.tenant = Tenant(tenant)
        self.key = signing_key()
        self.seen: list[tuple[str, list[str]]] = []
        self.source = parse(built / "template.yaml")
        self.folder = Path(tempfile.mkdtemp(prefix="defuse-bundles-"))
        self.emulator.client("s3").create_bucket(Bucket=BUCKET)

    # -------------------------------------------------------------- saying what was seen

    def scenario(self, title: str):
        self.seen.append((title, []))
        print(f"\n{title}", flush=True)

    def saw(self, what: str, holds: bool, instead=None):
        if not holds:
            raise Failure(f"{what}: does not hold; instead: {instead}")
        self.seen[-1][1].append(what)
        print(f"  {what}", flush=True)

    # -------------------------------------------------------------- bundles and stacks

    def bundle(self, name: str, change=lambda infra: None) -> tuple[Path, str]:
        """The built bundle with the run's settings, changed; and its digest, as the gate knows it"""
        folder = self.folder / name
        shutil.copytree(self.built / "bundle", folder)
        infra = folder / "infra"
        (infra / "settings.yaml").write_text(SETTINGS.format(**self.tenant.about))
        change(infra)
        return folder, digest(infra)

    def deploy(self, stack: str, bundle: tuple[Path, str]) -> tuple[str, str]:
        source = json.loads(json.dumps(self.source))
        source["Resources"]["Gate"]["Properties"]["Bundle"] = bundle[1]
        keys = {}
        for name, folder in folders(source).items():
            is_layer = source["Resources"][name]["Type"] == "AWS::Serverless::LayerVersion"
            folder = bundle[0] if is_layer else self.built / folder
            keys[name] = f"{stack}/{name}.zip"
            self.emulator.client("s3").put_object(Bucket=BUCKET, Key=keys[name], Body=pack(folder))
        template = translate(source, keys, BUCKET)
        self.n_resources = len(template["Resources"])
        return self.emulator.create_stack(stack, template)

    def output(self, name: str) -> str:
        outputs = self.emulator.stack("defuse").outputs
        return next(it["OutputValue"] for it in outputs if it["OutputKey"] == name)

    def physical(self, name: str) -> str:
        return self.emulator.stack("defuse").resource_map[name].physical_resource_id

    def push(self, alerts, key="ours"):
        api = self.physical("Api")
        return push(f"{self.emulator.front_url}/{api}/receive", alerts, self.key if key == "ours" else key)

    def item(self, pk: str, sk: str) -> dict:
        table = self.output("TableName")
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        got = self.emulator.client("dynamodb").get_item(TableName=table, Key=key)
        return got.get("Item", {})

    def state(self, alert: str) -> str:
        return self.item(f"A#{alert}", "H").get("state", {}).get("S", "gone")

    def in_force(self) -> str:
        return self.item("C#bundles", "IN_FORCE").get("digest", {}).get("S", "none")

    def queue(self, name: str) -> list[dict]:
        sqs = self.emulator.client("sqs")
        name = self.physical(name).split("/")[-1]
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [json.loads(it["Body"]) for it in got.get("Messages", [])]

    def command(self, *arguments: str, table: bool = True) -> tuple[int, str]:
        """The command `defuse` as people run it who have the table: exit code, and all it printed"""
        surroundings = {
            "AWS_ENDPOINT_URL_DYNAMODB": self.emulator.endpoint,
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": "somebody",
            "USER": "kim",
        }
        where = ["--table", self.output("TableName")] if table else []
        ran = subprocess.run(
            [self.defuse, *arguments, *where],
            cwd=self.folder,
            env=surroundings,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return ran.returncode, ran.stdout + ran.stderr

    def did(self, what: str, *arguments: str, words: tuple[str, ...] = ()) -> str:
        """Runs the command, which must work and print all of those words"""
        code, out = self.command(*arguments)
        self.saw(what, code == 0 and all(it in out for it in words), f"{code}: {out}")
        return out

    def settle(self):
        if not self.emulator.settle():
            raise Failure("the stack does not come to rest within a minute")

    # -------------------------------------------------------------- scenarios

    def secrets_are_missing(self):
        self.scenario("A stack whose secrets nobody made")
        status, reason = self.deploy("early", self.bundle("early"))
        self.saw(f"is rolled back: {status}", status == "ROLLBACK_COMPLETE", reason)
        secrets = {
            "defuse/graph": self.tenant.about["clientSecret"],
            "defuse/channel-soc-url": f"{self.tenant.about['baseUrl']}/teams/soc",
            "defuse/channel-nowhere": "http://127.0.0.1:1/",
            "defuse/receive-signing-key": self.key,
        }
        self.saw(f"says why: `{shown(reason)}`", all(it in reason for it in secrets), reason)
        for name, value in secrets.items():
            self.emulator.client("secretsmanager").create_secret(Name=name, SecretString=value)

    def good(self):
        self.scenario("A stack with a good configuration")
        self.first = self.bundle("first")
        begin = time.monotonic()
        status, reason = self.deploy("defuse", self.first)
        seconds = time.monotonic() - begin
        self.saw(
            f"is made: {status}, {self.n_resources} resources in {seconds:.1f} s",
            status == "CREATE_COMPLETE",
            reason,
        )
        digest = self.first[1]
        self.saw(f"has the bundle in force: {digest[:19]}…", self.in_force() == digest, self.in_force())

    def push_to_chat(self):
        self.scenario("Alerts, from the push to the channel")
        away = sample(EVENTS / "impossible-travel.json")
        at_risk = sample(EVENTS / "impossible-travel-high-risk-user.json")
        status, answer = self.push(away, key=None)
        self.saw(f"unsigned, one is answered {status}", status == 401, answer)
        status, answer = self.push(away, key=signing_key())
        self.saw(f"signed with a key that is not ours, {status}", status == 401, answer)
        for alert in (away, at_risk):
            self.tenant.put({"alert": alert})
            status, answer = self.push(alert)
            stored = answer.get("alerts", [{}])[0].get("stored")
            self.saw(f"signed, {alert['id']} is answered {status}: {stored}", status == 202, answer)
        self.settle()
        self.saw("Kim, on leave: resolved", self.state(away["id"]) == "resolved", self.state(away["id"]))
        path = f"/v1.0/security/alerts_v2/{away['id']}"
        changes = self.tenant.changes()
        told = [it for it in changes if "/teams/" in it]
        expected = [f"PATCH {path} 200", f"POST {path}/comments 200"]
        self.saw("its source is told, first to resolve and then the comment", changes[:2] == expected, changes)
        self.saw(
            "Pat, on leave but at high risk: open, for a person",
            self.state(at_risk["id"]) == "open",
            self.state(at_risk["id"]),
        )
        self.saw("Teams is told of each, once", told == ["POST /teams/soc 202"] * 2, changes)
        run = self.item(f"A#{away['id']}", "H").get("run", {})
        self.saw("the alert's head names its run", bool(run), run)
        for alert in (away, at_risk):
            status, answer = self.push(alert)
            stored = answer.get("alerts", [{}])[0].get("stored")
            self.saw(f"pushed again, {alert['id']} is answered {status}: {stored}", stored == "again", answer)
        self.settle()
        self.saw("and changes nothing anywhere", self.tenant.changes() == changes, self.tenant.changes())

    def tuning(self):
        self.scenario("Tuning rules that people save, by the command `defuse` on the table")
        infra = str(self.first[0] / "infra")
        expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=30)
        rule = self.folder / "emulated.yaml"
        rule.write_text(RULE.replace("EXPIRES", expires.strftime("%Y-%m-%dT%H:%M:%SZ")))

        def listed() -> dict:
            out = self.command("tuning", "list", "--json", "--config", infra)[1]
            return {it["name"]: it for it in map(json.loads, out.splitlines())}

        deployed = {name: bool(it["since"]) for name, it in listed().items() if it["from"] == "deployed"}
        names = sorted(it.stem for it in (Path(infra) / "tuning").iterdir())
        self.saw(
            f"the gate noted since when the deployed ones are in force: {', '.join(names)}",
            deployed == dict.fromkeys(names, True),
            listed(),
        )
        before = sample(EVENTS / "impossible-travel.json")
        self.did("one is saved", "tuning", "save", str(rule), "--by", "kim", words=("version 1",))

        def comes(id: str) -> str:
            alert = before | {"id": id, "title": "Impossible travel from Oslo"}
            self.tenant.put({"alert": alert})
            status, answer = self.push(alert)
            self.settle()
            return self.state(id) if status == 202 else f"{status}: {answer}"

        first, second = "ca0000000000000000000000a1", "ca0000000000000000000000a2"
        # A function that runs sees a rule that was saved as soon as it has the next batch.
        self.saw("an alert that comes then is hidden", comes(first) == "hidden", self.state(first))
        counted = listed()["emulated"]
        self.saw("and counts for it", (counted["state"], counted["matches"]) == ("on", 1), counted)
        self.did(
            "`why` says that it holds",
            *("tuning", "why", "emulated", first, "--config", infra),
            words=("tuning rule emulated (hide) holds", "nothing is missing"),
        )
        other = self.folder / "other.yaml"
        other.write_text(rule.read_text().replace("name: emulated", "name: other"))
        out = self.did(
            "`preview` of another reads the table, and names the saved one that takes the same",
            *("tuning", "preview", str(other), "--config", infra, "--json"),
        )
        told = json.loads(out)
        overlaps = (told["taken"], told["savedRules"], told["overlaps"])
        self.saw("with the count of both", overlaps == (1, 1, {"emulated": 1}), told)
        out = self.did("`from-alert` fills in a rule", "tuning", "from-alert", first)
        self.saw("and offers what can be allowed", "defuse allow add" in out, out)
        self.did("turned off", "tuning", "off", "emulated", "--by", "kim")
        state = comes(second)
        self.saw(f"it takes none: the next is {state}, by the playbook", state == "resolved", state)
        self.did("turned on again", "tuning", "on", "emulated", "--by", "kim")
        self.did("the hidden one is released", "tuning", "release", first, "--by", "lee", words=("released",))
        self.settle()
        self.saw("and is open, whatever the rule says", self.state(first) == "open", self.state(first))
        self.did(
            "its history names who did what",
            *("tuning", "show", "emulated"),
            words=("saved by kim", "turned off by kim", "turned on by kim"),
        )

    def allow(self):
        self.scenario("Our own allow list, by the command `defuse` on the table")
        add = ("allow", "add", INDICATOR, "--title", "Scanner", "--description", "Ours", "--by", "kim")
        self.did("an address is put there", *add, words=(f"{INDICATOR} is allowed",))
        self.settle()
        path = "/mde/api/indicators"
        self.saw("Defender for Endpoint is told, once", len(self.tenant.posts(path)) == 1, self.tenant.changes())
        self.did("and it stands on the list as written", "allow", "list", words=(INDICATOR, "written"))

    def poison(self):
        self.scenario("Poison among alerts")
        table, dynamodb = self.output("TableName"), self.emulator.client("dynamodb")
        good = sample(EVENTS / "impossible-travel-not-away.json")
        self.tenant.put({"alert": good})
        for number, work in enumerate(["pending", "pending", "effects"]):
            head = {
                "pk": f"A#ca{POISON}{number}",
                "sk": "H",
                "work": work,
                "workAt": "2026-11-23T12:00:00.000000000Z",
                "revision": "no revision",
            }
            item = {name: {"S": value} for name, value in head.items()}
            dynamodb.put_item(TableName=table, Item=item)
        status, answer = self.push(good)
        self.saw(f"a good one after two that cannot be read: {status}", status == 202, answer)
        self.settle()
        self.saw("is decided all the same: open", self.state(good["id"]) == "open", self.state(good["id"]))
        lost = [it["DDBStreamBatchInfo"]["batchSize"] for it in self.queue("TriageDeadLetters")]
        self.saw(f"the two are in TriageDeadLetters, by their place: {lost}", sum(lost) >= 2, lost)
        still = [self.item(f"A#ca{POISON}{it}", "H").get("work", {}).get("S") for it in (0, 1)]
        self.saw("and still pending in the table", still == ["pending"] * 2, still)
        lost = [it["DDBStreamBatchInfo"]["batchSize"] for it in self.queue("DeliverDeadLetters")]
        self.saw("one whose effects cannot be read is in DeliverDeadLetters", sum(lost) >= 1, lost)
        told = [it for it in self.tenant.changes() if "/teams/" in it]
        self.saw("Teams hears of the good one", len(told) == 3, told)

    def nowhere(self):
        self.scenario("A notification that cannot be posted")
        posted = self.physical("Notifications")
        notification = {
            "id": "emulated-1",
            "channel": "nowhere",
            "template": "needsEyes",
            "title": "Nobody listens",
            "alertId": "ca1",
            "severity": "low",
            "facts": [],
            "reasons": ["nobody listens on port 1"],
            "url": None,
        }
        self.emulator.client("sns").publish(TopicArn=posted, Message=json.dumps(notification))
        self.settle()
        lost = self.queue("ChatDeadLetters")
        ids = [
            json.loads(record["Sns"]["Message"])["id"]
            for it in lost
            for record in it["requestPayload"]["Records"]
        ]
        self.saw("is in ChatDeadLetters, whole", ids == ["emulated-1"], lost)

    def bad_playbook(self):
        self.scenario("A second stack, with a bad playbook")
        status, reason = self.deploy("second", self.bundle("bad", misspell))
        self.saw(f"is rolled back: {status}", status == "ROLLBACK_COMPLETE", reason)
        self.saw(f"says every mistake: `{shown(reason)}`", "`resolv`" in reason and "P0" in reason, reason)
        functions = self.emulator.client("lambda").list_functions()["Functions"]
        left = [it["FunctionName"] for it in functions if it["FunctionName"].startswith("second-")]
        self.saw("none of its functions is left", left == [], left)

    def failing_case(self):
        self.scenario("A third, whose playbook fails one of its own cases")
        status, reason = self.deploy("third", self.bundle("failing", expect_otherwise))
        self.saw(f"is rolled back: {status}", status == "ROLLBACK_COMPLETE", reason)
        self.saw(f"says which: `{shown(reason)}`", "on leave" in reason, reason)

    def bad_update(self):
        """What CloudFormation asks of the gate when an update fails: moto cannot update a stack, so
        we do to the gate's function what CloudFormation would"""
        self.scenario("An update of the first stack with a bad playbook")
        provision = self.physical("Provision")
        of_ours = f"function:{provision}"
        first = next(
            it for it in self.emulator.asked if it["properties"]["ServiceToken"].endswith(of_ours)
        )
        client = self.emulator.client("lambda")
        old_layer = client.get_function(FunctionName=provision)["Configuration"]["Layers"][0]["Arn"]
        folder, digest = self.bundle("worse", misspell)
        made = client.publish_layer_version(
            LayerName="defuse-configuration", Content={"ZipFile": pack(folder)}
        )
        client.update_function_configuration(FunctionName=provision, Layers=[made["LayerVersionArn"]])
        properties = first["properties"] | {"Bundle": digest, "Layer": made["LayerVersionArn"]}
        about, id = first["about"], "defuse-bundle"
        answer = self.emulator.ask_custom_resource("Update", properties, about, id)
        self.saw(f"the gate answers {answer['Status']}", answer["Status"] == "FAILED", answer)
        self.saw("and the old bundle stays in force", self.in_force() == self.first[1], self.in_force())
        answer = self.emulator.ask_custom_resource("Update", first["properties"], about, id)
        self.saw(
            "on the way back, asked for the old bundle while it still has the new layer, it answers "
            f"{answer['Status']}",
            answer["Status"] == "SUCCESS",
            answer,
        )
        self.saw("and keeps its physical id", answer["PhysicalResourceId"] == id, answer)
        client.update_function_configuration(FunctionName=provision, Layers=[old_layer])
        answer = self.emulator.ask_custom_resource("Delete", first["properties"], about, id)
        self.saw(f"removed, it answers {answer['Status']}", answer["Status"] == "SUCCESS", answer)

    def books_balance(self):
        self.scenario("In the end")
        table = self.output("TableName")
        heads = self.emulator.client("dynamodb").scan(TableName=table)["Items"]
        heads = [it for it in heads if it["sk"]["S"] == "H" and POISON not in it["pk"]["S"]]
        states = sorted(it["state"]["S"] for it in heads)
        expected = ["open"] * 3 + ["resolved"] * 2
        self.saw(f"five alerts came in, and there are {states}", states == expected, states)
        denied = self.emulator.guard.denied
        self.saw("no function asked AWS for anything that its role does not grant", denied == [], denied)
        for mapping in self.emulator.mappings:
            name = mapping.mapping.function_arn.split(":")[-1]
            self.saw(
                f"{name} was woken for {mapping.n_passed} of {mapping.n_seen} records of the stream",
                0 < mapping.n_passed < mapping.n_seen,
            )

    def run(self):
        for step in (
            self.secrets_are_missing,
            self.good,
            self.push_to_chat,
            self.poison,
            self.nowhere,
            self.tuning,
            self.allow,
            self.bad_playbook,
            self.failing_case,
            self.bad_update,
            self.books_balance,
        ):
            step()

    def stop(self):
        self.emulator.stop()
        self.tenant.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def misspell(infra: Path):
    """An action that there is not, and a channel that there is not"""
    path = infra / "playbooks/legitimate-travel.yaml"
    text = path.read_text()
    path.write_text(text.replace("  - resolve:", "  - resolv:").replace("channel: soc", "channel: sock"))


def expect_otherwise(infra: Path):
    path = infra / "playbooks/legitimate-travel.yaml"
    text = path.read_text()
    path.write_text(text.replace("expect: resolved", "expect: open", 1))


def digest(infra: Path) -> str:
    """The name of the bundle, as `defuse bundle` writes it: by the texts of its files"""
    import hashlib

    files = (it.relative_to(infra) for it in infra.rglob("*") if it.is_file())
    names = [it.as_posix() for it in files if it.name != "bundle.json"]
    hash = hashlib.sha256()
    for name in sorted(names):
        for part in (name.encode(), (infra / name).read_bytes()):
            hash.update(len(part).to_bytes(8))
            hash.update(part)
    return f"sha256:{hash.hexdigest()}"


def shown(reason: str) -> str:
    """As much of a reason as fits a line, without backticks; a layer is at /opt on AWS"""
    reason = re.sub(r"/[^ ]*/opt/", "", reason)
    reason = re.sub(r"\s+", " ", reason).replace("`", "'")
    return reason if len(reason) < 300 else reason[:300] + "…"


def report(run: Run, seconds: float) -> str:
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True
    )
    lines = [
        f"Seen on {datetime.date.today()} at commit {commit.stdout.strip()}, on {platform.machine()}, "
        f"in {seconds:.0f} s."
    ]
    for title, seen in run.seen:
        lines += ["", f"**{title}**", "", *(f"- {it}" for it in seen)]
    return "\n".join(lines) + "\n"


def write(document: Path, text: str):
    """Puts the text between the document's marks"""
    begin, end = "<!-- emulate: begin -->\n", "<!-- emulate: end -->"
    before, rest = document.read_text().split(begin)
    _, after = rest.split(end)
    document.write_text(f"{before}{begin}{text}{end}{after}")


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("built", type=Path)
    arguments.add_argument("tenant", type=Path)
    arguments.add_argument("defuse", type=Path)
    arguments.add_argument("--write", type=Path)
    arguments = arguments.parse_args()
    begin = time.monotonic()
    run = Run(arguments.built, arguments.tenant, arguments.defuse)
    try:
        run.run()
    except Exception as failure:
        if not isinstance(failure, Failure):
            traceback.print_exc()
        for process in run.emulator.processes.values():
            print(f"\n---- log of {process.name}\n{process.log()[-4000:]}", file=sys.stderr)
        print(f"\nFAILED: {failure}", file=sys.stderr)
        return 1
    finally:
        run.stop()
    seconds = time.monotonic() - begin
    n_seen = sum(len(seen) for _, seen in run.seen)
    print(f"\n{n_seen} things seen, in {seconds:.0f} s: everything holds.")
    if arguments.write:
        write(arguments.write, report(run, seconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())

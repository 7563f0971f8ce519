"""What calls functions: streams, topics and HTTP, each as Lambda and API Gateway do it."""

import base64
import datetime
import http.server
import json
import threading
import time
import traceback
import uuid
from urllib.parse import urlsplit

from .functions import read_body

# How long to wait before asking a stream again
IDLE_SECONDS = 0.02
# In place of the pauses between tries, which last minutes on AWS
PAUSE_SECONDS = 0.05


class StreamMapping(threading.Thread):
    """Reads a table's stream from its beginning, and hands what passes the filter to a function"""

    def __init__(self, emulator, mapping):
        super().__init__(daemon=True)
        self.emulator, self.mapping = emulator, mapping
        self.patterns = [json.loads(it["Pattern"]) for it in mapping.filter_criteria["Filters"]]
        self.is_idle = False
        self.n_seen = self.n_passed = 0

    def run(self):
        streams = self.emulator.client("dynamodbstreams")
        arn = self.mapping.event_source_arn
        shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard, ShardIteratorType=self.mapping.starting_position
        )["ShardIterator"]
        while not self.emulator.stopped:
            try:
                got = streams.get_records(ShardIterator=iterator, Limit=100)
                records = [json.loads(json.dumps(it, default=encode)) for it in got["Records"]]
                self.n_seen += len(records)
                wanted = [it for it in records if any(passes(p, it) for p in self.patterns)]
                self.n_passed += len(wanted)
                self.is_idle = not records
                size = int(self.mapping.batch_size)
                for start in range(0, len(wanted), size):
                    self.hand_on(wanted[start : start + size])
                iterator = got["NextShardIterator"]
            except Exception:
                if not self.emulator.stopped:
                    traceback.print_exc()
            time.sleep(0 if not self.is_idle else IDLE_SECONDS)

    def hand_on(self, records: list[dict]):
        """One batch, until it is done or given up; partial answers and errors as Lambda takes them"""
        tries = 0
        while records:
            for it in records:
                it["eventSourceARN"] = self.mapping.event_source_arn
            failed, answer = self.emulator.invoke(self.mapping.function_arn, {"Records": records})
            if failed:
                if self.mapping.bisect_on_error and len(records) > 1:
                    middle = len(records) // 2
                    self.hand_on(records[:middle])
                    self.hand_on(records[middle:])
                    return
            else:
                items = (json.loads(answer or b"{}") or {}).get("batchItemFailures", [])
                if not items:
                    return
                numbers = [it["dynamodb"]["SequenceNumber"] for it in records]
                lowest = min(numbers.index(it["itemIdentifier"]) for it in items)
                records = records[lowest:]
            tries += 1
            if tries > self.mapping.max_retry_attempts:
                self.give_up(records)
                return
            time.sleep(PAUSE_SECONDS)

    def give_up(self, records: list[dict]):
        """What goes to the queue is where the records are, not what they are"""
        numbers = [it["dynamodb"]["SequenceNumber"] for it in records]
        self.emulator.send_to_queue(
            self.mapping.function_arn,
            self.mapping.destination_config["OnFailure"]["Destination"],
            {
                "requestContext": {
                    "requestId": str(uuid.uuid4()),
                    "functionArn": self.mapping.function_arn,
                    "condition": "RetryAttemptsExhausted",
                },
                "version": "1.0",
                "DDBStreamBatchInfo": {
                    "shardId": "1",
                    "startSequenceNumber": numbers[0],
                    "endSequenceNumber": numbers[-1],
                    "batchSize": len(records),
                    "streamArn": self.mapping.event_source_arn,
                },
            },
        )


def encode(value):
    """A record as Lambda shows it: times as numbers, bytes as base64"""
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    return base64.b64encode(value).decode()


def passes(pattern, value) -> bool:
    """Whether a record passes a filter; of the filter language, what we use"""
    for key, wanted in pattern.items():
        if not isinstance(value, dict) or key not in value:
            return False
        if isinstance(wanted, dict):
            if not passes(wanted, value[key]):
                return False
        elif not all(isinstance(it, str) for it in wanted):
            raise NotImplementedError(f"filter {wanted}")
        elif value[key] not in wanted:
            return False
    return True


def hand_on_message(emulator, function: str, message: str, subject=None):
    """A message of a topic, to a function: tried as often as its configuration says"""
    arn = emulator.function_arn(function)
    config = emulator.invoke_configs.get(arn.split(":")[-1], {})
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
    event = {
        "Records": [
            {
                "EventVersion": "1.0",
                "EventSubscriptionArn": f"arn:aws:sns:us-east-1:123456789012:emulated:{uuid.uuid4()}",
                "EventSource": "aws:sns",
                "Sns": {
                    "SignatureVersion": "1",
                    "Timestamp": now.replace("+00:00", "Z"),
                    "Signature": "emulated",
                    "SigningCertUrl": "https://sns.us-east-1.amazonaws.com/emulated.pem",
                    "MessageId": str(uuid.uuid4()),
                    "Message": message,
                    "MessageAttributes": {},
                    "Type": "Notification",
                    "UnsubscribeUrl": "https://sns.us-east-1.amazonaws.com/",
                    "TopicArn": "arn:aws:sns:us-east-1:123456789012:emulated",
                    "Subject": subject,
                },
            }
        ]
    }

    def run():
        tries = 1 + int(config.get("MaximumRetryAttempts", 2))
        answer = b""
        for _ in range(tries):
            failed, answer = emulator.invoke(arn, event, caller="sns.amazonaws.com")
            if not failed:
                return
            time.sleep(PAUSE_SECONDS)
        queue = config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        if queue is not None:
            failure = {
                "version": "1.0",
                "requestContext": {"functionArn": arn, "condition": "RetriesExhausted"},
                "requestPayload": event,
                "responsePayload": json.loads(answer or b"null"),
            }
            emulator.send_to_queue(arn, queue, failure)

    emulator.run_aside(run)


def http_front(emulator):
    """The HTTP API's address, and CloudFormation's for answers"""

    class Front(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_PUT(self):
            emulator.answers[self.path].put(json.loads(read_body(self)))
            self.answer(200, {}, b"")

        def do_POST(self):
            body = read_body(self)
            url = urlsplit(self.path)
            _, api, path = url.path.split("/", 2)
            routes = emulator.apis.get(api, {})
            function = routes.get((self.command, f"/{path}"))
            if function is None:
                self.answer(404, {}, b'{"message":"Not Found"}')
                return
            event = api_event(api, self.command, f"/{path}", url.query, self.headers, body)
            failed, answer = emulator.invoke(function, event, caller="apigateway.amazonaws.com")
            if failed:
                self.answer(500, {}, b'{"message":"Internal Server Error"}')
                return
            answer = json.loads(answer)
            content = answer.get("body") or ""
            is_binary = answer.get("isBase64Encoded")
            content = base64.b64decode(content) if is_binary else content.encode()
            self.answer(answer["statusCode"], answer.get("headers", {}), content)

        do_GET = do_POST

        def answer(self, status, headers, body):
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() != "content-length":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Front


def api_event(api: str, method: str, path: str, query: str, headers, body: bytes) -> dict:
    """A request as an HTTP API hands it on (payload format 2.0)"""
    try:
        content, is_binary = body.decode(), False
    except UnicodeDecodeError:
        content, is_binary = base64.b64encode(body).decode(), True
    lowered: dict[str, str] = {}
    for name, value in headers.items():
        name = name.lower()
        lowered[name] = f"{lowered[name]},{value}" if name in lowered else value
    return {
        "version": "2.0",
        "routeKey": f"{method} {path}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": lowered,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": api,
            "domainName": f"{api}.execute-api.us-east-1.amazonaws.com",
            "domainPrefix": api,
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": lowered.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": f"{method} {path}",
            "stage": "$default",
            "time": "23/Nov/2026:12:00:00 +0000",
            "timeEpoch": int(time.time() * 1000),
        },
        "body": content,
        "isBase64Encoded": is_binary,
    }

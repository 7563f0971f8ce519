"""Functions: each a process with the real binary, behind a Runtime API of its own."""

import http.server
import io
import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
import time
import uuid
import zipfile
from pathlib import Path

# How long a binary may take to start and ask for its first event
START_SECONDS = 20


class Invocation:
    """An event, and what became of it"""

    def __init__(self, event):
        self.id = str(uuid.uuid4())
        self.event = json.dumps(event).encode()
        self.done = threading.Event()
        self.failed = True
        self.answer = b'{"errorType":"Sandbox.Timedout"}'

    def finish(self, failed: bool, answer: bytes):
        self.failed, self.answer = failed, answer
        self.done.set()


class Process:
    """One execution environment: started with the first event, and again after it ended"""

    def __init__(self, name: str, arn: str, code: bytes, layers: list[bytes], settings: dict):
        self.name, self.arn, self.settings = name, arn, settings
        self.folder = Path(tempfile.mkdtemp(prefix=f"defuse-{name}-"))
        self.opt = self.folder / "opt"
        unpack(code, self.folder / "task")
        for layer in layers:
            unpack(layer, self.opt)
        self.bootstrap = self.folder / "task" / "bootstrap"
        self.bootstrap.chmod(0o755)
        self.events = queue.Queue()
        self.open: dict[str, Invocation] = {}
        self.started = threading.Event()
        self.init_error = b""
        self.start_ms = 0.0
        self.lock = threading.Lock()
        self.process = None
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.runtime_api())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def invoke(self, event, seconds: float) -> tuple[bool, bytes]:
        """Whether it failed, and its answer"""
        with self.lock:
            if self.process is None or self.process.poll() is not None:
                if not self.start():
                    return True, self.init_error or b'{"errorType":"Runtime.ExitError"}'
        invocation = Invocation(event)
        invocation.deadline_ms = int((time.time() + seconds) * 1000)
        self.open[invocation.id] = invocation
        self.events.put(invocation)
        invocation.done.wait(seconds)
        self.open.pop(invocation.id, None)
        return invocation.failed, invocation.answer

    def start(self) -> bool:
        """Starts the binary, and waits until it asks for an event"""
        self.started.clear()
        self.init_error = b""
        self.events = queue.Queue()
        begin = time.monotonic()
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [self.bootstrap], cwd=self.folder, env=self.environment(), stdout=log, stderr=log
            )
        while time.monotonic() - begin < START_SECONDS:
            if self.started.wait(0.01):
                self.start_ms = (time.monotonic() - begin) * 1000
                return not self.init_error
            if self.process.poll() is not None:
                break
        self.init_error = self.init_error or self.log()[-2000:].encode()
        return False

    def environment(self) -> dict[str, str]:
        variables = {
            name: str(value).replace("/opt/", f"{self.opt}/")
            for name, value in self.settings["variables"].items()
        }
        return {
            "PATH": os.environ["PATH"],
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self.server.server_port}",
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self.settings["memory"]),
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_GROUP_NAME": self.settings["logging"]["LogGroup"],
            "AWS_LAMBDA_LOG_STREAM_NAME": "1",
            "AWS_LAMBDA_LOG_FORMAT": self.settings["logging"]["LogFormat"],
            "AWS_LAMBDA_LOG_LEVEL": self.settings["logging"]["ApplicationLogLevel"],
            "AWS_REGION": self.settings["region"],
            # The role's credentials: the emulator tells by the id who calls.
            "AWS_ACCESS_KEY_ID": self.name,
            "AWS_SECRET_ACCESS_KEY": "emulated",
            "AWS_SESSION_TOKEN": "emulated",
            "AWS_ENDPOINT_URL": self.settings["endpoint"],
            "AWS_ENDPOINT_URL_DYNAMODB": self.settings["endpoint"],
            "AWS_ENDPOINT_URL_SNS": self.settings["endpoint"],
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": self.settings["endpoint"],
            # The stand-in tenant is on the loopback, which a function reaches nowhere else.
            "AWS_SAM_LOCAL": "true",
            "DEFUSE_REACH": "anywhere",
            **variables,
        }

    def runtime_api(process):
        class Api(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                process.started.set()
                invocation = process.events.get()
                self.send_response(200)
                headers = {
                    "Content-Type": "application/json",
                    "Content-Length": str(len(invocation.event)),
                    "Lambda-Runtime-Aws-Request-Id": invocation.id,
                    "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
                    "Lambda-Runtime-Invoked-Function-Arn": process.arn,
                }
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(invocation.event)

            def do_POST(self):
                body = read_body(self)
                *_, id, what = self.path.split("/")
                if id == "init":
                    process.init_error = body
                    process.started.set()
                elif id in process.open:
                    process.open[id].finish(what != "response", body)
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

        return Api

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.folder, ignore_errors=True)


def read_body(request) -> bytes:
    """A request's body, sent whole or in chunks"""
    length = request.headers.get("Content-Length")
    if length is not None:
        return request.rfile.read(int(length))
    body = b""
    while True:
        size = int(request.rfile.readline(), 16)
        body += request.rfile.read(size)
        request.rfile.readline()
        if size == 0:
            return body


def unpack(archive: bytes, folder: Path):
    with zipfile.ZipFile(io.BytesIO(archive)) as it:
        it.extractall(folder)


def pack(folder: Path) -> bytes:
    """A folder as an archive"""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return out.getvalue()

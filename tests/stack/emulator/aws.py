"""The emulator itself: starts everything, makes stacks, and knows what runs."""

import http.server
import json
import os
import queue
import socket
import threading
import time
import uuid

REGION = "us-east-1"
ACCOUNT = "123456789012"


def free_port() -> int:
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


PORT = free_port()
os.environ |= {
    "MOTO_PORT": str(PORT),
    "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "emulated",
    "AWS_SECRET_ACCESS_KEY": "emulated",
}

import boto3  # noqa: E402
from botocore.config import Config  # noqa: E402
from moto.awslambda import models as functions_of_moto  # noqa: E402
from moto.cloudformation import cloudformation_backends  # noqa: E402
from moto.iam.models import iam_backends  # noqa: E402
from moto.moto_server.werkzeug_app import (  # noqa: E402
    DomainDispatcherApplication,
    create_backend_app,
)
from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: E402

from . import resources  # noqa: E402
from .functions import Process  # noqa: E402
from .permissions import Guard  # noqa: E402
from .sources import StreamMapping, hand_on_message, http_front  # noqa: E402


class Silent(WSGIRequestHandler):
    def log(self, *_):
        pass


class Emulator:
    def __init__(self):
        self.endpoint = f"http://localhost:{PORT}"
        self.stopped = False
        self.apis: dict[str, dict] = {}
        self.invoke_configs: dict[str, dict] = {}
        self.answers: dict[str, queue.Queue] = {}
        self.asked: list[dict] = []
        self.mappings: list[StreamMapping] = []
        self.processes: dict[str, Process] = {}
        self.aside: list[threading.Thread] = []
        self.lock = threading.Lock()
        self.front = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http_front(self))
        self.front.daemon_threads = True
        self.guard = Guard(DomainDispatcherApplication(create_backend_app), REGION, ACCOUNT)
        self.server = make_server("127.0.0.1", PORT, self.guard, True, request_handler=Silent)
        for server in (self.front, self.server):
            threading.Thread(target=server.serve_forever, daemon=True).start()
        resources.define_all(self.client, self)
        self.put_into_moto()

    def client(self, service: str):
        config = Config(retries={"max_attempts": 1}, max_pool_connections=32)
        return boto3.client(service, endpoint_url=self.endpoint, config=config)

    @property
    def front_url(self) -> str:
        return f"http://127.0.0.1:{self.front.server_port}"

    def put_into_moto(self):
        """Functions run as processes; streams and topics reach them by our ways"""
        emulator = self
        function = functions_of_moto.LambdaFunction
        make = function.create_from_cloudformation_json.__func__

        def make_function(cls, name, resource, account, region, **about):
            made = make(cls, name, resource, account, region, **about)
            made.layers = made._get_layers_data(resource["Properties"].get("Layers", []))
            made.logging_config = resource["Properties"]["LoggingConfig"]
            return made

        function.create_from_cloudformation_json = classmethod(make_function)
        layer = functions_of_moto.LayerVersion
        layer.physical_resource_id = property(lambda it: it.arn)
        mapping = functions_of_moto.EventSourceMapping
        make_mapping_of_moto = mapping.create_from_cloudformation_json.__func__

        def make_mapping(cls, *arguments, **about):
            made = make_mapping_of_moto(cls, *arguments, **about)
            thread = StreamMapping(emulator, made)
            emulator.mappings.append(thread)
            thread.start()
            return made

        mapping.create_from_cloudformation_json = classmethod(make_mapping)
        backend = functions_of_moto.LambdaBackend
        backend.send_dynamodb_items = lambda *_: None
        backend.send_sns_message = lambda _, name, message, subject=None, qualifier=None: (
            hand_on_message(emulator, name, message, subject)
        )

    # ------------------------------------------------------------ functions

    def function(self, name_or_arn: str):
        backend = functions_of_moto.lambda_backends[ACCOUNT][REGION]
        return backend.get_function(name_or_arn)

    def function_arn(self, name: str) -> str:
        return self.function(name).function_arn

    def process(self, name_or_arn: str) -> Process:
        """The process of a function as it is configured now"""
        function = self.function(name_or_arn)
        layers = [it["Arn"] for it in function.layers]
        with self.lock:
            process = self.processes.get(function.function_name)
            if process is not None and process.settings["layers"] == layers:
                return process
            if process is not None:
                process.stop()
            self.processes[function.function_name] = process = self.new_process(function, layers)
            return process

    def new_process(self, function, layers: list[str]) -> Process:
        settings = {
            "variables": function.environment_vars or {},
            "memory": function.memory_size,
            "logging": function.logging_config,
            "region": REGION,
            "endpoint": self.endpoint,
            "layers": layers,
        }
        backend = functions_of_moto.lambda_backends[ACCOUNT][REGION]
        contents = [backend.layers_versions_by_arn(it).code_bytes for it in layers]
        role = iam_backends[ACCOUNT]["aws"].get_role_by_arn(function.role)
        statements = []
        for policy in role.policies.values():
            policy = json.loads(policy) if isinstance(policy, str) else policy
            statements += policy["Statement"]
        name = function.function_name
        self.guard.roles[name] = statements
        return Process(name, function.function_arn, function.code_bytes, contents, settings)

    def invoke(self, name_or_arn: str, event, caller: str | None = None) -> tuple[bool, bytes]:
        """Calls a function, if the caller may"""
        function = self.function(name_or_arn)
        if caller is not None:
            granted = [it["Principal"]["Service"] for it in function.policy.statements]
            if caller not in granted:
                return True, json.dumps({"errorType": f"{caller} may not call"}).encode()
        return self.process(name_or_arn).invoke(event, float(function.timeout))

    def run_aside(self, run):
        thread = threading.Thread(target=run, daemon=True)
        self.aside.append(thread)
        thread.start()

    def send_to_queue(self, function_arn: str, arn: str, message: dict):
        """Hands a failure of a function to a queue, in the function's name"""
        caller = function_arn.split(":")[-1]
        self.guard.check_action(caller, "sqs:SendMessage", arn)
        queue_url = self.client("sqs").get_queue_url(QueueName=arn.split(":")[-1])["QueueUrl"]
        self.client("sqs").send_message(QueueUrl=queue_url, MessageBody=json.dumps(message))

    def add_api(self, name: str, body: dict) -> str:
        """The routes of an API, each with the function that its integration names"""
        routes = {}
        for path, methods in body["paths"].items():
            for method, route in methods.items():
                uri = route["x-amazon-apigateway-integration"]["uri"]
                function = uri.split("/functions/")[1].removesuffix("/invocations")
                routes[(method.upper(), path)] = function
        api = f"api{len(self.apis)}"
        self.apis[api] = routes
        return api

    # ------------------------------------------------------------ stacks

    def ask_custom_resource(self, kind: str, properties: dict, about: dict, id=None) -> dict:
        """Calls the function behind a custom resource as CloudFormation does, and waits for the answer"""
        path = f"/answers/{uuid.uuid4()}"
        self.answers[path] = queue.Queue()
        event = {
            "RequestType": kind,
            "ServiceToken": properties["ServiceToken"],
            "ResponseURL": self.front_url + path,
            "StackId": about["StackId"],
            "RequestId": str(uuid.uuid4()),
            "LogicalResourceId": about["LogicalId"],
            "ResourceType": about["ResourceType"],
            # CloudFormation makes text of every value.
            "ResourceProperties": {name: str(value) for name, value in properties.items()},
        }
        if id is not None:
            event |= {"PhysicalResourceId": id, "OldResourceProperties": {}}
        self.asked.append({"properties": properties, "about": about, "kind": kind})
        self.run_aside(lambda: self.invoke(properties["ServiceToken"], event))
        try:
            return self.answers[path].get(timeout=float(properties["ServiceTimeout"]))
        except queue.Empty:
            return {"Status": "FAILED", "Reason": "CloudFormation did not receive a response"}

    def create_stack(self, name: str, template: dict, parameters: dict[str, str] | None = None):
        """Makes a stack, or goes back as CloudFormation does; gives its status and the reason"""
        unknown = resources.unknown_types(template)
        if unknown:
            raise NotImplementedError(f"the emulator has no {sorted(unknown)}")
        backend = cloudformation_backends[ACCOUNT][REGION]
        try:
            backend.create_stack(name, json.dumps(template), parameters or {})
            return "CREATE_COMPLETE", ""
        except resources.RolledBack as failure:
            stack = next(it for it in backend.stacks.values() if it.name == name)
            stack.resource_map.delete()
            stack.status = "ROLLBACK_COMPLETE"
            stack._add_stack_event("ROLLBACK_COMPLETE", resource_status_reason=str(failure))
            return "ROLLBACK_COMPLETE", f"{failure.resource}: {failure.reason}"

    def stack(self, name: str):
        backend = cloudformation_backends[ACCOUNT][REGION]
        return next(it for it in backend.stacks.values() if it.name == name)

    def settle(self, limit: float = 60):
        """Waits until no stream, topic or function has anything left to do"""
        end = time.monotonic() + limit
        calm = 0
        while time.monotonic() < end and calm < 5:
            busy = any(it.is_alive() for it in self.aside) or not all(
                it.is_idle for it in self.mappings
            )
            busy = busy or any(it.open for it in self.processes.values())
            calm = 0 if busy else calm + 1
            time.sleep(0.05)
        return calm >= 5

    def stop(self):
        self.stopped = True
        for process in self.processes.values():
            process.stop()
        self.front.shutdown()
        self.server.shutdown()

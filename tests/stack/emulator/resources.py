"""The types of CloudFormation that moto lacks, made by moto's own services, and the custom resource.

A type that neither moto nor we know is a mistake here: moto would pass over it in silence.
"""

import json

from moto.cloudformation import parsing
from moto.cloudformation.custom_model import CustomModel
from moto.core.common_models import CloudFormationModel

# Kept, so that `__subclasses__` finds them
OURS = []


class RolledBack(Exception):
    """A resource could not be made, so the stack goes back"""

    def __init__(self, resource: str, reason: str):
        super().__init__(f"{resource}: {reason}")
        self.resource, self.reason = resource, reason


def define(kind: str, create, attribute=lambda made, name: None, delete=lambda id: None):
    """A type: how it is made, what `GetAtt` gives of it, how it goes"""

    class Resource(CloudFormationModel):
        __module__ = "moto.ext.models"

        def __init__(self, id, properties):
            self.id, self.properties = id, properties

        @property
        def physical_resource_id(self):
            return self.id

        @staticmethod
        def cloudformation_name_type():
            return ""

        @staticmethod
        def cloudformation_type():
            return kind

        @classmethod
        def has_cfn_attr(cls, _):
            return True

        def get_cfn_attribute(self, name):
            return attribute(self, name)

        def is_created(self):
            return True

        @classmethod
        def create_from_cloudformation_json(cls, name, resource, *_, **__):
            properties = resource.get("Properties", {})
            return cls(create(name, properties), properties)

        @classmethod
        def update_from_cloudformation_json(cls, *_, **__):
            raise NotImplementedError(kind)

        @classmethod
        def delete_from_cloudformation_json(cls, name, *_, **__):
            delete(name)

    OURS.append(Resource)


def text(value) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def define_all(client, emulator):
    """Every type; `client` gives the client of a service"""

    def subscribe(_, it):
        attributes = {
            name: text(it[name]) for name in ("FilterPolicy", "RedrivePolicy") if name in it
        }
        made = client("sns").subscribe(
            TopicArn=it["TopicArn"],
            Protocol=it["Protocol"],
            Endpoint=it["Endpoint"],
            Attributes=attributes,
            ReturnSubscriptionArn=True,
        )
        return made["SubscriptionArn"]

    def topic_policy(name, it):
        for topic in it["Topics"]:
            client("sns").set_topic_attributes(
                TopicArn=topic, AttributeName="Policy", AttributeValue=text(it["PolicyDocument"])
            )
        return name

    def queue_policy(name, it):
        for url in it["Queues"]:
            queue = client("sqs").get_queue_url(QueueName=url.split("/")[-1])["QueueUrl"]
            policy = {"Policy": text(it["PolicyDocument"])}
            client("sqs").set_queue_attributes(QueueUrl=queue, Attributes=policy)
        return name

    def alarm(name, it):
        whole = ("Period", "EvaluationPeriods", "DatapointsToAlarm")
        properties = {"AlarmName": name} | it
        properties |= {key: int(it[key]) for key in whole if key in it}
        client("cloudwatch").put_metric_alarm(**properties | {"Threshold": float(it["Threshold"])})
        return name

    def dashboard(_, it):
        body = json.dumps(json.loads(it["DashboardBody"]))
        client("cloudwatch").put_dashboard(DashboardName=it["DashboardName"], DashboardBody=body)
        return it["DashboardName"]

    def metric_filter(name, it):
        transformations = [
            {key[0].lower() + key[1:]: value for key, value in one.items()}
            for one in it["MetricTransformations"]
        ]
        for one in transformations:
            one["defaultValue"] = float(one.get("defaultValue", 0))
        client("logs").put_metric_filter(
            logGroupName=it["LogGroupName"],
            filterName=name,
            filterPattern=it["FilterPattern"],
            metricTransformations=transformations,
        )
        return name

    def api(name, it):
        return emulator.add_api(name, it["Body"])

    def invoke_config(name, it):
        emulator.invoke_configs[it["FunctionName"]] = it
        return name

    def schedule(_, it):
        client("scheduler").create_schedule(
            Name=it["Name"],
            ScheduleExpression=it["ScheduleExpression"],
            FlexibleTimeWindow=it["FlexibleTimeWindow"],
            Target={"Arn": it["Target"]["Arn"], "RoleArn": it["Target"]["RoleArn"]},
        )
        return it["Name"]

    define("AWS::SNS::Subscription", subscribe)
    define("AWS::SNS::TopicPolicy", topic_policy)
    define("AWS::SQS::QueuePolicy", queue_policy)
    define("AWS::CloudWatch::Alarm", alarm)
    define("AWS::CloudWatch::Dashboard", dashboard)
    define("AWS::Logs::MetricFilter", metric_filter)
    define("AWS::ApiGatewayV2::Api", api)
    define("AWS::ApiGatewayV2::Stage", lambda name, _: name)
    define("AWS::Lambda::EventInvokeConfig", invoke_config)
    # It is kept and fires nothing: a run that is wanted is asked for.
    define("AWS::Scheduler::Schedule", schedule)

    def custom(_, name, resource, account, region, **about):
        properties = resource["Properties"]
        answer = emulator.ask_custom_resource("Create", properties, about)
        if answer["Status"] != "SUCCESS":
            raise RolledBack(about["LogicalId"], answer["Reason"])
        made = CustomModel(region, about["StackId"], about["LogicalId"], answer["PhysicalResourceId"])
        made.set_data(answer.get("Data", {}))
        return made

    CustomModel.create_from_cloudformation_json = classmethod(custom)


def unknown_types(template: dict) -> set[str]:
    """The types that would be passed over in silence"""
    known = set(parsing.get_model_map())
    types = {it["Type"] for it in template["Resources"].values()}
    return {it for it in types if it not in known and not it.startswith("Custom::")}

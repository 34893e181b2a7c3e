"""What the architecture picture makes of templates."""

from typing import Any

import pytest

from cdk.assembly import StackTemplate
from scripts.architecture.graph import Arrow, Graph, counted, graph_of, titled
from scripts.architecture.spec import ArrowSpec, BoxSpec, DrawingSpec, GrantSpec

DRAWN = DrawingSpec(
    pictures={},
    types={
        "Queue": BoxSpec(kind="a queue", family="queue", name="QueueName"),
        "Function": BoxSpec(kind="a function", family="compute", less=("Function",)),
        "Task": BoxSpec(kind="a task", family="compute", note="{Cpu} cores", scale={"Cpu": 1024}),
        "Alarm": BoxSpec(kind="alarms", family="watch", together="{count} alarms"),
        "Target": BoxSpec(kind="scaling", family="compute"),
        "Endpoint": BoxSpec(
            kind="endpoints", family="network", together="{count} {Kind} endpoints", each="Service"
        ),
    },
    connections=(
        ArrowSpec(
            type="Mapping", label="messages", source="Source", target="Function", of=None, fold=None
        ),
        ArrowSpec(type="Alarm", label="alarms", source="", target="Action", of=None, fold=None),
        ArrowSpec(type="Policy", label="steps", source="", target="Target", of=None, fold=None),
        ArrowSpec(
            type="Alarm",
            label="measured",
            source="Measured",
            target="",
            of="Queue",
            fold="watching {count}: {names}",
            beyond=1,
        ),
    ),
    grants={
        "get": GrantSpec(label="reads", to_role=True),
        "put": GrantSpec(label="writes", to_role=False),
        "receive": GrantSpec(label="receives", to_role=True),
    },
    people=(),
)


def stack(name: str, resources: dict[str, Any], **exports: Any) -> StackTemplate:
    outputs = {
        f"Output{key}": {"Value": value, "Export": {"Name": key}} for key, value in exports.items()
    }
    return StackTemplate(
        name=name,
        template={"Resources": resources, "Outputs": outputs},
        account=None,
        region=None,
    )


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def role_with(role: str, *statements: dict[str, Any]) -> dict[str, Any]:
    return resource(
        "AWS::IAM::Policy", Roles=[{"Ref": role}], PolicyDocument={"Statement": list(statements)}
    )


def drawn(*stacks: StackTemplate) -> Graph:
    return graph_of(stacks, DRAWN)


def test_should_follow_what_one_stack_imports_from_another() -> None:
    graph = drawn(
        stack("one", {"Jobs": resource("Queue")}, jobs={"Fn::GetAtt": ["Jobs", "Arn"]}),
        stack(
            "two",
            {
                "Work": resource("Function"),
                "Tie": resource(
                    "Mapping", Source={"Fn::ImportValue": "jobs"}, Function={"Ref": "Work"}
                ),
            },
        ),
    )

    assert graph.arrows == (Arrow(source="one/Jobs", target="two/Work", labels=("messages",)),)


def test_should_draw_what_a_role_may_do_as_one_arrow_both_ways() -> None:
    graph = drawn(
        stack(
            "one",
            {
                "Jobs": resource("Queue", QueueName="jobs-queue"),
                "Work": resource("Function", Role={"Fn::GetAtt": ["Role", "Arn"]}),
                "Role": resource("AWS::IAM::Role"),
                "Policy": role_with(
                    "Role",
                    {"Action": ["get", "put", "unknown"], "Resource": "arn:x:sqs:::jobs-queue"},
                ),
            },
        )
    )

    assert graph.arrows == (
        Arrow(source="one/Work", target="one/Jobs", labels=("reads", "writes"), back=True),
    )


def test_should_point_from_what_is_only_read() -> None:
    graph = drawn(
        stack(
            "one",
            {
                "Jobs": resource("Queue"),
                "Work": resource("Function", Role={"Ref": "Role"}),
                "Role": resource("AWS::IAM::Role"),
                "Policy": role_with("Role", {"Action": "get", "Resource": {"Ref": "Jobs"}}),
            },
        )
    )

    assert graph.arrows == (Arrow(source="one/Jobs", target="one/Work", labels=("reads",)),)


def test_should_prefer_what_is_declared_to_the_right_that_goes_with_it() -> None:
    graph = drawn(
        stack(
            "one",
            {
                "Jobs": resource("Queue"),
                "Work": resource("Function", Role={"Ref": "Role"}),
                "Role": resource("AWS::IAM::Role"),
                "Policy": role_with("Role", {"Action": "receive", "Resource": {"Ref": "Jobs"}}),
                "Tie": resource("Mapping", Source={"Ref": "Jobs"}, Function={"Ref": "Work"}),
            },
        )
    )

    assert graph.arrows == (Arrow(source="one/Jobs", target="one/Work", labels=("messages",)),)


def test_should_pass_on_what_leads_through_something_that_is_not_drawn() -> None:
    graph = drawn(
        stack(
            "one",
            {
                "Idle": resource("Alarm", Action={"Ref": "Steps"}),
                "Steps": resource("Policy", Target={"Ref": "Scaling"}),
                "Scaling": resource("Target"),
            },
        )
    )

    assert graph.arrows == (
        Arrow(source="one/{count} alarms", target="one/Scaling", labels=("alarms",)),
    )


@pytest.mark.parametrize(("queues", "note"), [(1, ""), (2, "watching 2: Q0, Q1")])
def test_should_fold_arrows_from_many_into_a_line(queues: int, note: str) -> None:
    names = [f"Q{number}" for number in range(queues)]
    measured = [{"Ref": name} for name in names]
    graph = drawn(
        stack(
            "one",
            {name: resource("Queue") for name in names}
            | {"Busy": resource("Alarm", Measured=measured)},
        )
    )

    assert graph.boxes["one/{count} alarms"].note == note
    assert len(graph.arrows) == (0 if note else queues)


def test_should_draw_resources_of_a_type_together_where_they_are_alike() -> None:
    graph = drawn(
        stack(
            "one",
            {
                "A": resource("Endpoint", Kind="Gateway", Service="s3"),
                "B": resource("Endpoint", Kind="Interface", Service="logs"),
                "C": resource("Endpoint", Kind="Interface", Service="ecr"),
            },
        )
    )

    assert [(box.title, box.note) for box in graph.boxes.values()] == [
        ("1 gateway endpoint", "s3"),
        ("2 interface endpoints", "logs, ecr"),
    ]


def test_should_seal_what_uses_a_key_and_note_sizes() -> None:
    graph = drawn(
        stack(
            "one",
            {
                "Key": resource("AWS::KMS::Key"),
                "Jobs": resource("Queue", Key={"Fn::GetAtt": ["Key", "Arn"]}),
                "Open": resource("Queue"),
                "Small": resource("Task", Cpu="512"),
                "Unknown": resource("Task"),
            },
        )
    )

    assert [(box.title, box.sealed, box.note) for box in graph.boxes.values()] == [
        ("Jobs", True, ""),
        ("Open", False, ""),
        ("Small", False, "0.5 cores"),
        ("Unknown", False, ""),
    ]


@pytest.mark.parametrize(
    ("logical_id", "title"),
    [
        ("JobsDeadLetters8D991969", "Jobs dead letters"),
        ("DispatcherFunction30F49669", "Dispatcher"),
        ("Function30F49669", "Function"),
    ],
)
def test_should_say_ids_in_words(logical_id: str, title: str) -> None:
    assert titled(logical_id, ("Function",)) == title


def test_should_count_one_in_the_singular() -> None:
    assert counted(" nat gateways", 1) == "1 NAT gateway"
    assert counted(" Task subnets", 3) == "3 task subnets"

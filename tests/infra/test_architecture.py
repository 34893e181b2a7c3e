"""The architecture pictures are what the templates give, and can be read."""

import copy
import re
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from cdk.assembly import StackTemplate, read_environments
from runtime.core.contract import Launch
from scripts.architecture.__main__ import chosen, file_of
from scripts.architecture.geometry import Layout, Rectangle
from scripts.architecture.graph import Graph, graph_of
from scripts.architecture.layout import layout
from scripts.architecture.spec import PictureSpec, drawing_spec
from scripts.architecture.svg import picture

PICTURES = drawing_spec().pictures
TOUCH = 0.5
"""What rounding may make of two edges at the same place, in user units."""

Places = Mapping[str, tuple[Graph, Layout]]


@pytest.fixture(scope="session")
def stacks(on_demand_assembly: Path, pooled_assembly: Path) -> Mapping[str, list[StackTemplate]]:
    found = {
        Launch.ON_DEMAND: read_environments(on_demand_assembly),
        Launch.POOL: read_environments(pooled_assembly),
    }
    return {
        name: found[Launch(of.launch or Launch.ON_DEMAND)][of.environment]
        for name, of in PICTURES.items()
    }


@pytest.fixture(scope="session")
def laid_out(stacks: Mapping[str, list[StackTemplate]]) -> Places:
    graphs = {name: chosen(stacks[name], of) for name, of in PICTURES.items()}
    return {
        name: (graphs[name], layout(graphs[name], of.order, flat=of.flat))
        for name, of in PICTURES.items()
    }


def overlap(one: Rectangle, other: Rectangle) -> bool:
    return (
        one.x + TOUCH < other.x + other.width
        and other.x + TOUCH < one.x + one.width
        and one.y + TOUCH < other.y + other.height
        and other.y + TOUCH < one.y + one.height
    )


@pytest.mark.parametrize(("name", "of"), PICTURES.items(), ids=list(PICTURES))
def test_should_find_each_picture_as_the_templates_make_it(
    name: str, of: PictureSpec, laid_out: Places
) -> None:
    assert file_of(name).read_text() == picture(*laid_out[name], of.title), "run: make docs"


@pytest.mark.parametrize("name", PICTURES)
def test_should_have_no_box_and_no_label_over_another(name: str, laid_out: Places) -> None:
    graph, places = laid_out[name]
    labels = {
        f"{route.arrow.source} {route.arrow.labels} {route.arrow.target}": route.label
        for route in places.routes
    }

    assert set(places.boxes) == set(graph.boxes)
    assert len(labels) == len(graph.arrows)
    for (one, there), (other, here) in combinations({**places.boxes, **labels}.items(), 2):
        assert not overlap(there, here), (one, other)


@pytest.mark.parametrize("name", PICTURES)
def test_should_fit_a_readers_column(name: str, laid_out: Places) -> None:
    _, places = laid_out[name]

    assert places.width <= 1200


def test_should_draw_every_queue_function_table_and_bucket_there_is(
    stacks: Mapping[str, list[StackTemplate]],
) -> None:
    kinds = {"AWS::SQS::Queue", "AWS::Lambda::Function", "AWS::DynamoDB::Table", "AWS::S3::Bucket"}

    for name in ("architecture", "architecture-pool"):
        there = {
            f"{stack.name}/{logical_id}"
            for stack in stacks[name]
            for logical_id, resource in stack.template["Resources"].items()
            if resource["Type"] in kinds
        }
        assert there
        assert there <= set(chosen(stacks[name], PICTURES[name]).boxes)


def changed(stacks: list[StackTemplate], ending: str, resources: Mapping[str, Any]) -> Graph:
    """Return the graph of stacks of which one has some resources more."""
    more = []
    for stack in stacks:
        template = copy.deepcopy(dict(stack.template))
        if stack.name.endswith(ending):
            template["Resources"] |= resources
        more.append(
            StackTemplate(
                name=stack.name, template=template, account=stack.account, region=stack.region
            )
        )
    return graph_of(more, drawing_spec())


def test_should_draw_a_new_queue_by_itself(
    stacks: Mapping[str, list[StackTemplate]],
) -> None:
    media = next(
        logical_id
        for stack in stacks["architecture"]
        for logical_id, resource in stack.template["Resources"].items()
        if resource["Type"] == "AWS::S3::Bucket" and "NotificationConfiguration" in str(resource)
    )
    queue = {"NewQueue01234567": {"Type": "AWS::SQS::Queue", "Properties": {}}}
    notified = {
        "OtherBucket01234567": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "LoggingConfiguration": {"DestinationBucketName": {"Ref": media}},
                "NotificationConfiguration": {
                    "QueueConfigurations": [{"Queue": {"Fn::GetAtt": ["NewQueue01234567", "Arn"]}}]
                },
            },
        }
    }

    graph = changed(stacks["architecture"], "-ingest", {**queue, **notified})

    assert graph.boxes["lifestream-prod-ingest/NewQueue01234567"].title == "New queue"
    arrows = {
        (re.sub(".*/", "", a.source), re.sub(".*/", "", a.target), a.labels) for a in graph.arrows
    }
    assert ("OtherBucket01234567", "NewQueue01234567", ("new videos",)) in arrows
    assert ("OtherBucket01234567", media, ("access logs",)) in arrows

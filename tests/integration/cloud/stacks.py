"""Stacks of the local cloud's CloudFormation, from templates given as resources."""

import json
import uuid
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from local.cloud import LocalCloud
from tests.integration.cloud.waiting import until

Resources = dict[str, Any]


class Stacks:
    """Creates, updates and deletes stacks from templates given as resources."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.client = cloud.client("cloudformation")
        self.name = f"stack-{uuid.uuid4().hex[:8]}"

    def create(self, resources: Resources, **exports: Any) -> dict[str, str]:
        """Create the stack, with its exports by name."""
        self.client.create_stack(StackName=self.name, TemplateBody=template(resources, exports))
        return self._ended("CREATE_COMPLETE")

    def update(self, resources: Resources) -> dict[str, str]:
        self.client.update_stack(StackName=self.name, TemplateBody=template(resources))
        return self._ended("UPDATE_COMPLETE")

    def failed_update(self, resources: Resources, **exports: Any) -> str:
        """Update, wait until the update has been rolled back, and return the reasons."""
        self.client.update_stack(StackName=self.name, TemplateBody=template(resources, exports))
        self._ended("UPDATE_ROLLBACK_COMPLETE")
        return self._reasons()

    def failed_creation(self, resources: Resources) -> str:
        """Create, wait until the creation has been rolled back, and return the reasons."""
        self.client.create_stack(StackName=self.name, TemplateBody=template(resources))
        self._ended("ROLLBACK_COMPLETE")
        return self._reasons()

    def delete(self) -> None:
        self.client.delete_stack(StackName=self.name)

        def gone() -> bool:
            try:
                stack = self.client.describe_stacks(StackName=self.name)["Stacks"][0]
            except ClientError:
                return True
            return bool(stack["StackStatus"] == "DELETE_COMPLETE")

        until(gone, "the stack is deleted")

    def refused_deletion(self) -> str:
        """Return why the stack could not be deleted."""
        self.client.delete_stack(StackName=self.name)

        def failed() -> str | None:
            stack = self.client.describe_stacks(StackName=self.name)["Stacks"][0]
            assert stack["StackStatus"] != "DELETE_COMPLETE"
            return "DELETE_FAILED" if stack["StackStatus"] == "DELETE_FAILED" else None

        until(failed, "the stack could not be deleted")
        return self._reasons()

    def _reasons(self) -> str:
        events = self.client.describe_stack_events(StackName=self.name)["StackEvents"]
        return " ".join(event.get("ResourceStatusReason", "") for event in events)

    def _ended(self, status: str) -> dict[str, str]:
        def ended() -> dict[str, Any] | None:
            stack: dict[str, Any] = self.client.describe_stacks(StackName=self.name)["Stacks"][0]
            return None if stack["StackStatus"].endswith("IN_PROGRESS") else stack

        assert until(ended, "the stack has settled")["StackStatus"] == status
        listed = self.client.list_stack_resources(StackName=self.name)["StackResourceSummaries"]
        return {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in listed}


def template(resources: Resources, exports: Mapping[str, Any] | None = None) -> str:
    outputs = {
        f"Output{number}": {"Value": value, "Export": {"Name": name}}
        for number, (name, value) in enumerate((exports or {}).items())
    }
    return json.dumps({"Resources": resources, "Outputs": outputs})


def resource(kind: str, **properties: Any) -> Resources:
    return {"Type": f"AWS::{kind}", "Properties": properties}

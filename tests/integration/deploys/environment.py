"""One environment in a local cloud: deployed, changed, used and destroyed as operators do it."""

import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cdk.naming import Names
from lifestream.follow import follow
from local import deploy, toolchain
from local.cloud import LocalCloud
from local.deployed import Deployed, job_store
from runtime.aws.object_store import S3ObjectStore
from runtime.core.clock import SystemClock
from runtime.core.contract import EnvVar, Output
from runtime.core.jobs import Job

SILENCE_SECONDS = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Assemblies:
    """Cloud assemblies of the whole app, each with all environments."""

    as_it_is: Path
    changed: Path
    failing: Path


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as CloudFormation knows it."""

    kind: str
    physical_id: str


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment by its name; its stacks may or may not be there."""

    cloud: LocalCloud
    name: str

    def deploy(self, assembly: Path) -> Deployed:
        """Deploy by the CDK command line; raise `DeployFailedError`."""
        return Deployed(
            self.cloud, deploy.deploy(self.cloud, environment=self.name, assembly=assembly)
        )

    def deploy_stack(self, assembly: Path, path: str) -> None:
        """Deploy one stack by its path in the app; raise `DeployFailedError`."""
        deploy.deploy(self.cloud, environment=self.name, assembly=assembly, only=(path,))

    def destroy(self, assembly: Path) -> None:
        """Destroy by the CDK command line; raise `DeployFailedError`."""
        deploy.destroy(self.cloud, environment=self.name, assembly=assembly)

    def states(self) -> dict[str, str]:
        """Return the status of each stack that is there, by name."""
        prefix = Names(self.name).stack("")
        listed = self.cloud.client("cloudformation").describe_stacks()["Stacks"]
        return {
            stack["StackName"]: stack["StackStatus"]
            for stack in listed
            if stack["StackName"].startswith(prefix)
        }

    def resources(self) -> dict[str, Resource]:
        """Return what there is in all stacks, by stack and logical id."""
        client = self.cloud.client("cloudformation")
        return {
            f"{stack}/{found['LogicalResourceId']}": Resource(
                found["ResourceType"], found["PhysicalResourceId"]
            )
            for stack in self.states()
            for found in client.describe_stack_resources(StackName=stack)["StackResources"]
        }

    def task_subnets(self) -> list[str]:
        """Return the logical ids of the subnets for tasks."""
        return [
            name
            for name, found in self.resources().items()
            if found.kind == "AWS::EC2::Subnet" and "taskSubnet" in name
        ]

    def last_changes(self) -> list[str]:
        """Return the types changed by the last operation on a stack with changes, oldest first."""
        client = self.cloud.client("cloudformation")
        changes = []
        for stack in self.states():
            for event in client.describe_stack_events(StackName=stack)["StackEvents"]:
                if event["ResourceType"] == "AWS::CloudFormation::Stack":
                    if event.get("ResourceStatusReason") == "User Initiated":
                        break
                elif event["ResourceStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
                    changes.append(event)
        return [
            event["ResourceType"] for event in sorted(changes, key=lambda event: event["Timestamp"])
        ]

    def protect(self) -> None:
        """Protect the stacks that hold data, as operators do after a deployment."""
        subprocess.run(
            [sys.executable, "-m", "lifestream", "--environment", self.name, "protect"],
            env={**os.environ, **self.cloud.aws_environment()},
            cwd=toolchain.ROOT,
            check=True,
        )

    def unprotect(self) -> None:
        """Lift the protection of every stack that must not be deleted by mistake."""
        client = self.cloud.client("cloudformation")
        for stack in self.states():
            client.update_termination_protection(StackName=stack, EnableTerminationProtection=False)

    def buckets(self) -> list[str]:
        """Return the buckets of the environment that exist, whatever became of their stack."""
        listed = self.cloud.client("s3").list_buckets()["Buckets"]
        return [bucket["Name"] for bucket in listed if f"-{self.name}-" in bucket["Name"]]

    def tables(self) -> list[str]:
        """Return the tables of the environment that exist, whatever became of their stack."""
        pages = self.cloud.client("dynamodb").get_paginator("list_tables").paginate()
        return [
            name for page in pages for name in page["TableNames"] if name.endswith(f"-{self.name}")
        ]

    def protected_tables(self) -> list[str]:
        """Return the tables that cannot be deleted."""
        client = self.cloud.client("dynamodb")
        return [
            name
            for name in self.tables()
            if client.describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"]
        ]

    def key_states(self, keys: Iterable[str]) -> set[str]:
        """Return the states of keys, whatever became of their stack."""
        client = self.cloud.client("kms")
        return {client.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] for key in keys}

    def empty_buckets(self) -> None:
        """Delete every version of every object, as the console's Empty does."""
        client = self.cloud.client("s3")
        for bucket in self.buckets():
            for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket):
                for found in (*page.get("Versions", []), *page.get("DeleteMarkers", [])):
                    client.delete_object(
                        Bucket=bucket, Key=found["Key"], VersionId=found["VersionId"]
                    )


def launched_revision(deployed: Deployed) -> str:
    """Return the task definition that the dispatcher starts."""
    function = deployed.cloud.client("lambda").get_function_configuration(
        FunctionName=deployed.outputs[Output.DISPATCHER_FUNCTION]
    )
    revision: str = function["Environment"]["Variables"][EnvVar.TASK_DEFINITION_ARN]
    return revision


def process(deployed: Deployed, name: str, content: bytes) -> Job:
    """Upload a video and return its job once that has ended."""
    store = S3ObjectStore(deployed.cloud.client("s3"))
    key = f"uploads/{name}.mp4"
    store.write_bytes(content, deployed.bucket, key, "video/mp4")
    source = store.head(deployed.bucket, key)
    jobs = job_store(deployed)
    *_, last = follow(
        lambda: jobs.get(source.job_id), clock=SystemClock(), silence_seconds=SILENCE_SECONDS
    )
    assert last.job is not None
    return last.job

"""Reads deployed templates from CloudFormation."""

from typing import Any


class CloudFormationTemplates:
    """The stacks of one account and region; needs ListStacks and GetTemplate."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def stack_names(self) -> list[str]:
        """Return the names of the deployed stacks."""
        pages = self._client.get_paginator("list_stacks").paginate()
        return [
            stack["StackName"]
            for page in pages
            for stack in page["StackSummaries"]
            # Deleted ones are listed for 90 days.
            if stack["StackStatus"] != "DELETE_COMPLETE"
        ]

    def template(self, stack: str) -> Any:
        """Return a deployed stack's template as CDK submitted it, a mapping."""
        # A processed template lacks what CloudFormation removes.
        return self._client.get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]

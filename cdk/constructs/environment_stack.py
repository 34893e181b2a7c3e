"""The base of every stack: its name, account and region, and outputs under the contract's keys."""

import re

from aws_cdk import CfnOutput, DefaultStackSynthesizer, Environment, Stack
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.naming import Names
from runtime.core.contract import Output

_WORD = re.compile(r"(?<!^)(?=[A-Z])")


class EnvironmentStack(Stack):
    """A stack of one environment, with its physical `names` and its `key`, if it has one.

    `part` names the stack. None has termination protection in its template: the CDK's command line
    would set it before the first creation, and a failed one could not be deleted and repeated.
    `python -m lifestream protect` sets it after a deployment.
    """

    def __init__(
        self,
        scope: Construct,
        part: str,
        *,
        environment: EnvironmentConfig,
        description: str,
        key: kms.IKey | None,
    ) -> None:
        self.names = Names(environment.name)
        self.key = key
        pinned = (
            Environment(account=environment.account, region=environment.region)
            if environment.account
            else None
        )
        super().__init__(
            scope,
            part,
            synthesizer=DefaultStackSynthesizer(
                qualifier=environment.guardrails.bootstrap_qualifier
            ),
            stack_name=self.names.stack(_WORD.sub("-", part).lower()),
            description=description,
            env=pinned,
        )

    def output(self, key: Output, value: str, description: str) -> None:
        """Publish a value under exactly this key."""
        # The id of a construct directly below its stack is its logical id, without a hash.
        CfnOutput(self, key.value, value=value, description=description)

"""The customer managed key that all other stacks of an environment encrypt with."""

from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.constructs.data.environment_key import environment_key
from cdk.constructs.environment_stack import EnvironmentStack
from cdk.naming import removal_policy


class EncryptionStack(EnvironmentStack):
    """`key`; all that other stacks encrypt is lost with it, so this stack is deleted last."""

    def __init__(self, scope: Construct, *, environment: EnvironmentConfig) -> None:
        super().__init__(
            scope,
            "Encryption",
            environment=environment,
            description="Lifestream: the key of what is kept",
            key=None,
        )
        self.key = environment_key(
            self,
            "Key",
            names=self.names,
            removal_policy=removal_policy(environment),
            machines=environment.gpu is not None,
            anomalies=bool(environment.budget and environment.budget.anomaly_usd),
        )

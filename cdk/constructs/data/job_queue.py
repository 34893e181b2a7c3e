"""A queue of jobs with its dead-letter queue, encrypted and closed to plain HTTP."""

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct, IDependable

from cdk.constructs.data.private_queue import private_queue
from cdk.constructs.permissions.statement import let_service


class JobQueue(Construct):
    """`queue` and `dead_letters`; messages received too often move from one to the other."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        dead_letter_name: str,
        visibility_timeout: Duration,
        max_receive_count: int,
        key: kms.IKey | None,
        retention: Duration | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = private_queue(self, "DeadLetters", name=dead_letter_name, key=key)
        self.queue = private_queue(
            self,
            "Queue",
            name=name,
            key=key,
            visibility_timeout=visibility_timeout,
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letters, max_receive_count=max_receive_count
            ),
            **({"retention": retention} if retention else {}),
        )

    def accept_from_rule(self, rule_arn: str) -> None:
        """Let EventBridge send the events of a rule."""
        self._accept("RuleEvents", "events", rule_arn)

    def accept_from_bucket(self, bucket_arn: str) -> IDependable:
        """Let S3 send this bucket's events; return what the bucket must depend on.

        The bucket is given by ARN: it depends on this policy, which therefore cannot depend on it.
        """
        added = self._accept("BucketEvents", "s3", bucket_arn)
        if added.policy_dependable is None:
            raise RuntimeError(f"{self.queue.node.path} has no policy of its own to extend")
        return added.policy_dependable

    def _accept(self, sid: str, service: str, source_arn: str) -> iam.AddToResourcePolicyResult:
        return self.queue.add_to_resource_policy(
            let_service(
                sid,
                service,
                source_arn,
                ["sqs:SendMessage"],
                self.queue.queue_arn,
                match="ArnEquals",
            )
        )

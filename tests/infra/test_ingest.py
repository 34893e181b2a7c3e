"""What must hold on a video's way into the jobs queue."""

import json

from cdk.naming import Names
from runtime.core.contract import RESULTS_PREFIX, UPLOADS_PREFIX, WORK_PREFIX, EnvVar, Output
from tests.infra.conftest import ROOT, synthesize
from tests.infra.service import SERVICE
from tests.infra.templates import Deployment, Resource

ACCOUNT_AND_REGION = "<AWS::AccountId>-<AWS::Region>"


def media_bucket(deployment: Deployment) -> tuple[str, Resource]:
    name = f"lifestream-media-{deployment.config.name}-{ACCOUNT_AND_REGION}"
    return deployment.only("AWS::S3::Bucket", BucketName=name)


def jobs_queue(deployment: Deployment) -> tuple[str, Resource]:
    name = Names(deployment.config.name).jobs_queue
    return deployment.only("AWS::SQS::Queue", QueueName=name)


def test_should_notify_the_jobs_queue_of_every_upload_and_nothing_else(
    deployment: Deployment,
) -> None:
    queue, _ = jobs_queue(deployment)
    _, bucket = media_bucket(deployment)
    notifications = bucket["Properties"]["NotificationConfiguration"]

    (entry,) = notifications["QueueConfigurations"]
    assert entry["Event"] == "s3:ObjectCreated:*"
    assert deployment.render(entry["Queue"]) == f"<{queue}.Arn>"
    # A suffix would drop uploads in silence: S3 compares it letter by letter.
    assert entry["Filter"]["S3Key"]["Rules"] == [{"Name": "prefix", "Value": UPLOADS_PREFIX}]
    assert list(notifications) == ["QueueConfigurations"]


def test_should_let_the_bucket_send_before_it_is_told_to(deployment: Deployment) -> None:
    queue, _ = jobs_queue(deployment)
    policy, _ = deployment.only("AWS::SQS::QueuePolicy", Queues=[f"<{queue}>"])
    _, bucket = media_bucket(deployment)

    assert policy in bucket["DependsOn"]


def test_should_admit_this_bucket_of_this_account_only(deployment: Deployment) -> None:
    queue, _ = jobs_queue(deployment)
    _, bucket = media_bucket(deployment)
    _, policy = deployment.only("AWS::SQS::QueuePolicy", Queues=[f"<{queue}>"])
    (allowed,) = (s for s in deployment.document(policy) if s.effect == "Allow")

    name = deployment.render(bucket["Properties"]["BucketName"])
    assert allowed.actions == {"sqs:SendMessage"}
    assert allowed.resources == {f"<{queue}.Arn>"}
    assert allowed.conditions == {
        "ArnEquals": {"aws:SourceArn": f"arn:<AWS::Partition>:s3:::{name}"},
        "StringEquals": {"aws:SourceAccount": "<AWS::AccountId>"},
    }


def test_should_hand_out_a_message_only_when_its_last_reader_is_surely_done(
    deployment: Deployment,
) -> None:
    _, queue = jobs_queue(deployment)
    function = deployment.function("dispatcher")

    visibility = queue["Properties"]["VisibilityTimeout"]

    assert visibility >= 6 * function["Timeout"]
    assert visibility == deployment.config.queue.visibility_timeout_seconds


def test_should_move_a_message_to_the_dead_letters_after_at_least_five_tries(
    deployment: Deployment,
) -> None:
    _, queue = jobs_queue(deployment)
    dead_letters, _ = deployment.only(
        "AWS::SQS::Queue", QueueName=Names(deployment.config.name).jobs_dlq
    )
    redrive = deployment.render(queue["Properties"]["RedrivePolicy"])

    assert redrive["deadLetterTargetArn"] == f"<{dead_letters}.Arn>"
    assert redrive["maxReceiveCount"] >= 5


def test_should_keep_messages_as_long_as_sqs_can(deployment: Deployment) -> None:
    for queue in deployment.of_type("AWS::SQS::Queue").values():
        assert queue["Properties"]["MessageRetentionPeriod"] == 14 * 86400


def test_should_encrypt_every_queue_and_refuse_plain_http(deployment: Deployment) -> None:
    queues = deployment.of_type("AWS::SQS::Queue")

    assert len(queues) == (3 if deployment.config.workers is None else 5)
    for logical_id, queue in queues.items():
        _, policy = deployment.only("AWS::SQS::QueuePolicy", Queues=[f"<{logical_id}>"])
        if deployment.config.encryption.customer_key:
            key, _ = deployment.only("AWS::KMS::Key")
            assert deployment.render(queue["Properties"]["KmsMasterKeyId"]) == f"<{key}.Arn>"
        else:
            assert queue["Properties"]["SqsManagedSseEnabled"] is True
        assert refuses_plain_http(deployment, policy, "sqs:*")


def test_should_close_every_bucket(deployment: Deployment) -> None:
    buckets = deployment.of_type("AWS::S3::Bucket")

    assert len(buckets) == 2
    for logical_id, bucket in buckets.items():
        properties = bucket["Properties"]
        _, policy = deployment.only("AWS::S3::BucketPolicy", Bucket=f"<{logical_id}>")
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
        assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert properties["OwnershipControls"]["Rules"] == [
            {"ObjectOwnership": "BucketOwnerEnforced"}
        ]
        assert refuses_plain_http(deployment, policy, "s3:*")


def test_should_keep_old_versions_and_forget_them_in_time(deployment: Deployment) -> None:
    _, bucket = media_bucket(deployment)
    rules = {rule["Id"]: rule for rule in bucket["Properties"]["LifecycleConfiguration"]["Rules"]}

    assert bucket["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}
    assert rules["old-versions"]["NoncurrentVersionExpiration"] == {
        "NoncurrentDays": deployment.config.storage.old_version_days
    }


def test_should_expire_checkpoints_only(deployment: Deployment) -> None:
    _, bucket = media_bucket(deployment)
    rules = bucket["Properties"]["LifecycleConfiguration"]["Rules"]

    expiring = {rule.get("Prefix"): rule["ExpirationInDays"] for rule in rules if _expires(rule)}

    assert expiring == {WORK_PREFIX: deployment.config.storage.work_days}


def test_should_log_access_to_media_in_a_bucket_that_only_it_may_fill(
    deployment: Deployment,
) -> None:
    media, bucket = media_bucket(deployment)
    logs, _ = deployment.only(
        "AWS::S3::Bucket",
        BucketName=f"lifestream-access-logs-{deployment.config.name}-{ACCOUNT_AND_REGION}",
    )
    _, policy = deployment.only("AWS::S3::BucketPolicy", Bucket=f"<{logs}>")
    (allowed,) = (s for s in deployment.document(policy) if s.effect == "Allow")

    destination = bucket["Properties"]["LoggingConfiguration"]["DestinationBucketName"]
    assert deployment.render(destination) == f"<{logs}>"
    assert allowed.conditions["ArnLike"] == {"aws:SourceArn": f"<{media}.Arn>"}


def refuses_plain_http(deployment: Deployment, policy: Resource, action: str) -> bool:
    return any(
        statement.effect == "Deny"
        and statement.actions == {action}
        and statement.conditions == {"Bool": {"aws:SecureTransport": "false"}}
        for statement in deployment.document(policy)
    )


def _expires(rule: Resource) -> bool:
    return "ExpirationInDays" in rule


def test_should_let_no_browser_in_unless_its_page_is_known(deployment: Deployment) -> None:
    _, bucket = media_bucket(deployment)

    assert deployment.config.uploads.allowed_origins == ()
    assert "CorsConfiguration" not in bucket["Properties"]


def test_should_let_pages_of_the_given_origins_upload_and_read() -> None:
    dev = (ROOT / "environments" / "dev.toml").read_text()
    origins = '["https://videos.example.com", "http://localhost:5173"]'
    open_to = synthesize(dev.replace("allowed_origins = []", f"allowed_origins = {origins}"))
    _, bucket = media_bucket(open_to)
    (rule,) = bucket["Properties"]["CorsConfiguration"]["CorsRules"]

    assert rule["AllowedOrigins"] == ["https://videos.example.com", "http://localhost:5173"]
    assert set(rule["AllowedMethods"]) == {"GET", "HEAD", "POST", "PUT"}
    assert "*" not in rule["AllowedHeaders"]
    assert rule["ExposedHeaders"] == ["ETag"]


def test_should_expire_uploads_work_and_results_each_by_its_own_setting() -> None:
    dev = (ROOT / "environments" / "dev.toml").read_text()
    served = "\n".join(f"{name} = {json.dumps(value)}" for name, value in SERVICE.items())
    assert "[service]\nenabled = false" in dev
    dev = dev.replace("[service]\nenabled = false", f"[service]\n{served}")
    short = synthesize(
        dev.replace("work_days = 3", "work_days = 3\nupload_days = 5\nresult_days = 9")
    )
    _, bucket = media_bucket(short)
    rules = bucket["Properties"]["LifecycleConfiguration"]["Rules"]

    expiring = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if _expires(rule)}

    assert expiring == {UPLOADS_PREFIX: 5, WORK_PREFIX: 3, RESULTS_PREFIX: 9}
    # By these, operators and the API refuse a legal hold that S3 would not keep.
    assert short.outputs()[Output.OBJECT_DAYS] == "5"
    assert {found for found in variables(short) if found} == {"5"}


def variables(deployment: Deployment) -> list[str | None]:
    """Return the days that each container of the API is given."""
    tasks = deployment.of_type("AWS::ECS::TaskDefinition").values()
    return [
        {each["Name"]: each["Value"] for each in container.get("Environment", [])}.get(
            EnvVar.OBJECT_DAYS
        )
        for task in tasks
        for container in task["Properties"]["ContainerDefinitions"]
    ]


def test_should_say_that_nothing_expires_where_nothing_does(deployment: Deployment) -> None:
    assert deployment.config.storage.object_days is None
    assert Output.OBJECT_DAYS not in deployment.outputs()
    assert set(variables(deployment)) == {None}


def test_should_clear_up_after_uploads_that_were_never_completed(deployment: Deployment) -> None:
    for bucket in deployment.of_type("AWS::S3::Bucket").values():
        rules = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
        (abandoned,) = (rule for rule in rules if "AbortIncompleteMultipartUpload" in rule)
        assert abandoned["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 2}
        assert "Prefix" not in abandoned


def test_should_keep_versions_in_every_bucket(deployment: Deployment) -> None:
    for bucket in deployment.of_type("AWS::S3::Bucket").values():
        assert bucket["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}

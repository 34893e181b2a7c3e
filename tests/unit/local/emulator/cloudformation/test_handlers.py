from local.emulator.cloudformation.handlers import camel_case, is_true
from local.emulator.cloudformation.storage import encryption_xml, lifecycle_xml, logging_xml
from local.emulator.cloudformation.task_definitions import container_definition

NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def test_should_spell_keys_as_the_apis_do_at_every_depth() -> None:
    template = [{"Name": "DB", "Nested": {"ValueFrom": ["A", {"StartPeriod": 5}]}}]
    assert camel_case(template) == [
        {"name": "DB", "nested": {"valueFrom": ["A", {"startPeriod": 5}]}}
    ]


def test_should_read_booleans_as_templates_write_them() -> None:
    assert [is_true(value) for value in (True, "true", False, "false", None)] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_should_spell_secrets_and_health_check_but_not_the_values_of_options() -> None:
    found = container_definition(
        {
            "name": "any",
            "secrets": [{"Name": "TOKEN", "ValueFrom": "arn"}],
            "healthCheck": {"Command": ["CMD"], "StartPeriod": 60},
            "stopTimeout": "120",
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": "any"},
                "secretOptions": [{"Name": "x", "ValueFrom": "arn"}],
            },
        }
    )
    assert found["secrets"] == [{"name": "TOKEN", "valueFrom": "arn"}]
    assert found["healthCheck"] == {"command": ["CMD"], "startPeriod": 60}
    assert found["stopTimeout"] == 120
    assert found["logConfiguration"]["options"] == {"awslogs-group": "any"}
    assert found["logConfiguration"]["secretOptions"] == [{"name": "x", "valueFrom": "arn"}]


def test_should_write_every_part_of_a_lifecycle_rule() -> None:
    rule = {
        "Id": "work",
        "Status": "Enabled",
        "Prefix": "work/",
        "ExpirationInDays": 7,
        "Transitions": [{"TransitionInDays": 30, "StorageClass": "STANDARD_IA"}],
        "NoncurrentVersionExpiration": {"NoncurrentDays": 3},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
    }
    assert lifecycle_xml([rule]).decode() == (
        f"<LifecycleConfiguration {NAMESPACE}><Rule><ID>work</ID><Status>Enabled</Status>"
        "<Filter><Prefix>work/</Prefix></Filter>"
        "<Expiration><Days>7</Days></Expiration>"
        "<Transition><Days>30</Days><StorageClass>STANDARD_IA</StorageClass></Transition>"
        "<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays>"
        "</NoncurrentVersionExpiration>"
        "<AbortIncompleteMultipartUpload><DaysAfterInitiation>2</DaysAfterInitiation>"
        "</AbortIncompleteMultipartUpload></Rule></LifecycleConfiguration>"
    )


def test_should_write_default_encryption_and_access_logging() -> None:
    encryption = [
        {
            "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "key"},
            "BucketKeyEnabled": True,
        }
    ]
    assert encryption_xml(encryption).decode() == (
        f"<ServerSideEncryptionConfiguration {NAMESPACE}><Rule>"
        "<ApplyServerSideEncryptionByDefault>"
        "<SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>key</KMSMasterKeyID>"
        "</ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled>"
        "</Rule></ServerSideEncryptionConfiguration>"
    )
    assert logging_xml("own", {"LogFilePrefix": "media/"}).decode() == (
        f"<BucketLoggingStatus {NAMESPACE}><LoggingEnabled><TargetBucket>own</TargetBucket>"
        "<TargetPrefix>media/</TargetPrefix></LoggingEnabled></BucketLoggingStatus>"
    )

from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.cloud import LocalCloud
from tests.integration.cloud.stacks import Resources, Stacks, resource

pytestmark = pytest.mark.cloud

KEY = "arn:aws:kms:us-east-1:000000000000:key/any"


def test_should_configure_a_table(stacks: Stacks, cloud: LocalCloud) -> None:
    def table(**changes: Any) -> Resources:
        return {
            "Table": resource(
                "DynamoDB::Table",
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                BillingMode="PAY_PER_REQUEST",
                **changes,
            )
        }

    name = stacks.create(
        table(
            TimeToLiveSpecification={"AttributeName": "expires_at", "Enabled": True},
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
            DeletionProtectionEnabled=True,
            SSESpecification={"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY},
        )
    )["Table"]
    dynamodb = cloud.client("dynamodb")
    time_to_live = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert time_to_live == {"AttributeName": "expires_at", "TimeToLiveStatus": "ENABLED"}
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    recovery = backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    assert recovery == "ENABLED"
    described = dynamodb.describe_table(TableName=name)["Table"]
    assert described["DeletionProtectionEnabled"] is True
    assert described["SSEDescription"]["KMSMasterKeyArn"] == KEY
    stacks.update(table(DeletionProtectionEnabled=False))
    assert dynamodb.describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"] is False


def test_should_select_what_a_backup_plan_copies(stacks: Stacks, cloud: LocalCloud) -> None:
    def plan(*tables: str) -> Resources:
        rule = {"RuleName": "daily", "TargetBackupVault": {"Ref": "Vault"}}
        selection = {
            "SelectionName": "tables",
            "IamRoleArn": "arn:aws:iam::000000000000:role/any",
            "Resources": list(tables),
        }
        return {
            "Vault": resource("Backup::BackupVault", BackupVaultName=stacks.name),
            "Plan": resource(
                "Backup::BackupPlan",
                BackupPlan={"BackupPlanName": stacks.name, "BackupPlanRule": [rule]},
            ),
            "Tables": resource(
                "Backup::BackupSelection",
                BackupPlanId={"Ref": "Plan"},
                BackupSelection=selection,
            ),
        }

    backup = cloud.client("backup")
    made = stacks.create(plan("first"))
    stacks.update(plan("second"))
    (listed,) = backup.list_backup_selections(BackupPlanId=made["Plan"])["BackupSelectionsList"]
    found = backup.get_backup_selection(
        BackupPlanId=made["Plan"], SelectionId=listed["SelectionId"]
    )
    assert found["BackupSelection"]["Resources"] == ["second"]
    stacks.delete()


def test_should_set_a_budget_and_whom_it_tells(stacks: Stacks, cloud: LocalCloud) -> None:
    def budget(usd: int) -> Resources:
        notice = {
            "Notification": {
                "NotificationType": "ACTUAL",
                "ComparisonOperator": "GREATER_THAN",
                "Threshold": 80,
            },
            "Subscribers": [
                {"SubscriptionType": "SNS", "Address": "arn:aws:sns:us-east-1:000000000000:any"}
            ],
        }
        given = {
            "BudgetName": stacks.name,
            "BudgetType": "COST",
            "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": usd, "Unit": "USD"},
        }
        return {
            "Budget": resource(
                "Budgets::Budget", Budget=given, NotificationsWithSubscribers=[notice]
            )
        }

    stacks.create(budget(100))
    stacks.update(budget(150))

    client = cloud.client("budgets")
    found = client.describe_budget(AccountId="000000000000", BudgetName=stacks.name)["Budget"]
    assert float(found["BudgetLimit"]["Amount"]) == 150
    stacks.delete()
    with pytest.raises(client.exceptions.NotFoundException):
        client.describe_budget(AccountId="000000000000", BudgetName=stacks.name)


def test_should_configure_a_bucket(stacks: Stacks, cloud: LocalCloud) -> None:
    def bucket(days: int) -> Resources:
        lifecycle = {
            "Id": "work",
            "Status": "Enabled",
            "Prefix": "work/",
            "ExpirationInDays": days,
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
        }
        encryption = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
        return {
            "Logs": resource("S3::Bucket"),
            "Bucket": resource(
                "S3::Bucket",
                LifecycleConfiguration={"Rules": [lifecycle]},
                BucketEncryption={"ServerSideEncryptionConfiguration": [encryption]},
                LoggingConfiguration={
                    "DestinationBucketName": {"Ref": "Logs"},
                    "LogFilePrefix": "media/",
                },
            ),
        }

    made = stacks.create(bucket(days=7))
    s3 = cloud.client("s3")
    rule = s3.get_bucket_lifecycle_configuration(Bucket=made["Bucket"])["Rules"][0]
    assert (rule["ID"], rule["Filter"]["Prefix"]) == ("work", "work/")
    assert rule["Expiration"]["Days"] == 7
    assert rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 2
    encryption = s3.get_bucket_encryption(Bucket=made["Bucket"])
    applied = encryption["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert applied["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    logging = s3.get_bucket_logging(Bucket=made["Bucket"])["LoggingEnabled"]
    assert logging == {"TargetBucket": made["Logs"], "TargetPrefix": "media/"}
    stacks.update(bucket(days=14))
    rule = s3.get_bucket_lifecycle_configuration(Bucket=made["Bucket"])["Rules"][0]
    assert rule["Expiration"]["Days"] == 14


def test_should_make_and_remove_a_private_network(stacks: Stacks, cloud: LocalCloud) -> None:
    peer = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    made = stacks.create(
        {
            "Vpc": resource("EC2::VPC", CidrBlock="10.0.0.0/16"),
            "Subnet": resource("EC2::Subnet", VpcId={"Ref": "Vpc"}, CidrBlock="10.0.0.0/24"),
            "Address": resource("EC2::EIP", Domain="vpc"),
            "Nat": resource(
                "EC2::NatGateway",
                SubnetId={"Ref": "Subnet"},
                AllocationId={"Fn::GetAtt": ["Address", "AllocationId"]},
            ),
            "FlowLog": resource(
                "EC2::FlowLog", ResourceId={"Ref": "Vpc"}, ResourceType="VPC", LogGroupName="any"
            ),
            "Tasks": resource("EC2::SecurityGroup", GroupDescription="tasks", VpcId={"Ref": "Vpc"}),
            "Api": resource("EC2::SecurityGroup", GroupDescription="api", VpcId={"Ref": "Vpc"}),
            "FromTasks": resource(
                "EC2::SecurityGroupIngress",
                GroupId={"Ref": "Api"},
                SourceSecurityGroupId={"Ref": "Tasks"},
                **peer,
            ),
        }
    )
    ec2 = cloud.client("ec2")
    nat = ec2.describe_nat_gateways(NatGatewayIds=[made["Nat"]])["NatGateways"][0]
    assert (nat["SubnetId"], nat["State"]) == (made["Subnet"], "available")
    group = ec2.describe_security_groups(GroupIds=[made["Api"]])["SecurityGroups"][0]
    pairs = group["IpPermissions"][0]["UserIdGroupPairs"]
    assert [pair["GroupId"] for pair in pairs] == [made["Tasks"]]
    flow_logs = ec2.describe_flow_logs()["FlowLogs"]
    assert made["Vpc"] in {log["ResourceId"] for log in flow_logs}
    stacks.delete()
    addresses = ec2.describe_addresses()["Addresses"]
    assert made["Address"] not in {address["PublicIp"] for address in addresses}
    assert made["FlowLog"] not in {log["FlowLogId"] for log in ec2.describe_flow_logs()["FlowLogs"]}


def test_should_register_the_whole_task_definition(stacks: Stacks, cloud: LocalCloud) -> None:
    container = {
        "Name": "processor",
        "Image": "processor:v1",
        "StopTimeout": 120,
        "Secrets": [{"Name": "TOKEN", "ValueFrom": "arn:any"}],
        "HealthCheck": {"Command": ["CMD", "true"], "StartPeriod": 60},
        "LinuxParameters": {"InitProcessEnabled": True},
        "MountPoints": [{"SourceVolume": "work", "ContainerPath": "/work", "ReadOnly": False}],
    }
    arn = stacks.create(
        {
            "Definition": resource(
                "ECS::TaskDefinition",
                Family=stacks.name,
                ContainerDefinitions=[container],
                Volumes=[{"Name": "work"}],
                RuntimePlatform={"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"},
                EphemeralStorage={"SizeInGiB": 50},
            )
        }
    )["Definition"]
    described = cloud.client("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]
    registered = described["containerDefinitions"][0]
    assert registered["stopTimeout"] == 120
    assert registered["secrets"] == [{"name": "TOKEN", "valueFrom": "arn:any"}]
    assert registered["healthCheck"]["startPeriod"] == 60
    assert registered["linuxParameters"] == {"initProcessEnabled": True}
    assert registered["mountPoints"][0]["containerPath"] == "/work"
    assert described["volumes"] == [{"name": "work"}]
    assert described["runtimePlatform"]["cpuArchitecture"] == "ARM64"
    assert described["ephemeralStorage"] == {"sizeInGiB": 50}


def test_should_give_a_cluster_its_capacity_providers(stacks: Stacks, cloud: LocalCloud) -> None:
    spot = {"CapacityProvider": "FARGATE_SPOT", "Weight": 1}
    stacks.create(
        {
            "Cluster": resource("ECS::Cluster", ClusterName=stacks.name),
            "Providers": resource(
                "ECS::ClusterCapacityProviderAssociations",
                Cluster={"Ref": "Cluster"},
                CapacityProviders=["FARGATE", "FARGATE_SPOT"],
                DefaultCapacityProviderStrategy=[spot],
            ),
        }
    )
    cluster = cloud.client("ecs").describe_clusters(clusters=[stacks.name])["clusters"][0]
    assert cluster["capacityProviders"] == ["FARGATE", "FARGATE_SPOT"]
    assert cluster["defaultCapacityProviderStrategy"][0]["capacityProvider"] == "FARGATE_SPOT"


def test_should_refer_to_a_secret_by_its_arn(stacks: Stacks, cloud: LocalCloud) -> None:
    def secret(description: str) -> Resources:
        return {
            "Secret": resource("SecretsManager::Secret", Name=stacks.name, Description=description)
        }

    arn = stacks.create(secret("first"))["Secret"]
    manager = cloud.client("secretsmanager")
    assert manager.describe_secret(SecretId=stacks.name)["ARN"] == arn
    assert stacks.update(secret("second"))["Secret"] == arn
    assert manager.describe_secret(SecretId=arn)["Description"] == "second"
    stacks.delete()
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        manager.describe_secret(SecretId=arn)


def test_should_create_a_provider_of_machines(stacks: Stacks, cloud: LocalCloud) -> None:
    def provider(*, target: int) -> Resources:
        return {
            "Template": resource(
                "EC2::LaunchTemplate", LaunchTemplateData={"InstanceType": "g4dn.xlarge"}
            ),
            "Machines": resource(
                "AutoScaling::AutoScalingGroup",
                MinSize="0",
                MaxSize="1",
                LaunchTemplate={
                    "LaunchTemplateId": {"Ref": "Template"},
                    "Version": {"Fn::GetAtt": ["Template", "LatestVersionNumber"]},
                },
            ),
            "Provider": resource(
                "ECS::CapacityProvider",
                Name=f"machines-{stacks.name}",
                AutoScalingGroupProvider={
                    "AutoScalingGroupArn": {"Ref": "Machines"},
                    "ManagedScaling": {"Status": "ENABLED", "TargetCapacity": target},
                },
            ),
        }

    name = stacks.create(provider(target=100))["Provider"]
    ecs = cloud.client("ecs")

    def target() -> int:
        (found,) = ecs.describe_capacity_providers(capacityProviders=[name])["capacityProviders"]
        capacity: int = found["autoScalingGroupProvider"]["managedScaling"]["targetCapacity"]
        return capacity

    assert target() == 100
    stacks.update(provider(target=80))
    assert target() == 80
    stacks.delete()
    assert not ecs.describe_capacity_providers(capacityProviders=[name])["capacityProviders"]


def test_should_know_the_machine_images_of_ecs(cloud: LocalCloud) -> None:
    name = "/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id"

    found = cloud.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]

    assert found.startswith("ami-")

"""Launcher: the resource types that are added to ministack's CloudFormation or changed in it."""

from ministack.services import ec2
from ministack.services.cloudformation import provisioners

from local.emulator import patching
from local.emulator.autoscaling.api import AutoScaling
from local.emulator.cloudformation import (
    existing_names,
    exports,
    missing_types,
    network,
    scaling,
    services,
    storage,
    task_definitions,
)
from local.emulator.cloudformation.handlers import Apply, Create, Delete, add, after, refuse, wrap
from local.emulator.services import guardduty

ADDED: dict[str, tuple[Create, Delete]] = {
    "AWS::Backup::BackupSelection": (
        missing_types.create_selection,
        missing_types.delete_selection,
    ),
    "AWS::Budgets::Budget": (missing_types.create_budget, missing_types.delete_budget),
    "AWS::EC2::EIP": (network.create_address, network.delete_address),
    "AWS::EC2::FlowLog": (network.create_flow_log, network.delete_from(ec2._flow_logs)),
    "AWS::EC2::NatGateway": (network.create_nat_gateway, network.delete_from(ec2._nat_gateways)),
    "AWS::EC2::SecurityGroupEgress": network.security_group_rule("IpPermissionsEgress"),
    "AWS::EC2::SecurityGroupIngress": network.security_group_rule("IpPermissions"),
    "AWS::EC2::VPCCidrBlock": (network.create_address_range, network.delete_address_range),
    "AWS::GuardDuty::MalwareProtectionPlan": (guardduty.create_plan, guardduty.delete_plan),
    "AWS::WAFv2::LoggingConfiguration": (
        missing_types.create_logging,
        lambda _physical_id, _properties: None,
    ),
    "AWS::WAFv2::WebACLAssociation": (
        missing_types.create_association,
        missing_types.delete_association,
    ),
    "AWS::ECS::ClusterCapacityProviderAssociations": (
        task_definitions.associate_capacity_providers,
        lambda _physical_id, _properties: None,
    ),
}
COMPLETED: dict[str, Apply] = {
    "AWS::DynamoDB::GlobalTable": storage.configure_table,
    "AWS::DynamoDB::Table": storage.configure_table,
    "AWS::ECS::TaskDefinition": task_definitions.complete_task_definition,
    "AWS::S3::Bucket": storage.configure_bucket,
    "AWS::SNS::Topic": storage.configure_topic,
}
DELETED = {
    "AWS::DynamoDB::GlobalTable": storage.delete_table,
    "AWS::DynamoDB::Table": storage.delete_table,
    "AWS::S3::Bucket": storage.delete_bucket,
}


def install(targets: AutoScaling) -> None:
    """Add and change all of them."""
    for name, (create, delete) in ADDED.items():
        add(name, create, delete)
    for name, apply in COMPLETED.items():
        after(name, apply)
    for name, remove in DELETED.items():
        wrap(name, delete=remove)
    add(
        "AWS::ECS::CapacityProvider",
        missing_types.create_provider,
        missing_types.delete_provider,
        missing_types.update_provider,
    )
    patching.around(provisioners, "_normalize_container_defs")(task_definitions.complete_containers)
    existing_names.install()
    patching.apply(exports, network)
    refuse("AWS::EC2::Subnet", network.overlap)
    services.install()
    scaling.install(targets)

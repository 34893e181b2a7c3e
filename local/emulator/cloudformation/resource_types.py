"""Launcher: the resource types that are added to ministack's CloudFormation or changed in it."""

from ministack.services import ec2
from ministack.services.cloudformation import provisioners

from local.emulator.autoscaling.api import AutoScaling
from local.emulator.cloudformation import (
    backup,
    budgets,
    capacity_providers,
    deletion,
    existing_names,
    exports,
    firewall,
    network,
    scaling,
    services,
    storage,
    task_definitions,
)
from local.emulator.cloudformation.handlers import Apply, Create, Delete, add, after, wrap
from local.emulator.patching import around
from local.emulator.services import guardduty

INGRESS = network.SecurityGroupRule("IpPermissions")
EGRESS = network.SecurityGroupRule("IpPermissionsEgress")

ADDED: dict[str, tuple[Create, Delete]] = {
    "AWS::Backup::BackupSelection": (backup.create_selection, backup.delete_selection),
    "AWS::Budgets::Budget": (budgets.create_budget, budgets.delete_budget),
    "AWS::EC2::EIP": (network.create_address, network.delete_address),
    "AWS::EC2::FlowLog": (network.create_flow_log, network.delete_from(ec2._flow_logs)),
    "AWS::EC2::NatGateway": (network.create_nat_gateway, network.delete_from(ec2._nat_gateways)),
    "AWS::EC2::SecurityGroupEgress": (EGRESS.create, EGRESS.delete),
    "AWS::EC2::SecurityGroupIngress": (INGRESS.create, INGRESS.delete),
    "AWS::EC2::VPCCidrBlock": (network.create_address_range, network.delete_address_range),
    "AWS::GuardDuty::MalwareProtectionPlan": (guardduty.create_plan, guardduty.delete_plan),
    "AWS::WAFv2::LoggingConfiguration": (
        firewall.create_logging,
        lambda _physical_id, _properties: None,
    ),
    "AWS::WAFv2::WebACLAssociation": (firewall.create_association, firewall.delete_association),
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
    "AWS::DynamoDB::GlobalTable": deletion.delete_table,
    "AWS::DynamoDB::Table": deletion.delete_table,
    "AWS::S3::Bucket": deletion.delete_bucket,
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
        capacity_providers.create_provider,
        capacity_providers.delete_provider,
        capacity_providers.update_provider,
    )
    around(provisioners, "_normalize_container_defs")(task_definitions.complete_containers)
    existing_names.install()
    exports.install()
    network.install()
    services.install()
    scaling.install(targets)

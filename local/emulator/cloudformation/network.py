"""Gap (1.5.33, upstream): CloudFormation lacks elastic IP, NAT, flow log, single rules.

It also gives subnets addresses that another subnet has.
"""

import uuid
from ipaddress import ip_network
from typing import Any

from ministack.core.responses import now_iso
from ministack.services import ec2
from ministack.services.cloudformation import provisioners

from local.emulator.cloudformation.handlers import Create, Created, Delete, Properties
from local.emulator.patching import patch

PUBLIC_ADDRESSES = tuple(f"203.0.113.{host}" for host in range(1, 255))
"""The block reserved for documentation (RFC 5737): nothing listens there."""


def create_address(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Allocate an elastic IP; its physical id is the address, as on AWS."""
    taken = {address["PublicIp"] for address in ec2._addresses.values()}
    free = next(address for address in PUBLIC_ADDRESSES if address not in taken)
    allocation = new_id("eipalloc")
    ec2._addresses[allocation] = {
        "AllocationId": allocation,
        "PublicIp": free,
        "Domain": properties.get("Domain", "vpc"),
        "AssociationId": None,
        "InstanceId": None,
        "NetworkInterfaceId": None,
        "PrivateIpAddress": None,
    }
    return free, {"AllocationId": allocation, "PublicIp": free}


def delete_address(physical_id: str, _properties: Properties) -> None:
    """Release an elastic IP."""
    for allocation, address in list(ec2._addresses.items()):
        if address["PublicIp"] == physical_id:
            ec2._addresses.pop(allocation, None)


def create_address_range(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Add a range of addresses to a VPC, which must exist."""
    vpc = ec2._vpcs.get(properties["VpcId"])
    if vpc is None:
        raise ValueError(f"The vpc ID '{properties['VpcId']}' does not exist")
    association = new_id("vpc-cidr-assoc")
    vpc.setdefault("CidrBlockAssociationSet", []).append(
        {
            "AssociationId": association,
            "CidrBlock": properties["CidrBlock"],
            "CidrBlockState": {"State": "associated"},
        }
    )
    return association, {"Id": association}


def delete_address_range(physical_id: str, properties: Properties) -> None:
    """Take the range away, if its VPC is still there."""
    vpc = ec2._vpcs.get(properties["VpcId"], {})
    ranges = vpc.get("CidrBlockAssociationSet", [])
    vpc["CidrBlockAssociationSet"] = [r for r in ranges if r["AssociationId"] != physical_id]


def create_nat_gateway(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Create a NAT gateway in its subnet, which must exist."""
    subnet = ec2._subnets.get(properties["SubnetId"])
    if subnet is None:
        raise ValueError(f"The subnet ID '{properties['SubnetId']}' does not exist")
    gateway = new_id("nat")
    ec2._nat_gateways[gateway] = {
        "NatGatewayId": gateway,
        "SubnetId": properties["SubnetId"],
        "VpcId": subnet["VpcId"],
        "AllocationId": properties.get("AllocationId", ""),
        "ConnectivityType": properties.get("ConnectivityType", "public"),
        "State": "available",
        "CreateTime": now_iso(),
        "Tags": list(properties.get("Tags") or []),
    }
    return gateway, {"NatGatewayId": gateway}


def create_flow_log(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Record a flow log; no traffic ever flows."""
    flow_log = new_id("fl")
    ec2._flow_logs[flow_log] = {
        "FlowLogId": flow_log,
        "ResourceId": properties["ResourceId"],
        "ResourceType": properties["ResourceType"],
        "TrafficType": properties.get("TrafficType", "ALL"),
        "LogDestinationType": properties.get("LogDestinationType", "cloud-watch-logs"),
        "LogDestination": properties.get("LogDestination") or properties.get("LogGroupName", ""),
        "FlowLogStatus": "ACTIVE",
        "CreationTime": now_iso(),
    }
    return flow_log, {"Id": flow_log}


def security_group_rule(direction: str) -> tuple[Create, Delete]:
    """Return the handlers of a rule as a resource of its own, as CDK makes between two groups.

    It is kept in the field `direction` of its group.
    """

    def create(_logical_id: str, properties: Properties, _stack: str) -> Created:
        group = ec2._security_groups.get(properties["GroupId"])
        if group is None:
            raise ValueError(f"The security group '{properties['GroupId']}' does not exist")
        group[direction].extend(provisioners._ec2_sg_permissions([properties]))
        rule = new_id("sgr")
        return rule, {"Id": rule}

    def delete(_physical_id: str, properties: Properties) -> None:
        group = ec2._security_groups.get(properties["GroupId"])
        for permission in provisioners._ec2_sg_permissions([properties]):
            if group is not None and permission in group[direction]:
                group[direction].remove(permission)

    return create, delete


@patch(provisioners, "_ec2_subnet_create")
def create_subnet(original: Create, logical_id: str, properties: Properties, stack: str) -> Created:
    """Create a subnet with addresses of its own; a replacement calls the function by its name."""
    if message := overlap(properties):
        raise ValueError(message)
    return original(logical_id, properties, stack)


def overlap(properties: Properties) -> str | None:
    """Return that another subnet of the VPC has addresses of a subnet, if so."""
    if not properties.get("CidrBlock"):
        return None
    wanted = ip_network(properties["CidrBlock"])
    others = [s for s in ec2._subnets.values() if s["VpcId"] == properties["VpcId"]]
    taken = any(wanted.overlaps(ip_network(subnet["CidrBlock"])) for subnet in others)
    return f"The CIDR '{wanted}' conflicts with another subnet" if taken else None


def delete_from(records: Any) -> Delete:
    """Return a handler that removes a record, if it is still there."""
    return lambda physical_id, _properties: records.pop(physical_id, None)


def new_id(prefix: str) -> str:
    """Return a new id in EC2's form."""
    return f"{prefix}-{uuid.uuid4().hex[:17]}"

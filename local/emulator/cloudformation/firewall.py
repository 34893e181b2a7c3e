"""Gap (1.5.33, upstream): CloudFormation lacks a firewall's association and its logging.

Upstream: only the records; no request passes through the firewall.
"""

import uuid

from ministack.services import waf

from local.emulator.cloudformation.handlers import Created, Properties


def create_association(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Associate a firewall with a resource; a resource has one at most."""
    waf._associations[properties["ResourceArn"]] = properties["WebACLArn"]
    return f"association-{uuid.uuid4().hex}", {}


def delete_association(_physical_id: str, properties: Properties) -> None:
    """Take the firewall away."""
    waf._associations.pop(properties["ResourceArn"], None)


def create_logging(_logical_id: str, properties: Properties, _stack: str) -> Created:
    """Accept where a firewall that exists logs to; its id is the firewall's ARN, as on AWS."""
    arn = properties["ResourceArn"]
    if arn not in {acl["ARN"] for acl in waf._web_acls.values()}:
        raise ValueError(f"The web ACL '{arn}' does not exist")
    return arn, {}

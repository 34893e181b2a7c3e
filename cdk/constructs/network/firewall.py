"""AWS WAF before the load balancer: managed rules, and a limit for each address."""

from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.service import ServiceConfig
from cdk.constructs.observability.log_group import log_group
from cdk.naming import Names, local_arn

_Acl = waf.CfnWebACL

MANAGED = {
    # Scripts are callers of an API and send what the rule on bodies takes for too long.
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY", "NoUserAgent_HEADER"),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
    "AWSManagedRulesAmazonIpReputationList": (),
}
"""Rule groups that AWS keeps up to date, and the rules of each that only count."""

WINDOW_SECONDS = 300
SECRET_HEADERS = ("authorization", "cookie", "x-api-key", "sec-websocket-protocol")
"""Headers that are left out of the log."""


class Firewall(Construct):
    """`acl` and `log_group`; only requests that were blocked or counted are logged."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: EnvironmentConfig,
        settings: ServiceConfig,
        balancer: elbv2.IApplicationLoadBalancer,
        key: kms.IKey | None,
    ) -> None:
        super().__init__(scope, construct_id)
        names = Names(environment.name)
        self.acl = waf.CfnWebACL(
            self,
            "Acl",
            name=names.load_balancer,
            scope="REGIONAL",
            default_action=_Acl.DefaultActionProperty(allow=_Acl.AllowActionProperty()),
            visibility_config=_visibility("all"),
            rules=[
                _rate_rule(settings.requests_per_address),
                *(
                    _managed_rule(name, counted, priority)
                    for priority, (name, counted) in enumerate(MANAGED.items(), start=1)
                ),
            ],
        )
        association = waf.CfnWebACLAssociation(
            self,
            "Association",
            resource_arn=balancer.load_balancer_arn,
            web_acl_arn=self.acl.attr_arn,
        )
        association.node.add_dependency(balancer)
        self.log_group = log_group(
            self, "Logs", name=names.firewall_log_group, environment=environment, key=key
        )
        logging = waf.CfnLoggingConfiguration(
            self,
            "Logging",
            resource_arn=self.acl.attr_arn,
            # Without the `:*` that the log group's own attribute ends in, which WAF refuses.
            log_destination_configs=[local_arn("logs", f"log-group:{names.firewall_log_group}")],
            redacted_fields=[
                *(
                    waf.CfnLoggingConfiguration.FieldToMatchProperty(single_header={"Name": name})
                    for name in SECRET_HEADERS
                ),
                waf.CfnLoggingConfiguration.FieldToMatchProperty(query_string={}),
            ],
            logging_filter={
                "DefaultBehavior": "DROP",
                "Filters": [
                    {
                        "Behavior": "KEEP",
                        "Requirement": "MEETS_ANY",
                        "Conditions": [
                            {"ActionCondition": {"Action": "BLOCK"}},
                            {"ActionCondition": {"Action": "COUNT"}},
                        ],
                    }
                ],
            },
        )
        logging.node.add_dependency(self.log_group)


def _rate_rule(limit: int) -> waf.CfnWebACL.RuleProperty:
    return _Acl.RuleProperty(
        name="rate",
        priority=0,
        action=_Acl.RuleActionProperty(
            block=_Acl.BlockActionProperty(
                custom_response=_Acl.CustomResponseProperty(response_code=429)
            )
        ),
        statement=_Acl.StatementProperty(
            rate_based_statement=_Acl.RateBasedStatementProperty(
                aggregate_key_type="IP", limit=limit, evaluation_window_sec=WINDOW_SECONDS
            )
        ),
        visibility_config=_visibility("rate"),
    )


def _managed_rule(name: str, counted: tuple[str, ...], priority: int) -> waf.CfnWebACL.RuleProperty:
    return _Acl.RuleProperty(
        name=name,
        priority=priority,
        override_action=_Acl.OverrideActionProperty(none={}),
        statement=_Acl.StatementProperty(
            managed_rule_group_statement=_Acl.ManagedRuleGroupStatementProperty(
                vendor_name="AWS",
                name=name,
                rule_action_overrides=[
                    _Acl.RuleActionOverrideProperty(
                        name=rule, action_to_use=_Acl.RuleActionProperty(count={})
                    )
                    for rule in counted
                ]
                or None,
            )
        ),
        visibility_config=_visibility(name),
    )


def _visibility(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    return _Acl.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True,
        metric_name=f"lifestream-{name}",
        # Samples would hold the secret headers of requests.
        sampled_requests_enabled=False,
    )

"""The load balancer of the service tier: HTTPS only, by host name, behind a firewall."""

from collections.abc import Sequence

from aws_cdk import Aws
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.service import ServiceConfig
from cdk.constructs.permissions.statement import let_service
from cdk.naming import Names, bucket_arn, local_arn

_HTTP, _HTTPS, _TEST = 80, 443, 8443
_LOGS = "load-balancer"
_IDLE_SECONDS = "120"
"""Longer than the heartbeats of event streams and sockets."""

_CLIENT_KEEP_ALIVE_SECONDS = "3600"


class PublicLoadBalancer(Construct):
    """`balancer`, `listener`, `test_listener` (None with rolling deployments), `security_group`.

    Hosts that no rule knows are answered with 404, so scans of addresses reach no service.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: EnvironmentConfig,
        settings: ServiceConfig,
        vpc: ec2.IVpc,
        subnets: Sequence[ec2.ISubnet],
        log_bucket: s3.IBucket,
    ) -> None:
        super().__init__(scope, construct_id)
        names = Names(environment.name)
        self.security_group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=vpc,
            description="Lifestream load balancer: the networks of service.ingress",
            allow_all_outbound=False,
        )
        self.balancer = elbv2.ApplicationLoadBalancer(
            self,
            "LoadBalancer",
            load_balancer_name=names.load_balancer,
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(subnets=list(subnets)),
            internet_facing=True,
            security_group=self.security_group,
            drop_invalid_header_fields=True,
            desync_mitigation_mode=elbv2.DesyncMitigationMode.STRICTEST,
            deletion_protection=environment.retain_data,
        )
        for key, value in {
            "idle_timeout.timeout_seconds": _IDLE_SECONDS,
            "client_keep_alive.seconds": _CLIENT_KEEP_ALIVE_SECONDS,
            "access_logs.s3.enabled": "true",
            "access_logs.s3.bucket": log_bucket.bucket_name,
            "access_logs.s3.prefix": _LOGS,
        }.items():
            self.balancer.set_attribute(key, value)
        self._accept_logs(log_bucket, names)
        self._redirect_to_https(settings)
        self.listener = self._listener("Https", _HTTPS, settings)
        self.test_listener = (
            self._listener("Test", _TEST, settings) if settings.deployment == "blue_green" else None
        )

    def _listener(
        self, construct_id: str, port: int, settings: ServiceConfig
    ) -> elbv2.ApplicationListener:
        listener = self.balancer.add_listener(
            construct_id,
            port=port,
            protocol=elbv2.ApplicationProtocol.HTTPS,
            certificates=[elbv2.ListenerCertificate.from_arn(str(settings.certificate_arn))],
            # TLS 1.2 and 1.3, with forward secrecy.
            ssl_policy=elbv2.SslPolicy.RECOMMENDED_TLS,
            open=False,
            default_action=elbv2.ListenerAction.fixed_response(404, content_type="text/plain"),
        )
        self._admit(port, settings)
        return listener

    def _redirect_to_https(self, settings: ServiceConfig) -> None:
        self.balancer.add_listener(
            "Http",
            port=_HTTP,
            protocol=elbv2.ApplicationProtocol.HTTP,
            open=False,
            default_action=elbv2.ListenerAction.redirect(
                protocol="HTTPS", port=str(_HTTPS), permanent=True
            ),
        )
        self._admit(_HTTP, settings)

    def _admit(self, port: int, settings: ServiceConfig) -> None:
        for network in settings.ingress:
            self.security_group.add_ingress_rule(
                ec2.Peer.ipv4(network), ec2.Port.tcp(port), "service.ingress"
            )

    def _accept_logs(self, bucket: s3.IBucket, names: Names) -> None:
        bucket.add_to_resource_policy(
            let_service(
                "LoadBalancerLogs",
                "logdelivery.elasticloadbalancing",
                # By name: the bucket's stack must not depend on the load balancer's.
                local_arn("elasticloadbalancing", f"loadbalancer/app/{names.load_balancer}/*"),
                ["s3:PutObject"],
                f"{bucket_arn(names.access_log_bucket)}/{_LOGS}/AWSLogs/{Aws.ACCOUNT_ID}/*",
            )
        )

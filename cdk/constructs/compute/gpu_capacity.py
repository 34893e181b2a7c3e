"""Machines with a GPU, which ECS starts for a task and stops when no task needs them."""

from collections.abc import Sequence

from aws_cdk import aws_autoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk.config import EnvironmentConfig
from cdk.config.workers import GpuConfig
from cdk.constructs import permissions
from cdk.naming import Names

_ROOT_DEVICE = "/dev/xvda"
_ALL_IN_USE = 100
_CLEANUP_WAIT = "10m"
"""How long a stopped task's containers stay on a machine's disk."""


class GpuCapacity(Construct):
    """`provider`: an Auto Scaling group that ECS scales from zero to `gpu.max_tasks` machines."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: EnvironmentConfig,
        gpu: GpuConfig,
        cluster: ecs.Cluster,
        vpc: ec2.IVpc,
        subnets: Sequence[ec2.ISubnet],
        security_group: ec2.ISecurityGroup,
        key: kms.IKey | None,
    ) -> None:
        super().__init__(scope, construct_id)
        names = Names(environment.name)
        group = autoscaling.AutoScalingGroup(
            self,
            "Machines",
            auto_scaling_group_name=names.gpu,
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(subnets=list(subnets)),
            launch_template=self._template(gpu, cluster, security_group, key),
            min_capacity=0,
            max_capacity=gpu.max_tasks,
            # ECS removes the protection from machines without tasks.
            new_instances_protected_from_scale_in=True,
            group_metrics=[autoscaling.GroupMetrics.all()],
        )
        self.provider = ecs.AsgCapacityProvider(
            self,
            "Provider",
            capacity_provider_name=names.gpu,
            auto_scaling_group=group,
            enable_managed_scaling=True,
            enable_managed_termination_protection=True,
            enable_managed_draining=True,
            target_capacity_percent=_ALL_IN_USE,
        )
        cluster.add_asg_capacity_provider(
            self.provider, machine_image_type=ecs.MachineImageType.AMAZON_LINUX_2
        )

    def _template(
        self,
        gpu: GpuConfig,
        cluster: ecs.Cluster,
        security_group: ec2.ISecurityGroup,
        key: kms.IKey | None,
    ) -> ec2.LaunchTemplate:
        role = iam.Role(
            self,
            "Role",
            description="What the ECS agent of a GPU machine may do",
            assumed_by=iam.ServicePrincipal("ec2.amazonaws.com"),
        )
        for statement in permissions.join_cluster(cluster):
            role.add_to_policy(statement)
        start = ec2.UserData.for_linux()
        start.add_commands(
            f"echo ECS_ENGINE_TASK_CLEANUP_WAIT_DURATION={_CLEANUP_WAIT} >> /etc/ecs/ecs.config",
            "echo ECS_ENABLE_GPU_SUPPORT=true >> /etc/ecs/ecs.config",
            "echo ECS_AWSVPC_BLOCK_IMDS=true >> /etc/ecs/ecs.config",
        )
        return ec2.LaunchTemplate(
            self,
            "Template",
            instance_type=ec2.InstanceType(gpu.instance_type),
            # CloudFormation resolves the newest image with a GPU driver at each deployment.
            machine_image=ecs.EcsOptimizedImage.amazon_linux2023(ecs.AmiHardwareType.GPU),
            user_data=start,
            # CDK would add rights, some of them on all resources.
            role=role.without_policy_updates(),
            security_group=security_group,
            require_imdsv2=True,
            # One hop: containers cannot reach the instance metadata service.
            http_put_response_hop_limit=1,
            detailed_monitoring=True,
            block_devices=[
                ec2.BlockDevice(
                    device_name=_ROOT_DEVICE,
                    volume=ec2.BlockDeviceVolume.ebs(
                        gpu.disk_gib,
                        encrypted=True,
                        kms_key=key,
                        volume_type=ec2.EbsDeviceVolumeType.GP3,
                        delete_on_termination=True,
                    ),
                )
            ],
        )

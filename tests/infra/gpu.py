"""The table of a GPU target, as a person would write it, and a network that can have one."""

PUBLIC = "nat_gateways = 0\npublic_tasks = true"
"""How tasks of `dev` reach AWS, which tasks on EC2 machines cannot."""

BY_NAT = "nat_gateways = 1"


def private(environment: str) -> str:
    """Return the text of an environment whose tasks have no public addresses."""
    return environment.replace(PUBLIC, BY_NAT)


GPU = """
[gpu]
instance_type = "g4dn.xlarge"
max_tasks = 2
cpu = 4096
memory_mib = 14336
disk_gib = 100
image_tag = "gpu-0.1.0"
idle_minutes = 15
start_seconds = 600
visibility_timeout_seconds = 300
max_receive_count = 10
job_timeout_seconds = 9000
standby = false
"""

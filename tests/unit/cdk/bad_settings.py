"""Wrong environment files, each by what is changed in a right one, and what must be said of it."""

from typing import Any

PINNED: dict[str, Any] = {"account": "123456789012", "region": "us-east-1"}
CLOSED: dict[str, Any] = {"network.nat_gateways": 0, "network.interface_endpoints": True}
PREFIX_LISTS: dict[str, Any] = {
    "network.s3_prefix_list": "pl-0a1b2c3d",
    "network.dynamodb_prefix_list": "pl-4e5f6a7b",
}
EXISTING: dict[str, Any] = {
    **PINNED,
    "network.nat_gateways": 0,
    "network.vpc_id": "vpc-0a1b2c3d",
    "network.task_subnet_ids": ["subnet-0a1b2c3d", "subnet-4e5f6a7b"],
    "network.task_subnet_zones": ["us-east-1a", "us-east-1b"],
}

BY_THEMSELVES: list[tuple[str, Any, str]] = [
    ("account", "12345", "12 digits in quotes"),
    ("account", 123456789012, "12 digits in quotes"),
    ("region", "Europe", "an AWS region such as us-east-1"),
    ("region", "us-east", "an AWS region such as us-east-1"),
    ("retain_data", "yes", "true or false"),
    ("retain_data", 1, "true or false"),
    ("launch", "spot", "one of on_demand, pool"),
    ("container_insights", "on", "one of enabled, enhanced"),
    ("network.cidr", "10.20.0.0/8", "a private IPv4 network of /16 to /24"),
    ("network.cidr", "10.20.0.0/25", "a private IPv4 network of /16 to /24"),
    ("network.cidr", "10.20.0.1/16", "no host bits set"),
    ("network.cidr", "8.8.0.0/16", "within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16"),
    ("network.cidr", "fd00::/16", "a private IPv4 network"),
    ("network.cidr", 10, "a private IPv4 network"),
    ("network.zones", 1, "a whole number from 2 to 3"),
    ("network.zones", 4, "a whole number from 2 to 3"),
    ("network.zones", 2.0, "a whole number from 2 to 3"),
    ("network.nat_gateways", -1, "a whole number from 0 to 3"),
    ("network.nat_gateways", True, "a whole number from 0 to 3"),
    ("network.interface_endpoints", "false", "true or false"),
    ("storage.work_days", 0, "a whole number from 1 to 365"),
    ("storage.old_version_days", 0, "a whole number from 1 to 3650"),
    ("storage.access_log_days", "30", "a whole number from 1 to 3650"),
    ("storage.log_retention_days", 31, "what CloudWatch Logs accepts"),
    ("storage.log_retention_days", True, "what CloudWatch Logs accepts"),
    ("queue.visibility_timeout_seconds", 43201, "SQS allows 12 hours"),
    ("queue.max_receive_count", 4, "a whole number from 5 to 1000"),
    ("dispatcher.timeout_seconds", 14, "no message is started with less than 8 s"),
    ("dispatcher.timeout_seconds", 901, "Lambda allows 15 minutes"),
    ("dispatcher.memory_mib", 64, "a whole number from 128 to 10240"),
    ("dispatcher.max_concurrency", 1, "SQS event sources allow these"),
    ("dispatcher.claim_lease_seconds", 0, "a whole number from 10 to 43200"),
    ("dispatcher.log_level", "info", "one of DEBUG, INFO, WARNING, ERROR"),
    ("reaper.sweep_minutes", 0, "a whole number from 1 to 10"),
    ("reaper.sweep_minutes", 11, "the doctor calls a job stuck after half an hour"),
    ("reaper.timeout_seconds", 59, "a whole number from 60 to 900"),
    ("reaper.memory_mib", 64, "a whole number from 128 to 10240"),
    ("reaper.reserved_concurrency", 1, "a whole number from 2 to 100 (or left out"),
    ("reaper.max_attempts", 0, "a whole number from 1 to 10"),
    ("reaper.silence_seconds", 299, "a whole number from 300 to 1200"),
    ("reaper.log_level", "warn", "one of DEBUG, INFO, WARNING, ERROR"),
    ("processor.cpu", 4000, "one of 256, 512, 1024, 2048, 4096, 8192, 16384"),
    ("processor.cpu", 4096.0, "one of 256, 512, 1024, 2048, 4096, 8192, 16384"),
    ("processor.memory_mib", "8 GB", "a whole number from 512 to 122880"),
    ("processor.ephemeral_storage_gib", 20, "a whole number from 21 to 200"),
    ("processor.ephemeral_storage_gib", 201, "a whole number from 21 to 200"),
    ("processor.architecture", "arm64", "one of X86_64, ARM64"),
    ("processor.stop_timeout_seconds", 1, "a whole number from 2 to 120"),
    ("processor.stop_timeout_seconds", 121, "Fargate kills a container after 120 s"),
    ("processor.job_timeout_seconds", 59, "a whole number from 60 to 86400"),
    ("processor.image_tag", "-latest", "an image tag"),
    ("processor.image_tag", "a b", "an image tag"),
    ("processor.asr_model", "../base", "a model's name"),
    ("processor.quality", "superb", "one of fast, balanced, best"),
    ("processor.scene_model", "best", "one of adaptive, transnetv2"),
    ("media.max_seconds", 59, "a whole number from 60 to 86400"),
    ("media.max_gb", 201, "a whole number from 1 to 200"),
    ("media.max_megapixels", 35.4, "a whole number from 1 to 200"),
    ("media.decoder_memory_mib", 511, "a whole number from 512 to 65536"),
    ("media.audio_track", "0", "a number from 1 in quotes"),
    ("media.audio_track", "English", "a language's code such as eng"),
    ("media.audio_track", 2, "a number from 1 in quotes"),
    ("media.checkpoint_seconds", 31, "a kill loses up to twice as much"),
    ("processor.capacity_providers", [], "a list of 1 to 2"),
    ("processor.capacity_providers", ["FARGATE", "FARGATE"], "each once"),
    ("processor.capacity_providers", ["SPOT"], "one of FARGATE_SPOT, FARGATE"),
    ("pool.min_tasks", -1, "a whole number from 0 to 100"),
    ("pool.max_tasks", 0, "a whole number from 1 to 200"),
    ("pool.backlog_per_task", 0.5, "a whole number from 1 to 100"),
    ("pool.idle_minutes", 0, "a whole number from 1 to 180"),
    ("pool.start_seconds", 59, "a whole number from 60 to 900"),
    ("pool.on_demand_base", -1, "a whole number from 0 to 200"),
    ("pool.on_demand_weight", 1001, "a whole number from 0 to 1000"),
    ("pool.spot_weight", 1001, "a whole number from 0 to 1000"),
    ("pool.visibility_timeout_seconds", 119, "a worker sends a heartbeat every half minute"),
    ("pool.visibility_timeout_seconds", 43201, "SQS allows 12 hours"),
    ("pool.max_receive_count", 4, "a worker that stops returns its message"),
    ("pool.job_timeout_seconds", 9901, "CloudFormation gives up after 3 hours"),
    ("pool.standby", "no", "true or false"),
    ("alarms.emails", "a@example.com", "a list of 0 to 20, each once: an e-mail address"),
    ("alarms.emails", ["a@example"], "an e-mail address in quotes"),
    ("alarms.emails", ["a@example.com", "a@example.com"], "each once"),
    ("alarms.emails", [f"a{n}@example.com" for n in range(21)], "a list of 0 to 20"),
    ("alarms.oldest_message_seconds", 59, "a whole number from 60 to 86400"),
    ("alarms.put_backs_an_hour", 0, "a whole number from 1 to 10000"),
    ("processor.log_level", "TRACE", "one of DEBUG, INFO, WARNING, ERROR"),
    ("encryption.customer_key", "yes", "true or false"),
    ("uploads.allowed_origins", ["*"], "a web page's origin in quotes: https://"),
    ("uploads.allowed_origins", ["http://videos.example.com"], "http:// for localhost only"),
    ("uploads.allowed_origins", ["https://videos.example.com/"], "without a path"),
    ("backup.keep_days", 6, "a whole number from 7 to 3650"),
    ("network.bedrock_endpoint", 0, "true or false"),
    ("network.s3_prefix_list", "s3", "a prefix list's id such as pl-0a1b2c3d"),
    ("network.dynamodb_prefix_list", "pl-", "a prefix list's id such as pl-0a1b2c3d"),
    ("network.vpc_id", "default", "a VPC's id such as vpc-0a1b2c3d"),
    ("network.task_subnet_ids", ["subnet-0a1b2c3d"], "a list of 2 to 3, each once: a subnet"),
    ("network.task_subnet_ids", ["a", "b"], "a subnet's id such as subnet-0a1b2c3d"),
    ("network.task_subnet_zones", ["us-east-1", "us-east-2"], "name such as us-east-1a"),
    ("storage.upload_days", 0, "a whole number from 1 to 3650 (or left out)"),
    ("storage.result_days", "never", "a whole number from 1 to 3650 (or left out)"),
]
"""Setting, value, and words of what is allowed instead."""

TOGETHER: list[tuple[dict[str, Any], str]] = [
    (
        {"retain_data": True, "alarms.emails": []},
        r"alarms\.emails = \[\]; allowed is one address or more, or a table \[chat\]",
    ),
    (
        {"processor.memory_mib": 4096},
        r"processor\.memory_mib = 4096; .* with processor\.cpu = 4096 one of 8192, 9216",
    ),
    (
        {
            "processor.cpu": 256,
            "processor.memory_mib": 1536,
            "media.decoder_memory_mib": 1024,
        },
        r"processor\.memory_mib = 1536; .* processor\.cpu = 256 one of 512, 1024, 2048 ",
    ),
    (
        {"processor.cpu": 8192, "processor.memory_mib": 17408},
        r"processor\.memory_mib = 17408; .* one of 16384, 20480",
    ),
    (
        {"media.max_gb": 38},
        r"media\.max_gb = 38; allowed is at most 37 with processor\.ephemeral_storage_gib = 50",
    ),
    (
        {"media.decoder_memory_mib": 8193},
        r"decoder_memory_mib = 8193; allowed is at most processor\.memory_mib = 8192",
    ),
    (
        {"queue.visibility_timeout_seconds": 119},
        r"visibility_timeout_seconds = 119; allowed is at least 120, 6 x dispatcher\.timeout",
    ),
    (
        {"dispatcher.claim_lease_seconds": 20},
        r"claim_lease_seconds = 20; allowed is more than dispatcher\.timeout_seconds = 20",
    ),
    (
        {"dispatcher.claim_lease_seconds": 121},
        r"claim_lease_seconds = 121; .* at most queue\.visibility_timeout_seconds = 120",
    ),
    (
        {"reaper.timeout_seconds": 301},
        r"reaper\.timeout_seconds = 301; allowed is at most 300, reaper\.sweep_minutes = 5",
    ),
    (
        {"processor.job_timeout_seconds": 300, "pool.job_timeout_seconds": 300},
        r"silence_seconds = 300; .* less than processor\.job_timeout_seconds = 300",
    ),
    (
        {"alarms.oldest_message_seconds": 239},
        r"oldest_message_seconds = 239; allowed is at least 240, 2 x queue\.visibility",
    ),
    (
        {"network.nat_gateways": 3},
        r"network\.nat_gateways = 3; allowed is at most network\.zones = 2",
    ),
    (
        {"network.public_tasks": True},
        r"public_tasks = True; allowed is false while network\.nat_gateways > 0",
    ),
    (
        {
            "network.public_tasks": True,
            "network.nat_gateways": 0,
            "retain_data": True,
            "alarms.emails": ["a@example.com"],
        },
        r"network\.public_tasks = True; allowed is false while retain_data = true",
    ),
    (
        {
            "execute_command": True,
            "retain_data": True,
            "alarms.emails": ["a@example.com"],
        },
        r"execute_command = True; allowed is false while retain_data = true",
    ),
    (
        {"network.nat_gateways": 0},
        r"interface_endpoints = False; allowed is true while network\.nat_gateways = 0",
    ),
    (
        {"pool.min_tasks": 4},
        r"pool\.min_tasks = 4; allowed is at most pool\.max_tasks = 3",
    ),
    (
        {"pool.on_demand_base": 4},
        r"pool\.on_demand_base = 4; allowed is at most pool\.max_tasks = 3",
    ),
    (
        {"pool.on_demand_base": 1},
        r"pool\.on_demand_base = 1; allowed is 0 while pool\.on_demand_weight = 0",
    ),
    (
        {"pool.spot_weight": 0},
        r"pool\.spot_weight = 0; allowed is at least 1 while pool\.on_demand_weight = 0",
    ),
    (
        {"processor.job_timeout_seconds": 8999},
        r"pool\.job_timeout_seconds = 9000; .* at most processor\.job_timeout_seconds = 8999",
    ),
    ({"region": "us-east-1"}, r"region = 'us-east-1'; allowed is given together with account"),
    (
        {"network.bedrock_endpoint": True},
        r"bedrock_endpoint = True; .* false while network\.interface_endpoints = false",
    ),
    (
        {"network.s3_prefix_list": "pl-0a1b2c3d", **CLOSED, **PINNED},
        r"s3_prefix_list = 'pl-0a1b2c3d'; .* together with network\.dynamodb_prefix_list",
    ),
    (
        {**PREFIX_LISTS, **PINNED},
        r"s3_prefix_list = .* left out unless network\.nat_gateways = 0, now 1",
    ),
    (
        {**PREFIX_LISTS, **CLOSED},
        r"s3_prefix_list = .* and region is given, now None",
    ),
    (
        {**EXISTING, "network.task_subnet_ids": [f"subnet-0a1b2c3{n}" for n in range(3)]},
        r"vpc_id = 'vpc-0a1b2c3d'; .* as many .* as network\.zones = 2",
    ),
    (
        {"network.task_subnet_ids": ["subnet-0a1b2c3d", "subnet-4e5f6a7b"]},
        r"vpc_id = None; .* all three left out for a new VPC",
    ),
    (
        {**EXISTING, "network.nat_gateways": 1},
        r"vpc_id = 'vpc-0a1b2c3d'; .* network\.nat_gateways = 0 .*made in an existing VPC",
    ),
    (
        {**EXISTING, "region": "eu-west-1"},
        r"vpc_id = 'vpc-0a1b2c3d'; .* in the environment's region = 'eu-west-1'",
    ),
]
"""Settings with their values (None: left out), and a pattern of what is said."""

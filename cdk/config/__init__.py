"""One environment as typed, validated values; a wrong file is refused with every problem."""

from cdk.config.environment import EnvironmentConfig, load_environment, parse_environment
from cdk.config.folder import load_environments
from cdk.config.problems import ConfigError

__all__ = [
    "ConfigError",
    "EnvironmentConfig",
    "load_environment",
    "load_environments",
    "parse_environment",
]

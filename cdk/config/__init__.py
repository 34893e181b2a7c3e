"""One environment as typed, validated values; a bad file is refused whole, in plain words."""

from cdk.config.environment import EnvironmentConfig, load_environment, parse_environment
from cdk.config.folder import load_environments
from cdk.config.reader import ConfigError

__all__ = [
    "ConfigError",
    "EnvironmentConfig",
    "load_environment",
    "load_environments",
    "parse_environment",
]

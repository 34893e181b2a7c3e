"""Scale-in protection of an ECS task: on while a job runs, off otherwise.

>>> with protected():
...     print("this task is not scaled in, and no deployment ends it")
this task is not scaled in, and no deployment ends it
"""

from .errors import (
    ProtectionDeniedError,
    ProtectionError,
    ProtectionLostError,
    ProtectionSettingError,
    ProtectionUnavailableError,
)
from .facade import TaskProtection
from .guard import Guard, Protected
from .policy import Policy, gap_free, service
from .ports import ActionLog, ProtectionMetric, Reports
from .process import configure, default_guard, protected
from .session import ProcessingSession
from .status import Status

__all__ = [
    "ActionLog",
    "Guard",
    "Policy",
    "ProcessingSession",
    "Protected",
    "ProtectionDeniedError",
    "ProtectionError",
    "ProtectionLostError",
    "ProtectionMetric",
    "ProtectionSettingError",
    "ProtectionUnavailableError",
    "Reports",
    "Status",
    "TaskProtection",
    "configure",
    "default_guard",
    "gap_free",
    "protected",
    "service",
]

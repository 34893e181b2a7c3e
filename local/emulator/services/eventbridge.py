"""Gap (1.5.33, upstream): a rule's function runs once, and the event on which it fails is lost.

It is invoked like ministack's other asynchronous invocations: retried as the function's settings
say, then sent to its on-failure destination.
"""

import json
from typing import Any

from ministack.services import eventbridge, lambda_svc

from local.emulator.patching import patch


@patch(eventbridge, "_dispatch_to_lambda")
def invoke(_original: Any, arn: str, payload: str) -> None:
    """Invoke a function with an event (JSON), without waiting; raise `LookupError` without one."""
    function, config, _ = lambda_svc._get_func_record_for_ref(arn)
    if not function or not config:
        raise LookupError(f"a rule has the target {arn}, and there is no such function")
    record = lambda_svc._execution_record_for_config(function, config)
    lambda_svc.invoke_async_with_retry(record, json.loads(payload))

"""Interpreters that lead our processes to the proxy: the code they run is the deployed code.

A process of the local cloud starts with one of these small scripts in place of Python. It names the
proxy as the AWS to use, puts the process's own name and number into the SDK's user agent, and
becomes the real interpreter. Nothing of a build knows about it.
"""

import shlex
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

_SCRIPT = """\
#!/bin/sh
export AWS_ENDPOINT_URL={endpoint}
export AWS_SDK_UA_APP_ID="${{AWS_LAMBDA_FUNCTION_NAME:-{name}}}.$$"
{settings}{other}exec {python} "$@"
"""

_OTHER_VERSION = """\
sum=$(printf %s "$JOB_ID.${{JOB_ATTEMPT:-$$}}" | cksum | cut -d " " -f 1)
[ $((sum % 2)) -eq 0 ] && export PYTHONPATH={code}
"""


def interposed(
    folder: Path,
    *,
    python: Path,
    name: str,
    endpoint_url: str,
    settings: Mapping[str, str] = MappingProxyType({}),
    other_code: Path | None = None,
) -> Path:
    """Write a script called `python` into a folder and return it.

    `name` is used outside Lambda, where no variable has the function's name. `settings` override
    the environment of the process. With `other_code`, half of all attempts, or of all workers, run
    the code of that folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "python"
    script.write_text(
        _SCRIPT.format(
            settings="".join(
                f"export {setting}={shlex.quote(value)}\n" for setting, value in settings.items()
            ),
            other=""
            if other_code is None
            else _OTHER_VERSION.format(code=shlex.quote(str(other_code))),
            endpoint=shlex.quote(endpoint_url),
            name=name,
            python=shlex.quote(str(python)),
        )
    )
    script.chmod(0o755)
    return script

import json

import pytest

from runtime.core.log import JsonLog
from tests.fakes.clock import FakeClock


def test_should_write_one_json_object_a_line_with_bound_and_own_fields() -> None:
    lines: list[str] = []
    log = JsonLog(clock=FakeClock(now=0.25), write=lines.append, service="any")
    log.bind(job_id="any-job").info("any.action", key="uploads/ü.mp4", path=KeyError("any"))
    (line,) = lines
    assert line.endswith("}\n")
    assert "ü" in line
    assert json.loads(line) == {
        "time": "1970-01-01T00:00:00.250+00:00",
        "level": "INFO",
        "action": "any.action",
        "service": "any",
        "job_id": "any-job",
        "key": "uploads/ü.mp4",
        "path": "'any'",
    }


def test_should_write_nothing_below_its_level() -> None:
    lines: list[str] = []
    log = JsonLog(clock=FakeClock(), level="WARNING", write=lines.append)
    log.debug("any")
    log.info("any")
    log.warning("first")
    log.error("second")
    assert [json.loads(line)["action"] for line in lines] == ["first", "second"]


def test_should_refuse_an_unknown_level() -> None:
    with pytest.raises(ValueError, match="LOUD"):
        JsonLog(clock=FakeClock(), level="LOUD")

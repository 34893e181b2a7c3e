from pathlib import Path

from scripts.setup.pip_settings import merged, uv_command

UV, HOME = Path("/bin/uv"), Path("/home/of/it")


def test_should_prefer_the_environment_to_files() -> None:
    lines = [":env:.cert='/mine.pem'", "global.cert='/machine.pem'", "install.prefer-binary='1'"]
    assert merged(lines) == {"cert": "/mine.pem", "prefer-binary": "1"}


def test_should_leave_out_settings_of_other_commands() -> None:
    assert merged(["list.format='json'"]) == {}


def test_should_install_from_where_pip_would() -> None:
    settings = {
        "index-url": "https://example.org/simple",
        "extra-index-url": "file:///one file:///two",
        "find-links": "/wheels",
        "trusted-host": "example.org",
        "cert": "/mine.pem",
        "timeout": "180",
    }
    command = " ".join(uv_command(UV, HOME, settings))
    assert command.startswith("env SSL_CERT_FILE=/mine.pem /bin/uv pip install --python /home/of/")
    assert "--default-index https://example.org/simple" in command
    assert "--index file:///one --index file:///two" in command
    assert "--find-links /wheels" in command
    assert "--allow-insecure-host example.org" in command
    assert "180" not in command


def test_should_take_the_best_of_all_indexes_as_pip_does() -> None:
    command = uv_command(UV, HOME, {})
    assert command[0] == str(UV)
    assert command[command.index("--index-strategy") + 1] == "unsafe-best-match"
    assert "--index" not in command


def test_should_ask_no_index_where_pip_asks_none() -> None:
    assert "--no-index" in uv_command(UV, HOME, {"no-index": "true"})
    assert "--no-index" not in uv_command(UV, HOME, {"no-index": "false"})

"""`python -m cdk.config`: write the settings into docs/environments.md."""

from cdk.config.page import PAGE, written

PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

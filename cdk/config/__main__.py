"""`python -m cdk.config`: write the settings into docs/environments.md, and schemas for editors."""

import json
from pathlib import Path

from cdk.config.environment import EnvironmentConfig
from cdk.config.page import PAGE, written
from cdk.config.schema import editor_schema
from cdk.config.settings import Settings
from cdk.promotion.config import PromotionConfig

_ROOT = Path(__file__).resolve().parents[2]
SCHEMAS: dict[Path, type[Settings]] = {
    _ROOT / "environments" / "environment.schema.json": EnvironmentConfig,
    _ROOT / "promotion.schema.json": PromotionConfig,
}


def generated() -> dict[Path, str]:
    """Return the content of every file that is generated from the settings."""
    schemas = {
        path: json.dumps(editor_schema(kind), indent=2) + "\n" for path, kind in SCHEMAS.items()
    }
    return {PAGE: written(PAGE.read_text(encoding="utf-8")), **schemas}


if __name__ == "__main__":
    for path, content in generated().items():
        path.write_text(content, encoding="utf-8")

"""What `make setup` made, as the processor's own tests find it."""

from tests.unit.processor.conftest import models, sample

__all__ = ["models", "sample"]

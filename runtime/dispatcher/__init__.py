"""The Lambda that turns queue messages into running tasks."""

"""Supervision of a running job: progress, heartbeat, watchdog, telemetry and shutdown."""

"""Logs, metrics, alarms, dashboards, traces and budgets."""

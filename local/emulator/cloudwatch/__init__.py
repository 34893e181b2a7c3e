"""CloudWatch alarms, metric math and the metrics of services."""

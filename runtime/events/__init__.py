"""Lambda function: announces every change of a job's state on EventBridge and to the webhooks."""

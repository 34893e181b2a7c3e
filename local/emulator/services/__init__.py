"""Gaps of the other services: SQS, Lambda, EventBridge, S3, ECR, X-Ray and secrets."""

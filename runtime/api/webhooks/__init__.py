"""Webhooks by the Standard Webhooks specification: endpoints, deliveries, retries."""

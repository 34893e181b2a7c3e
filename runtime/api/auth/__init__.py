"""Verification of OIDC tokens and API keys."""

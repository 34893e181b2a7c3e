"""An OIDC issuer for the local cloud: signs real tokens, and signs its user in at once."""

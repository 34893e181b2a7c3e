"""VPC endpoints and their policies."""

"""ECS's own blue/green deployments: stages, traffic, hooks and the API of service deployments."""

"""The ECS agent's protection endpoint for tests: its answers, its faults, and a scale-in."""

"""Keeps ECS from scaling in a task that works, and from keeping one that does not."""

"""ECS: tasks, services, task protection and the task agent's endpoint."""

"""A pool of workers under a scheduler that wants to stop them, and the count of what that cost."""

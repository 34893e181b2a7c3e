"""The dispatcher Lambda: turns messages of the jobs queue into launched jobs."""

"""Judges the whole history of a run: records, tasks, results and counted successes."""

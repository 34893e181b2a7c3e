"""Checkpoints of a job: stage artifacts and increments of long stages."""

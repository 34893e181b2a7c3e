"""Uploaded media is decoded in a child process that may do little else."""

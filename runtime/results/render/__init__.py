"""The published files, each made of one `JobResult` by pure functions."""

"""Where data lies: buckets, queues, keys and backups."""

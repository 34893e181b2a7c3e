"""Protection in queues and frameworks; each module needs its framework, an extra."""

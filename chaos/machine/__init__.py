"""Faults of the machine under a process: clocks, disk and memory."""

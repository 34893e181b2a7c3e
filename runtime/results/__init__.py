"""A finished job's values and their rendering; standard library and runtime.core only."""

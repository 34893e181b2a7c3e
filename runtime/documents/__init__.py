"""Documents of a job's result in the formats of other programs."""

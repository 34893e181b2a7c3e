"""The machine that a processor runs on: resources, task metadata and work directory."""

"""The stages of the pipeline, one file each: typed inputs to typed outputs."""

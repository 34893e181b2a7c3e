"""The processor's container image: built, measured, pushed and run, with whatever tool is there."""

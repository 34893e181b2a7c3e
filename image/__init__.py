"""The processor's container image: built, measured, pushed and run, by any container tool."""

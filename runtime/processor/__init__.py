"""The container that turns one video into its results."""

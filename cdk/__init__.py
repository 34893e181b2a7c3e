"""The infrastructure: environments, stacks and the constructs they are made of."""

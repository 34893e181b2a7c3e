"""Makes the environments, weights and links that every other command needs."""

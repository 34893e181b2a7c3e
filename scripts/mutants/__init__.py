"""Mutation tests of the guards: each is removed in turn, and its tests have to fail."""

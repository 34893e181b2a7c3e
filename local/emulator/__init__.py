"""The embedded AWS: ministack, extended by one small module for each gap it has for Lifestream."""

"""Live progress: one poller for all watchers of this instance, each with a bounded buffer."""

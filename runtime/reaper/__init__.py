"""The Lambda that requeues, fails or stops jobs whose tasks died, hung or never started."""

"""Load balancers: real connections from a port of this machine to the tasks of a service."""

"""A worker of the pool: takes jobs from a queue one by one, protected while it has one."""

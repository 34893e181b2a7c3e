"""Scale-in protection of an ECS task: on while a job runs, off otherwise."""

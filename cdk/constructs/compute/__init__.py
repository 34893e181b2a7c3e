"""How work is run: task definitions, worker services, Lambda functions and their roles."""

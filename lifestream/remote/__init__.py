"""The API as a client: uploads that resume, and jobs by token or key."""

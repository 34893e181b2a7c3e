"""cdk-nag: the findings acknowledged in the templates, each with its reason."""

"""What an environment costs, from its templates and a dated table of prices."""

"""One browser and one server for all tests here: pytest ends them with this package."""

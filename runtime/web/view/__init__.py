"""What pages show: pure functions from the API's JSON to words, numbers and addresses."""

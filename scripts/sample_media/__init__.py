"""Makes the sample videos, each with its known words, speakers and cuts."""

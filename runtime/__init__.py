"""Everything that runs in AWS: dispatcher and processor, and the code they share."""

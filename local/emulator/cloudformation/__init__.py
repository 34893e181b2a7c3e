"""CloudFormation resource types that the emulator lacks or treats differently from AWS."""

"""CloudFormation: resource types that ministack lacks or treats differently from AWS."""

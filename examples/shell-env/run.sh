set -eu
CREDENTIALS=$(sojourn credentials "$AWS_CONNECTION" --format env)
eval "$CREDENTIALS"
# Older versions of the AWS CLI read AWS_DEFAULT_REGION.
export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
aws sts get-caller-identity --query Arn --output text ${SANDBOX:+--endpoint-url "$SANDBOX/aws"}

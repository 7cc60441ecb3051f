set -eu
CREDENTIALS=$(sojourn credentials "$AWS_CONNECTION" --format env)
eval "$CREDENTIALS"
# The second is what the older AWS CLI reads.
export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
aws sts get-caller-identity --query Arn --output text ${SANDBOX:+--endpoint-url "$SANDBOX/aws"}

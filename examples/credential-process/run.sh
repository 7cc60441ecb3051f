set -eu
# The AWS CLI runs `sojourn` itself, so it must be in PATH; a shell function is not enough.
sojourn config "$AWS_CONNECTION" --tool aws --profile acme --output aws-config --force
export AWS_CONFIG_FILE=aws-config AWS_PROFILE=acme AWS_REGION=us-east-1
aws sts get-caller-identity --query Arn --output text ${SANDBOX:+--endpoint-url "$SANDBOX/aws"}

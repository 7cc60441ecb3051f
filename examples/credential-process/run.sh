set -eu
# `sojourn` must be a program that the AWS CLI finds: a name in PATH, not a function of this shell.
sojourn config "$AWS_CONNECTION" --tool aws --profile acme --output aws-config --force
export AWS_CONFIG_FILE=aws-config AWS_PROFILE=acme AWS_REGION=us-east-1
aws sts get-caller-identity --query Arn --output text ${SANDBOX:+--endpoint-url "$SANDBOX/aws"}

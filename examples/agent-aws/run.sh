set -eu
umask 077
printf %s "$SOJOURN_CLIENT_SECRET" > client-secret
address="${SOJOURN_AGENT_LISTEN:-127.0.0.1:9180}"
cat > agent.yaml <<END
issuer: $SOJOURN_ISSUER
sign_in: { client_id: $SOJOURN_CLIENT_ID, client_secret_file: client-secret }
listen: $address
directory: agent-files
connections:
  - id: $AWS_CONNECTION
    aws: { container_endpoint: true }
END
sojourn agent --config agent.yaml > agent.log 2>&1 &
agent=$!
trap 'kill $agent; wait $agent' EXIT
until sojourn agent status --config agent.yaml > status 2>&1; do sleep 0.2; done

export AWS_CONTAINER_CREDENTIALS_FULL_URI="http://$address/v1/credentials/$AWS_CONNECTION"
export AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=agent-files/authorization AWS_REGION=us-east-1
if [ -n "${SANDBOX:-}" ]; then export AWS_ENDPOINT_URL_STS="$SANDBOX/aws"; fi
node main.ts

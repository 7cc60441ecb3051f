set -eu
umask 077
printf %s "$SOJOURN_CLIENT_SECRET" > client-secret
cat > agent.yaml <<END
issuer: $SOJOURN_ISSUER
sign_in: { client_id: $SOJOURN_CLIENT_ID, client_secret_file: client-secret }
listen: ${SOJOURN_AGENT_LISTEN:-127.0.0.1:9180}
directory: agent-files
connections:
  - id: $AWS_CONNECTION
    aws: { container_endpoint: true }
  - id: $AZURE_CONNECTION
    azure: { cache_credentials: true }
  - id: $GCP_CONNECTION
    gcp: { cache_credentials: true }
END
sojourn agent --config agent.yaml > agent.log 2>&1 &
agent=$!
trap 'kill $agent; wait $agent' EXIT
until sojourn agent status --config agent.yaml > status 2>&1; do sleep 0.2; done

unset SOJOURN_ISSUER SOJOURN_CLIENT_ID SOJOURN_CLIENT_SECRET
export SOJOURN_AGENT_DIRECTORY=agent-files
for connection in "$AWS_CONNECTION" "$AZURE_CONNECTION" "$GCP_CONNECTION"; do
  sojourn credentials "$connection" | jq -r '"\(.cloud) until \(.expires_at)"'
done

set -eu
umask 077
export GOOGLE_CLOUD_PROJECT="${GOOGLE_CLOUD_PROJECT:-acme-prod}"
printf %s "$SOJOURN_CLIENT_SECRET" > client-secret
cat > agent.yaml <<END
issuer: $SOJOURN_ISSUER
sign_in: { client_id: $SOJOURN_CLIENT_ID, client_secret_file: client-secret }
listen: ${SOJOURN_AGENT_LISTEN:-127.0.0.1:9180}
directory: agent-files
connections:
  - id: $GCP_CONNECTION
    gcp:
      token_file: acme
      credentials_file: acme.json
      service_account: ${GCP_SERVICE_ACCOUNT:-deployer@$GOOGLE_CLOUD_PROJECT.iam.gserviceaccount.com}
${SANDBOX:+      sts_endpoint: $SANDBOX/gcp
      iam_credentials_endpoint: $SANDBOX/gcp}
END
sojourn agent --config agent.yaml > agent.log 2>&1 &
agent=$!
trap 'kill $agent; wait $agent' EXIT
until sojourn agent status --config agent.yaml > status 2>&1; do sleep 0.2; done

export GOOGLE_APPLICATION_CREDENTIALS=agent-files/acme.json
node main.ts

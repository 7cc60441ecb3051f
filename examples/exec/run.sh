set -eu
sojourn exec "$AWS_CONNECTION" "$AZURE_CONNECTION" "$GCP_CONNECTION" -- node main.ts

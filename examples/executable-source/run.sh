set -eu
sojourn config "$GCP_CONNECTION" --tool google --output acme.json --force
if [ -n "${SANDBOX:-}" ]; then
  # The file has Google's endpoints; the sandbox has another address.
  jq --arg gcp "$SANDBOX/gcp" '.token_url = $gcp + "/v1/token"
    | .service_account_impersonation_url |= sub("https://[^/]*"; $gcp)' acme.json > sandbox.json
  mv sandbox.json acme.json
fi
export GOOGLE_APPLICATION_CREDENTIALS=acme.json GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES=1
export GOOGLE_CLOUD_PROJECT="${GOOGLE_CLOUD_PROJECT:-acme-prod}"
node main.ts

set -eu
# Without access to a registry, TF_PLUGINS names the folder with the providers.
sojourn exec "$AWS_CONNECTION" -- sh -euc '
  terraform init -input=false -no-color ${TF_PLUGINS:+-plugin-dir="$TF_PLUGINS"} > init.log
  terraform apply -input=false -no-color -auto-approve -var sts="${SANDBOX:+$SANDBOX/aws}"'

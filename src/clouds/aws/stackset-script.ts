/** The script that creates or updates the stack sets. It can be run repeatedly, and after an account was added. */
import { option, shellCommand, shellWord } from '../encode/index.ts';
import { stackName } from './names.ts';
import type { StackSet } from './stackset.ts';

export const templateName = ({ suffix }: StackSet): string => `stackset${suffix && `-${suffix}`}.json`;

/**
 * IAM is global, so each account gets its stack in one region. Accounts are independent, so the failure of one does not stop
 * the others.
 */
export function stackSetScript(sets: readonly StackSet[], connection: string, region: string): string {
  const calls = sets.map((set) => {
    const name = `${stackName(connection)}${set.suffix && `-${set.suffix}`}`;
    return shellCommand(['deploy', name, templateName(set), ...set.accounts]);
  });
  const everyAccount = option(
    'operation-preferences',
    'FailureTolerancePercentage=100,MaxConcurrentPercentage=100',
  );
  return `#!/bin/sh
# Creates or updates the stack sets and their stacks: sh stackset.sh ORGANIZATIONAL_UNIT
# Needs the AWS CLI, signed in to the management account of the organization, and the templates in the same directory. As a
# delegated administrator: CALL_AS=DELEGATED_ADMIN sh stackset.sh ORGANIZATIONAL_UNIT
# Once in an organization: aws cloudformation activate-organizations-access
set -eu
export AWS_PAGER=
unit=\${1:?"the id of the organizational unit, or of the root, that contains the accounts"}
folder=$(dirname -- "$0")
failed=

sets() {
  aws cloudformation "$@" --call-as="\${CALL_AS:-SELF}" ${shellWord(option('region', region))} --output=text
}

# NAME OPERATION
finish() {
  while :; do
    status=$(sets describe-stack-set-operation --stack-set-name="$1" --operation-id="$2" --query=StackSetOperation.Status)
    case "$status" in
      RUNNING|QUEUED|STOPPING) sleep 5 ;;
      *) return ;;
    esac
  done
}

# NAME QUERY
accounts() {
  printf ' %s ' "$(sets list-stack-instances --stack-set-name="$1" --query="$2" | tr '\\n\\t' '  ')"
}

# NAME TEMPLATE ACCOUNT...
deploy() {
  name=$1
  template="file://$folder/$2"
  shift 2
  if sets describe-stack-set --stack-set-name="$name" --query=StackSet.Status >/dev/null 2>&1; then
    printf 'Update the stack set %s\\n' "$name"
    operation=$(sets update-stack-set --stack-set-name="$name" --template-body="$template" \\
      --capabilities=CAPABILITY_NAMED_IAM ${everyAccount} --query=OperationId)
    finish "$name" "$operation"
  else
    printf 'Create the stack set %s\\n' "$name"
    sets create-stack-set --stack-set-name="$name" --template-body="$template" --capabilities=CAPABILITY_NAMED_IAM \\
      --permission-model=SERVICE_MANAGED --auto-deployment=Enabled=false >/dev/null
  fi
  present=$(accounts "$name" 'Summaries[].Account')
  missing=
  for account; do
    case "$present" in
      *" $account "*) ;;
      *) missing=$missing\${missing:+,}$account ;;
    esac
  done
  if [ -n "$missing" ]; then
    printf 'Create stacks in %s\\n' "$missing"
    operation=$(sets create-stack-instances --stack-set-name="$name" ${shellWord(option('regions', region))} \\
      --deployment-targets="OrganizationalUnitIds=$unit,AccountFilterType=INTERSECTION,Accounts=$missing" \\
      ${everyAccount} --query=OperationId)
    finish "$name" "$operation"
  fi
  sets list-stack-instances --stack-set-name="$name" \\
    --query="Summaries[?StackInstanceStatus.DetailedStatus!='SUCCEEDED'].[Account,StatusReason]" >&2
  present=$(accounts "$name" "Summaries[?StackInstanceStatus.DetailedStatus=='SUCCEEDED'].Account")
  for account; do
    case "$present" in
      *" $account "*) ;;
      *) failed="$failed $account" ;;
    esac
  done
}

${calls.join('\n')}

if [ -n "$failed" ]; then
  printf 'Not set up:%s\\n' "$failed" >&2
  printf '%s\\n' 'A stack set leaves out the management account and accounts outside of the unit: use setup.sh of their connections.' \\
    'If an account has the OIDC provider already (EntityAlreadyExists), ask for files with --account-with-provider.' >&2
  exit 1
fi
`;
}

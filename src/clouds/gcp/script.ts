/** The requests as a script that uses gcloud. It can be run repeatedly: it keeps or updates existing resources. */
import { SojournError } from '../../platform/errors/index.ts';
import { reportScript, shellCommand, shellWord } from '../encode/index.ts';
import type { AddBinding, CreatePool, CreateProvider, GrantRole, SetupRequest } from './requests.ts';

const pools = ['gcloud', 'iam', 'workload-identity-pools'];

/**
 * @param members the principals that may be granted roles directly
 * @param report the report that is sent to `callback` at the end
 */
export function gcloudScript(
  requests: readonly SetupRequest[],
  members: readonly string[],
  report?: { readonly callback: string; readonly body: object },
): string {
  const parts = [
    [
      '#!/bin/sh',
      '# Needs gcloud, signed in with permission to administer IAM in the project, and the APIs iam, sts and iamcredentials.',
      'set -eu',
    ].join('\n'),
    ...requests.map((request) => `${print(request.title)}\n${step(request)}`),
    ...members.map((member) => print(`Done. To grant roles to the principal directly, use: ${member}`)),
    ...(report
      ? [
          [
            `BODY=${shellWord(JSON.stringify(report.body))}`,
            `REPORT_TO=${shellWord(report.callback)}`,
            reportScript,
          ].join('\n'),
        ]
      : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

const print = (text: string): string => shellCommand(['printf', '%s\\n', text]);

function step(request: SetupRequest): string {
  switch (request.kind) {
    case 'create_pool':
      return pool(request);
    case 'create_provider':
      return provider(request);
    case 'add_binding':
      return binding(request);
    case 'grant_role':
      return grant(request);
  }
}

/** Google keeps a deleted pool or provider for 30 days; its name cannot be used until then, but it can be restored. */
function pool({ resource, body }: CreatePool): string {
  const texts = [`--display-name=${body.displayName}`, `--description=${body.description}`];
  const describe = [...pools, 'describe', resource, '--format=value[separator=" "](state,disabled)'];
  return [
    `found=$(${shellCommand(describe)} 2>/dev/null || true)`,
    'case "$found" in',
    "  '')",
    shellCommand([...pools, 'create', resource, ...texts], '    '),
    '    ;;',
    '  DELETED*)',
    `    ${print('It was deleted. Restore it, with the providers that it had')}`,
    shellCommand([...pools, 'undelete', resource, '--format=none'], '    '),
    '    ;;',
    'esac',
    'case "$found" in *True)',
    ...stop(
      '  ',
      `The pool ${resource} is disabled. To enable it, and every provider in it:`,
      shellCommand([...pools, 'update', resource, '--no-disabled'], '  '),
    ),
    '  ;;',
    'esac',
  ].join('\n');
}

/** What a customer disabled, a set-up does not enable. */
const stop = (indent: string, ...texts: readonly string[]): string[] => [
  ...texts.map((text) => `${indent}${print(text)} >&2`),
  `${indent}exit 1`,
];

/** A provider of that name for another issuer, or with another condition, is left unchanged. */
function provider({ resource, body }: CreateProvider): string {
  const settings = [
    `--display-name=${body.displayName}`,
    `--description=${body.description}`,
    `--issuer-uri=${body.oidc.issuerUri}`,
    `--allowed-audiences=${list(body.oidc.allowedAudiences)}`,
    `--attribute-mapping=${list(Object.entries(body.attributeMapping).map(([to, from]) => `${to}=${from}`))}`,
    `--attribute-condition=${body.attributeCondition}`,
  ];
  const { issuerUri: issuer, jwksJson } = body.oidc;
  // gcloud reads the keys only from a file.
  const upload = jwksJson === undefined ? '' : ` \\\n      --jwk-json-path="$jwks"`;
  const describe = [
    ...pools,
    'providers',
    'describe',
    resource,
    '--format=value[separator=" "](state,disabled,oidc.issuerUri,attributeCondition)',
  ];
  return [
    ...(jwksJson === undefined
      ? []
      : [
          'jwks=$(mktemp)',
          `trap 'rm -f "$jwks"' EXIT`,
          `${shellCommand(['printf', '%s\\n', jwksJson])} > "$jwks"`,
        ]),
    `found=$(${shellCommand(describe)} 2>/dev/null || true)`,
    'state=${found%% *}',
    'found=${found#* }',
    'disabled=${found%% *}',
    'trusted=${found#* }',
    'case "$trusted" in',
    "  '')",
    shellCommand([...pools, 'providers', 'create-oidc', resource, ...settings], '    ') + upload,
    '    ;;',
    `  ${shellWord(`${issuer} `)}|${shellWord(`${issuer} ${body.attributeCondition}`)})`,
    '    if [ "$state" = DELETED ]; then',
    `      ${print('It was deleted. Restore it')}`,
    shellCommand([...pools, 'providers', 'undelete', resource, '--format=none'], '      '),
    '    fi',
    '    if [ "$disabled" = True ]; then',
    ...stop(
      '      ',
      `The provider ${resource} is disabled. To enable it:`,
      shellCommand([...pools, 'providers', 'update-oidc', resource, '--no-disabled'], '  '),
    ),
    '    fi',
    shellCommand([...pools, 'providers', 'update-oidc', resource, ...settings], '    ') + upload,
    '    ;;',
    `  ${shellWord(`${issuer} `)}*)`,
    `    ${print(`The provider ${resource} exists with another condition. It was not changed. Use a different provider_id for the connection or, if nothing else needs this provider, first set its condition to ${body.attributeCondition}.`)} >&2`,
    '    exit 1',
    '    ;;',
    '  *)',
    `    ${print(`The provider ${resource} exists for another issuer. Nothing was changed.`)} >&2`,
    '    exit 1',
    '    ;;',
    'esac',
  ].join('\n');
}

/** `--condition=None` prevents a prompt of gcloud if the policy has conditions on other bindings. */
function binding({ resource, binding }: AddBinding): string {
  const [member] = binding.members;
  return shellCommand([
    'gcloud',
    'iam',
    'service-accounts',
    'add-iam-policy-binding',
    resource,
    `--role=${binding.role}`,
    `--member=${member}`,
    '--condition=None',
    '--format=none',
  ]);
}

function grant({ resource, binding }: GrantRole): string {
  const [member] = binding.members;
  const project = resource.slice('projects/'.length);
  return shellCommand([
    ...['gcloud', 'projects', 'add-iam-policy-binding', project],
    ...[`--role=${binding.role}`, `--member=${member}`, '--condition=None', '--format=none'],
  ]);
}

/** `^;^a;b` sets another separator if an item contains a comma (`gcloud topic escaping`). */
function list(items: readonly string[]): string {
  const separator = [',', ';', '|', '~', '#', '!'].find((mark) => !items.some((item) => item.includes(mark)));
  if (!separator) throw new SojournError('internal', { cause: 'no separator for a gcloud list' });
  const joined = items.join(separator);
  return separator === ',' && !joined.startsWith('^') ? joined : `^${separator}^${joined}`;
}

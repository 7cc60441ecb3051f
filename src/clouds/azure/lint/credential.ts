/** Lints one federated credential: Entra compares issuer, subject and audience exactly. */
import { compare } from '../../compare.ts';
import type { SetupFacts } from '../../contract/index.ts';
import {
  describeValue,
  type Finding,
  isJsonObject,
  type JsonObject,
  type Severity,
  stringsIn,
  unreadMembers,
} from '../../lint.ts';
import { credentialName } from '../plan.ts';

/** Resource Manager nests the fields below `properties`; the az command and Graph do not. */
export const fieldsOf = (credential: JsonObject): JsonObject =>
  isJsonObject(credential.properties) ? credential.properties : credential;

const outer = [
  ...['id', 'name', 'description', 'properties', 'type', 'resourceGroup', 'systemData'],
  ...['@odata.id', '@odata.context'],
];
const trusted = [
  'issuer',
  'subject',
  'audiences',
  'claimsMatchingExpression',
  'description',
  'trustedIssuer',
];
const nameForm = /^[A-Za-z0-9][A-Za-z0-9_-]{2,119}$/;

export function correctedCredential(
  { issuer, subject, audience, connection }: SetupFacts,
  credential: JsonObject,
): JsonObject {
  const fields = { issuer, subject, audiences: [audience] };
  const isNamed = typeof credential.name === 'string' && nameForm.test(credential.name);
  const name = isNamed ? credential.name : credentialName(connection.id);
  return isJsonObject(credential.properties) ? { name, properties: fields } : { name, ...fields };
}

export function credentialFindings(facts: SetupFacts, credential: JsonObject, path: string): Finding[] {
  const findings: Finding[] = [];
  const add = (
    rule: string,
    subpath: string,
    detail: string,
    advice: string,
    severity: Severity = 'blocks_access',
  ) => findings.push({ rule, severity, path: `${path}${subpath}`, detail, advice });
  const fields = fieldsOf(credential);
  const { issuer, subject, audiences, claimsMatchingExpression } = fields;
  if (claimsMatchingExpression !== undefined && claimsMatchingExpression !== null)
    add(
      'expression',
      'claimsMatchingExpression',
      'Entra supports expressions only for a few known issuers.',
      'Write an exact subject.',
    );
  for (const [name, expected, actual] of [
    ['issuer', facts.issuer, issuer],
    ['subject', facts.subject, subject],
  ] as const) {
    const mismatch = compare(expected, typeof actual === 'string' ? actual : '');
    if (!mismatch) continue;
    const hasWildcard = name === 'subject' && typeof actual === 'string' && actual.includes('*');
    add(
      hasWildcard ? 'wildcard' : `${name}_${mismatch.name}`,
      name,
      `${describeValue(actual)} is not ${expected}: ${hasWildcard ? 'Entra does not expand an asterisk, so no token matches' : mismatch.text}.`,
      `Write ${expected}.`,
    );
  }
  const audienceList = stringsIn(audiences);
  if (audienceList.length !== 1 || !Array.isArray(audiences) || audiences.length !== 1)
    add(
      'audiences',
      'audiences',
      'A federated credential must have exactly one audience.',
      `Write ["${facts.audience}"].`,
    );
  else if (audienceList[0] !== facts.audience)
    add(
      'audience',
      'audiences',
      `${describeValue(audienceList[0])} is not ${facts.audience}. The audience depends on the environment.`,
      `Write ["${facts.audience}"].`,
    );
  const isNested = fields !== credential;
  return [
    ...findings,
    ...unreadMembers(credential, isNested ? outer : [...outer, ...trusted], kind, path),
    ...(isNested ? unreadMembers(fields, trusted, kind, `${path}properties.`) : []),
  ];
}

const kind = 'a federated credential';

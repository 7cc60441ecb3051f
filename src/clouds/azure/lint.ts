/** Lints a pasted federated credential of Entra, or the list of an identity, for one connection. */
import { invalidRequest } from '../../platform/errors/index.ts';
import { compare } from '../compare.ts';
import type { SetupFacts } from '../contract/index.ts';
import {
  describeValue,
  type Finding,
  gradeFindings,
  isJsonObject,
  type JsonObject,
  type LintResult,
  type Severity,
  stringsIn,
} from '../lint.ts';
import { credentialName } from './plan.ts';

/** Entra's limit for one application or identity. */
const maxCredentials = 20;

/** @throws {SojournError} `invalid_request` for any other document. */
export function lint(facts: SetupFacts, document: unknown): LintResult {
  const list = isJsonObject(document) && Array.isArray(document.value) ? document.value : document;
  if (Array.isArray(list)) return lintList(facts, list.filter(isJsonObject));
  if (isJsonObject(document) && ('subject' in fieldsOf(document) || 'issuer' in fieldsOf(document)))
    return gradeFindings(
      'azure-federated-credential',
      credentialFindings(facts, document, ''),
      correctedCredential(facts, document),
    );
  throw invalidRequest([
    {
      path: 'document',
      message: 'must be a federated credential (issuer, subject, audiences) or a list of them',
    },
  ]);
}

/** Resource Manager nests the fields below `properties`; the az command and Graph do not. */
const fieldsOf = (credential: JsonObject): JsonObject =>
  isJsonObject(credential.properties) ? credential.properties : credential;

function correctedCredential(
  { issuer, subject, audience, connection }: SetupFacts,
  credential: JsonObject,
): JsonObject {
  const fields = { issuer, subject, audiences: [audience] };
  const name = typeof credential.name === 'string' ? credential.name : credentialName(connection.id);
  return isJsonObject(credential.properties) ? { name, properties: fields } : { name, ...fields };
}

function credentialFindings(facts: SetupFacts, credential: JsonObject, path: string): Finding[] {
  const findings: Finding[] = [];
  const add = (
    rule: string,
    subpath: string,
    detail: string,
    advice: string,
    severity: Severity = 'blocks_access',
  ) => findings.push({ rule, severity, path: `${path}${subpath}`, detail, advice });
  const { issuer, subject, audiences, claimsMatchingExpression } = fieldsOf(credential);
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
  if (audienceList.length !== 1 || !Array.isArray(audiences))
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
  return findings;
}

function lintList(facts: SetupFacts, list: readonly JsonObject[]): LintResult {
  const entries = list.map((credential, index) => ({ credential, index, fields: fieldsOf(credential) }));
  const matching = entries.filter(
    ({ fields }) => fields.issuer === facts.issuer && fields.subject === facts.subject,
  );
  // The most similar one, so that the findings name what differs and not only that none matches.
  const nearest = matching[0] ?? entries.find(({ fields }) => isSimilar(facts, fields));
  const findings: Finding[] = nearest
    ? credentialFindings(facts, nearest.credential, `[${nearest.index}].`)
    : [];
  const add = (rule: string, severity: Severity, path: string, detail: string, advice: string) =>
    findings.push({ rule, severity, path, detail, advice });
  if (!nearest)
    add(
      'missing',
      'blocks_access',
      '',
      'The list has no credential for this connection.',
      'Add the one of the corrected document.',
    );
  if (matching.length > 1)
    add(
      'duplicate_credential',
      'blocks_access',
      `[${matching[1]?.index}]`,
      'Two credentials have this issuer and subject: Entra answers AADSTS700263.',
      'Delete one of them.',
    );
  if (list.length >= maxCredentials && !nearest)
    add(
      'limit',
      'blocks_access',
      '',
      `There are ${list.length} credentials, and Entra allows ${maxCredentials}.`,
      'Delete one that is not needed, or create another identity.',
    );
  for (const { fields, index } of entries)
    if (fields.issuer === facts.issuer && fields.subject !== facts.subject && index !== nearest?.index)
      add(
        'other_subjects',
        'weak',
        `[${index}]`,
        `${describeValue(fields.subject)} of this issuer is admitted as well.`,
        'Delete it, unless both should use this identity.',
      );
  const others = entries.filter(
    ({ index }) => index !== nearest?.index && !matching.some((entry) => entry.index === index),
  );
  return gradeFindings('azure-federated-credentials', findings, [
    ...others.map(({ credential }) => credential),
    correctedCredential(facts, nearest?.credential ?? {}),
  ]);
}

const isSimilar = (facts: SetupFacts, { issuer, subject }: JsonObject): boolean =>
  String(subject).toLowerCase() === facts.subject ||
  String(issuer).toLowerCase().replace(/\/+$/, '') === facts.issuer;

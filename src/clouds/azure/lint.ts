/** A federated credential of Entra, or the list of an identity, that a customer pasted, judged for one connection. */
import { invalidRequest } from '../../platform/errors/index.ts';
import type { SetupFacts } from '../contract.ts';
import { difference } from '../difference.ts';
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

/** Entra takes no more for one application or identity. */
const credentialsAtMost = 20;

/** Throws `invalid_request` for what is neither. */
export function lint(facts: SetupFacts, document: unknown): LintResult {
  const list = isJsonObject(document) && Array.isArray(document.value) ? document.value : document;
  if (Array.isArray(list)) return listLint(facts, list.filter(isJsonObject));
  if (isJsonObject(document) && ('subject' in fieldsOf(document) || 'issuer' in fieldsOf(document)))
    return gradeFindings(
      'azure-federated-credential',
      credentialFindings(facts, document, ''),
      sound(facts, document),
    );
  throw invalidRequest([
    {
      path: 'document',
      message: 'is no federated credential (issuer, subject, audiences) and no list of them',
    },
  ]);
}

/** As Resource Manager has it, below `properties`, or flat as the az command and Graph do. */
const fieldsOf = (credential: JsonObject): JsonObject =>
  isJsonObject(credential.properties) ? credential.properties : credential;

function sound({ issuer, subject, audience, connection }: SetupFacts, credential: JsonObject): JsonObject {
  const fields = { issuer, subject, audiences: [audience] };
  const name = typeof credential.name === 'string' ? credential.name : credentialName(connection.id);
  return isJsonObject(credential.properties) ? { name, properties: fields } : { name, ...fields };
}

function credentialFindings(facts: SetupFacts, credential: JsonObject, where: string): Finding[] {
  const findings: Finding[] = [];
  const add = (rule: string, at: string, detail: string, advice: string, severity: Severity = 'closed') =>
    findings.push({ rule, severity, where: `${where}${at}`, detail, advice });
  const { issuer, subject, audiences, claimsMatchingExpression } = fieldsOf(credential);
  if (claimsMatchingExpression !== undefined && claimsMatchingExpression !== null)
    add(
      'expression',
      'claimsMatchingExpression',
      'Entra has expressions for a few known issuers only.',
      'Write an exact subject.',
    );
  for (const [name, wanted, found] of [
    ['issuer', facts.issuer, issuer],
    ['subject', facts.subject, subject],
  ] as const) {
    const differs = difference(wanted, typeof found === 'string' ? found : '');
    if (!differs) continue;
    const wild = name === 'subject' && typeof found === 'string' && found.includes('*');
    add(
      wild ? 'wildcard' : `${name}_${differs.name}`,
      name,
      `${describeValue(found)} is not ${wanted}: ${wild ? 'Entra takes an asterisk to the letter, so that nobody fits' : differs.words}.`,
      `Write ${wanted}.`,
    );
  }
  const given = stringsIn(audiences);
  if (given.length !== 1 || !Array.isArray(audiences))
    add(
      'audiences',
      'audiences',
      'A federated credential must have exactly one audience.',
      `Write ["${facts.audience}"].`,
    );
  else if (given[0] !== facts.audience)
    add(
      'audience',
      'audiences',
      `${describeValue(given[0])} is not ${facts.audience}; it differs by environment.`,
      `Write ["${facts.audience}"].`,
    );
  return findings;
}

function listLint(facts: SetupFacts, list: readonly JsonObject[]): LintResult {
  const of = list.map((one, index) => ({ one, index, fields: fieldsOf(one) }));
  const own = of.filter(({ fields }) => fields.issuer === facts.issuer && fields.subject === facts.subject);
  // The nearest one, so that the fault is told and not only that none fits.
  const nearest = own[0] ?? of.find(({ fields }) => isNear(facts, fields));
  const found: Finding[] = nearest ? credentialFindings(facts, nearest.one, `[${nearest.index}].`) : [];
  const add = (rule: string, severity: Severity, where: string, detail: string, advice: string) =>
    found.push({ rule, severity, where, detail, advice });
  if (!nearest)
    add(
      'missing',
      'closed',
      '',
      'No credential of the list is for this connection.',
      'Add that of the corrected document.',
    );
  if (own.length > 1)
    add(
      'twice',
      'closed',
      `[${own[1]?.index}]`,
      'Two credentials have this issuer and subject: Entra answers AADSTS700263.',
      'Delete one of them.',
    );
  if (list.length >= credentialsAtMost && !nearest)
    add(
      'limit',
      'closed',
      '',
      `There are ${list.length} credentials, and Entra takes ${credentialsAtMost}.`,
      'Delete one that is not needed, or make another identity.',
    );
  for (const { fields, index } of of)
    if (fields.issuer === facts.issuer && fields.subject !== facts.subject && index !== nearest?.index)
      add(
        'other_subjects',
        'weak',
        `[${index}]`,
        `${describeValue(fields.subject)} of this issuer is let in as well.`,
        'Delete it, unless this identity is meant for both.',
      );
  const others = of.filter(
    ({ index }) => index !== nearest?.index && !own.some((one) => one.index === index),
  );
  return gradeFindings('azure-federated-credentials', found, [
    ...others.map(({ one }) => one),
    sound(facts, nearest?.one ?? {}),
  ]);
}

const isNear = (facts: SetupFacts, { issuer, subject }: JsonObject): boolean =>
  String(subject).toLowerCase() === facts.subject ||
  String(issuer).toLowerCase().replace(/\/+$/, '') === facts.issuer;

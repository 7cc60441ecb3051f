/**
 * Lint of federated credentials of Entra. Owns: who gets in by a credential or by all credentials of an identity, the findings
 * and the corrections. Does not own: the set-up files.
 */
import { invalidRequest } from '../../../platform/errors/index.ts';
import type { SetupFacts } from '../../contract/index.ts';
import {
  describeValue,
  type Finding,
  gradeFindings,
  isJsonObject,
  type JsonObject,
  type LintResult,
  type Severity,
  unreadMembers,
} from '../../lint.ts';
import { correctedCredential, credentialFindings, fieldsOf } from './credential.ts';
import { parseExpression } from './expression.ts';

/** Entra's limit for one application or identity. */
const maxCredentials = 20;

/** @throws {SojournError} `invalid_request` for any other document. */
export function lint(facts: SetupFacts, document: unknown): LintResult {
  if (Array.isArray(document)) return lintList(facts, document, []);
  if (isJsonObject(document) && Array.isArray(document.value))
    return lintList(
      facts,
      document.value,
      unreadMembers(document, ['value', '@odata.context'], 'a complete list of federated credentials'),
    );
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

interface Entry {
  readonly credential: JsonObject;
  readonly fields: JsonObject;
  readonly path: string;
}

/** Each credential of an identity gives the same access, for any issuer. */
function lintList(facts: SetupFacts, list: readonly unknown[], unread: readonly Finding[]): LintResult {
  const entries = list.map((item, index): Entry => {
    const credential = isJsonObject(item) ? item : {};
    return { credential, fields: fieldsOf(credential), path: `[${index}]` };
  });
  const matching = entries.filter(
    ({ fields }) => fields.issuer === facts.issuer && fields.subject === facts.subject,
  );
  // The most similar one, so that the findings name what differs and not only that none matches.
  const nearest = matching[0] ?? entries.find(({ fields }) => isSimilar(facts, fields));
  const findings: Finding[] = [
    ...unread,
    ...(nearest ? credentialFindings(facts, nearest.credential, `${nearest.path}.`) : []),
  ];
  const add = (rule: string, severity: Severity, path: string, detail: string, advice: string) =>
    findings.push({ rule, severity, path, detail, advice });
  if (!nearest)
    add(
      'missing',
      'blocks_access',
      '',
      'The list has no credential for this connection.',
      'Add the one of the set-up file.',
    );
  if (matching[1])
    add(
      'duplicate_credential',
      'blocks_access',
      matching[1].path,
      'Two credentials have this issuer and subject: Entra answers AADSTS700263.',
      'Delete one of them.',
    );
  const isFull = list.length >= maxCredentials && !nearest;
  if (isFull)
    add(
      'limit',
      'blocks_access',
      '',
      `There are ${list.length} credentials, and Entra allows ${maxCredentials}.`,
      'Delete one that is not needed, or create another identity.',
    );
  const others = entries.filter((entry) => entry !== nearest && !matching.includes(entry));
  findings.push(...others.flatMap((entry) => otherFindings(facts, entry)));
  return gradeFindings(
    'azure-federated-credentials',
    findings,
    isFull || unread.length > 0
      ? undefined
      : [
          ...others.map(({ credential }) => credential),
          correctedCredential(facts, nearest?.credential ?? {}),
        ],
  );
}

/** Who else enters the identity by a credential that is not ours. */
function otherFindings(facts: SetupFacts, { fields, path }: Entry): Finding[] {
  const { issuer, subject, claimsMatchingExpression } = fields;
  const find = (rule: string, severity: Severity, detail: string): Finding[] => [
    { ...{ rule, severity, path, detail }, advice: 'Delete it, unless both should use this identity.' },
  ];
  const from = `of ${describeValue(issuer)}`;
  if (typeof claimsMatchingExpression === 'object' && claimsMatchingExpression !== null) {
    const { kind, example } = parseExpression(claimsMatchingExpression);
    // Entra takes the expression, and refuses every token of our issuer.
    if (issuer === facts.issuer)
      return find('expression', 'redundant', 'Entra supports no expressions for this issuer.');
    if (kind === 'pattern')
      return find(
        'other_subjects_by_pattern',
        'overly_permissive',
        `The expression matches more than one subject ${from}: ${describeValue(example)} gets in, for example.`,
      );
    if (kind === 'unknown')
      return find(
        'not_understood',
        'weak',
        `The expression for tokens ${from} is not understood: ${describeValue(claimsMatchingExpression)}.`,
      );
    return find(
      'other_issuers',
      'weak',
      `One subject ${from} is admitted as well: ${describeValue(claimsMatchingExpression)}.`,
    );
  }
  if (typeof issuer !== 'string' || typeof subject !== 'string')
    return find('not_understood', 'weak', 'The credential has no issuer or subject that this check knows.');
  if (subject === facts.subject && !isSimilar(facts, { issuer, subject }))
    return find(
      'foreign_issuer',
      'overly_permissive',
      `${describeValue(issuer)} decides who gets this subject there, for example a workload of its own.`,
    );
  return issuer === facts.issuer
    ? find('other_subjects', 'weak', `${describeValue(subject)} of this issuer is admitted as well.`)
    : find('other_issuers', 'weak', `${describeValue(subject)} ${from} is admitted as well.`);
}

/** A mistake for ours: the same issuer but for case and slashes, or our subject at another URL of the issuer's host. */
function isSimilar(facts: SetupFacts, { issuer, subject }: JsonObject): boolean {
  const url = String(issuer).trim().toLowerCase().replace(/\/+$/, '');
  const hostOf = (text: string) => text.replace(/^https?:\/\//, '').split('/')[0];
  if (url === facts.issuer) return true;
  return String(subject).toLowerCase() === facts.subject && hostOf(url) === hostOf(facts.issuer);
}

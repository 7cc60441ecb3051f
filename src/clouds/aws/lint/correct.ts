/** Corrects a trust policy: changes the statements for our provider, removes those for everyone, and keeps all others. */
import { isJsonObject, type JsonObject } from '../../lint.ts';
import { providerName, trustPolicy } from '../trust.ts';
import { type Assessment, type AssessmentInput, assess } from './assess.ts';
import { concerns } from './decide.ts';
import { maxSize, parseTrustPolicy, type Statement, sizeOf } from './document.ts';
import { isMistakenKey } from './false-conditions.ts';
import { claimOf } from './keys.ts';
import { otherPrincipals } from './others.ts';
import { hasSameHost } from './own.ts';
import { withoutDeleted } from './principals.ts';
import { providerEnding, providerOf } from './request.ts';

const placeholder = 'ACCOUNT';

/** Undefined if a restriction of the customer keeps our token out, or if IAM would not accept the result. */
export function correct(
  policy: JsonObject,
  input: AssessmentInput,
  before: Assessment,
): JsonObject | undefined {
  const { reports, isDenied, own } = before;
  const usable = reports.filter(({ restrictions }) => restrictions.length === 0);
  if (isDenied || (usable.length === 0 && reports.length > 0)) return undefined;
  const base = usable.find(({ statement }) => concerns(statement, own)) ?? usable[0];
  const list: readonly unknown[] = [policy.Statement].flat();
  const statements = list.filter(isJsonObject).flatMap((fields) => {
    const report = reports.find(({ statement }) => statement.fields === fields);
    if (report && report === base)
      return [...withoutOurs(report.statement, input), ownStatement(input, before, report.statement)];
    return report && !isKept(report.statement, before) ? withoutOurs(report.statement, input) : [fields];
  });
  const corrected = {
    ...policy,
    ...(policy.Version === undefined || policy.Version === '2008-10-17' ? {} : { Version: '2012-10-17' }),
    Statement: [
      ...statements.filter((fields) => !isOpen(fields, input, before)).flatMap(withoutDeleted),
      ...(base ? [] : [ownStatement(input, before)]),
    ],
  };
  // While the role is unknown, the account is a placeholder, which IAM would reject.
  const account = own.provider.split(':')[4] ?? '';
  const applied = JSON.stringify(corrected).replaceAll(`iam::${placeholder}:`, `iam::${account}:`);
  const after = assess(JSON.parse(applied), input);
  const isRight = after.isAccepted && after.isAdmitted && after.strangers.every(({ isNamed }) => isNamed);
  return isRight && sizeOf(corrected) <= maxSize ? corrected : undefined;
}

/** A second statement for our provider stays if it admits only subjects that it names, or if a restriction closes it. */
function isKept(statement: Statement, { strangers, reports }: Assessment): boolean {
  const admitted = strangers.filter(({ caller }) => concerns(statement, caller));
  if (admitted.length > 0) return admitted.every(({ isNamed }) => isNamed);
  return reports.some((report) => report.statement === statement && report.restrictions.length > 0);
}

/** The same statement for its other principals; none if it has no others. */
function withoutOurs({ fields, principals }: Statement, { facts }: AssessmentInput): readonly JsonObject[] {
  if (!isJsonObject(fields.Principal)) return [];
  const { Federated: _replaced, ...rest } = fields.Principal;
  const federated = principals.filter(
    ({ kind, value }) => kind === 'federated' && !hasSameHost(value, providerName(facts.issuer)),
  );
  const principal = {
    ...rest,
    ...(federated.length > 0 ? { Federated: federated.map(({ value }) => value) } : {}),
  };
  return Object.keys(principal).length === 0 ? [] : [{ ...fields, Principal: principal }];
}

/** Exactly our audience and subject; what else the customer named or required stays. */
function ownStatement(
  input: AssessmentInput,
  { strangers, document }: Assessment,
  statement?: Statement,
): JsonObject {
  const { target, facts } = input;
  const federated = providerOf(input) ?? `arn:aws:iam::${placeholder}${providerEnding(facts)}`;
  const [ours] = trustPolicy(target, facts, federated).Statement;
  if (!ours || !statement) return { ...ours };
  const name = providerName(facts.issuer);
  // With a variable, a name is not all that the condition asks for.
  const hasVariable = statement.conditions.some(
    ({ key, values }) => isReplaced(key) && values.some((value) => value.includes('${')),
  );
  const others = (hasVariable ? [] : strangers)
    .filter(
      ({ caller, subject, audience, isNamed }) =>
        isNamed && subject !== facts.subject && audience === facts.audience && concerns(statement, caller),
    )
    .map(({ subject }) => subject);
  const subjects = [...new Set([facts.subject, ...others])];
  const exact = {
    ...ours.Condition.StringEquals,
    [`${name}:sub`]: subjects.length === 1 ? facts.subject : subjects,
  };
  const sid = statement.fields.Sid;
  const isUnique = document.statements.filter(({ fields }) => fields.Sid === sid).length === 1;
  return {
    ...(typeof sid === 'string' && /^[A-Za-z0-9]+$/.test(sid) && isUnique ? { Sid: sid } : {}),
    ...ours,
    Condition: withKept(exact, statement),
  };

  function withKept(ofOurs: JsonObject, { conditions, fields }: Statement): JsonObject {
    const merged: Record<string, JsonObject> = { StringEquals: ofOurs };
    for (const { operator, key } of conditions)
      if (!isReplaced(key))
        merged[operator.text] = {
          ...merged[operator.text],
          [key]: ((fields.Condition as JsonObject)[operator.text] as JsonObject)[key],
        };
    return merged;
  }

  /** A test of our subject, audience or issuer, also with a wrong prefix. */
  function isReplaced(key: string): boolean {
    return (
      ['sub', 'aud', 'iss'].includes(claimOf(facts.issuer, key) ?? '') || isMistakenKey(key, facts.issuer)
    );
  }
}

/** An Allow for every principal without a condition that names one. */
function isOpen(fields: JsonObject, input: AssessmentInput, { own, document }: Assessment): boolean {
  const [statement] = parseTrustPolicy({ Version: '2012-10-17', Statement: fields }).statements;
  if (!statement) return false;
  return otherPrincipals({ ...input, document }, own, statement).some(
    ({ rule }) => rule === 'any_principal' || rule === 'negated',
  );
}

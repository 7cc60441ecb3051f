/** Assesses a trust policy: whether our token gets in, who else does, and what IAM rejects. */
import { describeValue, type Finding, type JsonObject } from '../../lint.ts';
import { providerName } from '../trust.ts';
import { admits, appliesTo, concerns } from './decide.ts';
import { allowsAction, parseTrustPolicy, type Statement, type TrustDocument } from './document.ts';
import { claimOf } from './keys.ts';
import { denyingStatements, otherPrincipals, otherSubjects } from './others.ts';
import { isOurs, remarks, reportStatement, type StatementReport } from './own.ts';
import { deletedPrincipals } from './principals.ts';
import { type Caller, type LintInput, ownCaller } from './request.ts';
import { findStrangers, type Stranger } from './strangers.ts';

export type AssessmentInput = Omit<LintInput, 'document'>;

export interface Assessment {
  readonly document: TrustDocument;
  readonly findings: readonly Finding[];
  readonly own: Caller;
  readonly isAdmitted: boolean;
  readonly isAccepted: boolean;
  readonly isDenied: boolean;
  /** The Allow statements for our provider. */
  readonly reports: readonly StatementReport[];
  readonly strangers: readonly Stranger[];
}

export function assess(policy: JsonObject, connection: AssessmentInput): Assessment {
  const document = parseTrustPolicy(policy);
  const input: LintInput = { ...connection, document };
  const own = ownCaller(input);
  const isAdmitted = admits(document, own);
  const denying = denyingStatements(document, own);
  const { admitted: strangers, isIncomplete } = findStrangers(input, own);
  const reports = document.statements
    .filter((statement) => isOurs(input, own, statement))
    .map((statement) => reportStatement(input, own, statement));
  const open = document.statements.flatMap((statement) => otherPrincipals(input, own, statement));
  const findings: Finding[] = [
    ...document.faults.map(
      (fault): Finding => ({
        rule: 'not_accepted',
        severity: 'blocks_access',
        ...fault,
        detail: `IAM rejects the document: ${fault.detail}`,
      }),
    ),
    ...document.statements.flatMap(({ principals, path }) => deletedPrincipals(principals, path)),
    ...open,
    ...denying.map(denied),
    ...document.statements.flatMap((statement) =>
      otherSubjects(input, statement, strangers, concerns(statement, own)).filter(
        ({ severity }) => isAdmitted || severity === 'overly_permissive',
      ),
    ),
    ...document.statements
      .filter((statement) => mayDeny(statement, own) && !denying.includes(statement))
      .flatMap(({ conditions }) =>
        conditions
          .flatMap((condition) => remarks(input, condition, conditions))
          .filter(({ rule }) => ['not_understood', 'address'].includes(rule)),
      ),
  ];
  for (const report of reports)
    findings.push(...(isAdmitted ? ofAdmitted(input, own, report, strangers) : report.findings));
  if (reports.length === 0)
    findings.push({
      rule: 'statement_missing',
      severity: 'blocks_access',
      path: 'Statement',
      detail: `No statement allows the OIDC provider ${providerName(connection.facts.issuer)} to assume the role.`,
      advice: 'Add the statement of the set-up file.',
    });
  if (isIncomplete)
    findings.push({
      rule: 'not_understood',
      severity: 'weak',
      path: 'Statement',
      detail: 'The patterns and variables are too complex: not every caller could be compared with them.',
      advice: 'Use StringEquals without variables.',
    });
  return {
    document,
    findings,
    own,
    isAdmitted,
    isAccepted: document.faults.length === 0,
    isDenied: denying.length > 0,
    reports,
    strangers,
  };
}

/** If our token gets in, a statement that does not admit it is only more than needed. */
function ofAdmitted(
  input: LintInput,
  own: Caller,
  { statement, findings }: StatementReport,
  strangers: readonly Stranger[],
): Finding[] {
  // Another statement may allow the rest of the actions.
  if (concerns(statement, own))
    return [
      ...findings.filter(({ severity }) => severity !== 'blocks_access'),
      ...restrictedByDenyOnly(input, statement, strangers),
    ];
  const admitsOthers = strangers.some(({ caller }) => concerns(statement, caller));
  return findings
    .filter(({ rule, severity }) => severity === 'blocks_access' && !(rule === 'subject' && admitsOthers))
    .map((finding) => ({ ...finding, severity: 'redundant' }));
}

function restrictedByDenyOnly(
  { facts }: LintInput,
  { conditions, path }: Statement,
  strangers: readonly Stranger[],
): Finding[] {
  const isTested = conditions.some(
    ({ key, operator }) =>
      claimOf(facts.issuer, key) === 'sub' && !operator.negated && operator.base !== 'Null',
  );
  if (isTested || strangers.some(({ subject }) => subject !== facts.subject)) return [];
  return [
    {
      rule: 'deny_only',
      severity: 'redundant',
      path: `${path}.Condition`,
      detail: 'Only a Deny statement limits the subject.',
      advice: `Add StringEquals with ${facts.subject}.`,
    },
  ];
}

const mayDeny = (statement: Statement, own: Caller): boolean =>
  statement.effect === 'Deny' &&
  appliesTo(statement, own.provider) &&
  own.actions.some((action) => allowsAction(statement.actions, action));

function denied({ path, conditions }: Statement): Finding {
  const reasons = conditions.map(
    ({ operator, key, values }) => `${operator.text} ${key} ${values.join(', ')}`,
  );
  return {
    ...{ rule: 'denied', severity: 'blocks_access', path },
    detail: `The statement denies our token${reasons.length === 0 ? '' : `: ${describeValue(reasons.join('; '))}`}.`,
    advice: 'Remove the statement, or except this subject from it. The correction does not lift a Deny.',
  };
}

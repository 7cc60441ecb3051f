/** docs/errors.md, written from the table of codes and from what each cloud's answers are taken to mean. */
import { cloudNames, clouds, type Explanation } from '../../src/clouds/index.ts';
import { errorTable } from '../../src/platform/errors/index.ts';

const opening = `# Errors

<!-- Written by \`npm run docs\` from src/platform/errors/table.ts and src/clouds/*/explain.ts. -->

Under \`/v1\` and \`/admin/v1\` a refusal is a problem document (RFC 9457, \`application/problem+json\`):

\`\`\`json
{
  "type": "urn:sojourn:error:invalid_request",
  "title": "Bad Request",
  "status": 400,
  "code": "invalid_request",
  "detail": "target.role_arn: must be the ARN of an IAM role",
  "advice": "Correct the fields that the detail names, then send the request again.",
  "errors": [{ "field": "target.role_arn", "message": "must be the ARN of an IAM role" }],
  "request_id": "5f0c3b4e-8a51-4a0f-9a5d-0f6f1f1f7c11"
}
\`\`\`

\`code\` is for programs: the list is closed and a code never changes its meaning. \`errors\` is there when fields are at
fault, and names all of them. \`request_id\` finds the lines of the log and of the audit. \`/token\` answers in OAuth's own
form (RFC 6749 section 5.2) with the error of the third column; a code without one does not come from there, or only for
requests that never reach it, such as one with another method.

| code | status | at /token | meaning | what to do |
|---|---|---|---|---|
`;

const clouded = `
## What the clouds say

An answer is compared with the rows of its cloud from the top; the first that fits decides. A status of 429 that fits no
row is \`cloud_throttled\`, 500 and above \`cloud_unavailable\`, anything else \`cloud_answer_unknown\`. The detail of the
problem document ends with the cloud's own words.
`;

const titles: Readonly<Record<string, string>> = { aws: 'AWS', azure: 'Azure', gcp: 'Google Cloud' };

/** What people see in front of a code and look for. */
const codePrefixes: Readonly<Record<string, string>> = { azure: 'AADSTS' };

export function errorsDocument(): string {
  const codes = Object.entries(errorTable).map(([code, row]) =>
    cells(`\`${code}\``, row.status, 'oauth' in row ? `\`${row.oauth}\`` : '', row.title, row.advice),
  );
  const sections = cloudNames.map((cloud) =>
    [
      `\n### ${titles[cloud] ?? cloud}\n`,
      '| what it answers | code | meaning | what to do |',
      '|---|---|---|---|',
      ...clouds[cloud].explanations.map((row) => explained(row, codePrefixes[cloud] ?? '')),
      '',
    ].join('\n'),
  );
  return `${opening}${codes.join('\n')}\n${clouded}${sections.join('')}`;
}

function explained({ match: when, errorCode: means, detail, advice }: Explanation, prefix: string): string {
  const symptoms = [
    when.step && `at ${when.step}`,
    when.status && `status ${when.status}`,
    when.code && `\`${prefix}${when.code}\``,
    when.messageIncludes && `"${when.messageIncludes}"`,
  ].filter(Boolean);
  return cells(symptoms.join(', '), `\`${means}\``, detail, advice ?? errorTable[means].advice);
}

const cells = (...values: readonly (string | number)[]): string =>
  `| ${values.map((value) => String(value).replaceAll('|', '\\|').replaceAll('*', '\\*')).join(' | ')} |`;

/** Generates docs/errors.md from the table of codes and from the explanations of each cloud's errors. */
import { clouds, type Explanation } from '../../src/clouds/index.ts';
import { programsOf } from '../../src/clouds/programs/index.ts';
import { errorTable } from '../../src/platform/errors/index.ts';

const opening = `# Errors

<!-- Written by \`npm run docs\` from src/platform/errors and src/clouds/*/explain.ts. -->

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

- \`code\` is for programs. The table has every code, and a code never changes its meaning.
- \`errors\` lists every invalid field. It is absent if no field is invalid.
- \`request_id\` is also in the server log and the audit log.
- \`/token\` answers in the format of OAuth (RFC 6749 section 5.2), with the error in the third column. If that column is
  empty, \`/token\` does not return the code, except for requests that it does not process, such as one with another method.

| code | status | at /token | meaning | what to do |
|---|---|---|---|---|
`;

const clouded = `
## Errors of the clouds

Sojourn compares the error of a cloud with the rows of that cloud, from top to bottom; the first match gives the code. Without a
match, status 429 is \`cloud_throttled\`, 500 or above is \`cloud_unavailable\`, and any other status is
\`cloud_answer_unknown\`. The detail of the problem document ends with the message of the cloud. A response that is not in the
format of the cloud's API, such as the page of a proxy, matches no row; its detail names the host and says so. Sojourn makes up
to three attempts after the errors that the column "retried" marks, as the SDKs of the clouds do.
`;

/** Entra prints its codes with this prefix; other services of Azure have no prefix. */
const codePrefixes: Readonly<Record<string, string>> = { azure: 'AADSTS' };

/** The called service, if it is not the token service of the cloud. */
const serviceNames: Readonly<Record<string, string>> = {
  bucket: 'bucket',
  GetCallerIdentity: 'GetCallerIdentity',
  subscriptions: 'Resource Manager',
  resourcemanager: 'Resource Manager',
  sts: 'STS',
  iamcredentials: 'IAM Credentials',
};

export function errorsDocument(): string {
  const codes = Object.entries(errorTable).map(([code, row]) =>
    cells(`\`${code}\``, row.status, 'oauth' in row ? `\`${row.oauth}\`` : '', row.title, row.advice),
  );
  const sections = Object.keys(clouds).map((cloud) =>
    [
      `\n### ${programsOf(cloud)?.title ?? clouds[cloud]?.setUp?.guide.title}\n`,
      '| error of the cloud | code | retried | meaning | what to do |',
      '|---|---|---|---|---|',
      ...(clouds[cloud]?.diagnosis?.explanations ?? []).map((row) =>
        explained(row, codePrefixes[cloud] ?? ''),
      ),
      '',
    ].join('\n'),
  );
  return `${opening}${codes.join('\n')}\n${clouded}${sections.join('')}`;
}

function explained(
  { match: when, errorCode: means, detail, advice, isTransient }: Explanation,
  prefix: string,
): string {
  const symptoms = [
    when.step && (serviceNames[when.step] ?? when.step),
    when.status && `status ${when.status}`,
    when.code && `\`${/^\d/.test(when.code) ? prefix : ''}${when.code}\``,
    when.codePrefix && `\`${prefix}${when.codePrefix}…\``,
    when.messageIncludes && `"${when.messageIncludes}"`,
  ].filter(Boolean);
  const isRetried = isTransient ?? (means === 'cloud_unavailable' || means === 'cloud_throttled');
  return cells(
    symptoms.join(', '),
    `\`${means}\``,
    isRetried ? 'yes' : '',
    detail,
    advice ?? errorTable[means].advice,
  );
}

const cells = (...values: readonly (string | number)[]): string =>
  `| ${values.map((value) => String(value).replaceAll('|', '\\|').replaceAll('*', '\\*')).join(' | ')} |`;

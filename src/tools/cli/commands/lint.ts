/** `sojourn lint`: finds errors in a document of a customer's cloud, or in an issuer. */

import { type IssuerLint, lintIssuer } from '../../../onboarding/doctor/index.ts';
import { type AddressFilter, addressFilterFor, fetchExternal } from '../../../platform/outbound/index.ts';
import { systemNow } from '../../../platform/time/index.ts';
import type { Answers } from '../../../server/http/admin/index.ts';
import { apiPath, connectionOptions, readTextFile, requestAdmin } from '../admin.ts';
import { allClouds } from '../cloud-names.ts';
import { type CommandSpec, isSet, type ParsedArguments, type Terminal, text, texts } from '../command.ts';
import { usageError } from '../failure.ts';
import { cell, columns, printable } from '../print.ts';
import { parseAnswer } from '../server.ts';

export const lint: CommandSpec = {
  usage: 'lint <file-or-url>',
  description: "check a document of a customer's cloud, or any issuer",
  notes: [
    `A document needs --connection. An issuer is checked as ${allClouds} each would.`,
    'Exit code: 1 for a document of grade C or worse, a guardrail that does not allow the connection, or a failed check.',
  ],
  options: [
    { flags: '--connection <id>', description: 'connection that the document belongs to' },
    {
      flags: '--guardrail',
      description: "the document is a rule of the customer's organization, such as an SCP",
    },
    { flags: '--exception', description: 'print only the guardrail with an exception for the connection' },
    { flags: '--reverse', description: 'print only a guardrail that admits nothing but the connection' },
    { flags: '--corrected', description: 'print only the corrected document' },
    { flags: '--json', description: 'print JSON' },
    {
      flags: '--allow-network <cidr>',
      description: 'private network in which the issuer may be (repeatable)',
      repeatable: true,
    },
    { flags: '--ca <file>', description: 'PEM file with additional certificate authorities to trust' },
    ...connectionOptions,
  ],
  examples: [
    'lint trust-policy.json --connection con_01k0…',
    'lint provider.json --connection con_01k0… --corrected > corrected.json',
    'lint --guardrail scp.json --connection con_01k0…',
    'lint https://id.example.com',
  ],
  run: (args, terminal) =>
    /^https?:\/\//i.test(args.positionals[0] ?? '')
      ? lintIssuerUrl(args, terminal)
      : lintDocumentFile(args, terminal),
};

async function lintDocumentFile(args: ParsedArguments, terminal: Terminal): Promise<number> {
  const id = text(args, 'connection');
  if (id === undefined) throw usageError('Give the connection of the document with --connection ID.');
  const body = { document: readTextFile(args.positionals[0] ?? '', 'The document') };
  if (isSet(args, 'guardrail')) return lintGuardrail(id, body, args, terminal);
  const answer = parseAnswer<Answers['Lint']>(
    await requestAdmin({ method: 'POST', path: apiPath`/connections/${id}/lint`, body }, args, terminal),
  );
  if (isSet(args, 'json')) terminal.out(`${JSON.stringify(answer, null, 2)}\n`);
  else if (isSet(args, 'corrected')) printCorrected(answer, terminal);
  else terminal.out(formatDocumentLint(answer));
  return answer.grade === 'A' || answer.grade === 'B' ? 0 : 1;
}

async function lintGuardrail(
  id: string,
  body: { readonly document: string },
  args: ParsedArguments,
  terminal: Terminal,
): Promise<number> {
  const path = apiPath`/connections/${id}/lint-guardrail`;
  const answer = parseAnswer<Answers['Guardrail']>(
    await requestAdmin({ method: 'POST', path, body }, args, terminal),
  );
  if (isSet(args, 'json')) terminal.out(`${JSON.stringify(answer, null, 2)}\n`);
  else if (isSet(args, 'reverse')) terminal.out(printable(answer.reverse));
  else if (!isSet(args, 'exception')) terminal.out(formatGuardrail(answer));
  else if (answer.exception !== null) terminal.out(answer.exception);
  else
    terminal.err(
      'No exception: the guardrail needs none, or names resources that it would have to leave out.\n',
    );
  return answer.verdict === 'allows' ? 0 : 1;
}

function formatGuardrail({
  document_type,
  verdict,
  refusals,
  notes,
  exception,
}: Answers['Guardrail']): string {
  const table = refusals.length === 0 ? '' : `\n${columns(refusals, ['step', 'rule', 'path', 'detail'])}`;
  const assumptions = notes.map((note) => `→ ${cell(note)}\n`).join('');
  return `${cell(document_type)}: ${cell(verdict)}\n${table}${assumptions === '' ? '' : `\n${assumptions}`}${
    exception === null ? '' : `\nWith an exception:\n\n${printable(exception)}`
  }`;
}

function printCorrected({ corrected }: Answers['Lint'], terminal: Terminal): void {
  if (typeof corrected === 'string') terminal.out(corrected);
  else terminal.err(`${noCorrection}\n`);
}

const noCorrection = 'No corrected document: follow the advice of each finding.';

function formatDocumentLint({ document_type, grade, findings, corrected }: Answers['Lint']): string {
  const list = Array.isArray(findings) ? findings : [];
  const head = `${cell(document_type)}: ${cell(grade)}\n`;
  if (list.length === 0) return head;
  const advice = list.map(({ advice: line }) => `→ ${cell(line)}\n`).join('');
  const rows = columns(list, ['severity', 'rule', 'path', 'detail']);
  const correction =
    typeof corrected === 'string' ? `Corrected:\n\n${printable(corrected)}` : `${noCorrection}\n`;
  return `${head}\n${rows}\n${advice}\n${correction}`;
}

async function lintIssuerUrl(args: ParsedArguments, terminal: Terminal): Promise<number> {
  const [url = ''] = args.positionals;
  if (!URL.canParse(url)) throw usageError(`${url} is not a URL.`);
  const ca = text(args, 'ca');
  const guard = {
    isAllowed: allowedNetworks(args),
    setting: '--allow-network',
    ...(ca === undefined ? {} : { ca: readTextFile(ca, '--ca') }),
  };
  const result = await lintIssuer(url, systemNow, (address, signal) => fetchExternal(address, guard, signal));
  terminal.out(isSet(args, 'json') ? `${JSON.stringify(result, null, 2)}\n` : formatIssuerLint(result));
  return result.checks.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}

function allowedNetworks(args: ParsedArguments): AddressFilter {
  const networks = texts(args, 'allowNetwork');
  try {
    return addressFilterFor(networks);
  } catch {
    throw usageError(`--allow-network must be a network such as 10.0.0.0/8, not ${networks.join(', ')}.`);
  }
}

function formatIssuerLint({ clouds, checks }: IssuerLint): string {
  const rows = columns(checks, ['name', 'outcome', 'affected_clouds', 'detail']);
  const advice = checks.flatMap(({ name, advice: line }) =>
    line === null ? [] : [`→ ${name}: ${cell(line)}\n`],
  );
  const verdict = Object.entries(clouds)
    .map(([cloud, grade]) => `${cloud} ${grade}`)
    .join(', ');
  return `${verdict}\n\n${rows}${advice.length === 0 ? '' : `\n${advice.join('')}`}`;
}

/** `sojourn lint`: whether a document of a customer's cloud, or an issuer, is as it should be. */
import { type IssuerLint, lintIssuer } from '../../../onboarding/doctor/index.ts';
import { lookGuarded, type Permits, permitsIn } from '../../../platform/outbound/index.ts';
import { systemNow } from '../../../platform/time/index.ts';
import { askAdmin, at, connectionOptions, readGiven } from '../admin.ts';
import { type CommandSpec, type Face, flag, type Given, text, texts } from '../command.ts';
import { usageError } from '../failure.ts';
import { cell, columns, type Json, printable } from '../print.ts';
import { readAnswer } from '../server.ts';

export const lint: CommandSpec = {
  usage: 'lint <what>',
  about:
    "judge a customer's document for a connection, or any issuer as the three clouds do; exit code 1 when something is wrong",
  options: [
    { flags: '--connection <id>', about: 'the connection that the document in the file is for' },
    { flags: '--corrected', about: 'print the corrected document alone' },
    { flags: '--json', about: 'print the answer as JSON' },
    {
      flags: '--allow-network <cidr>',
      about: 'a network that is not public and where the issuer may be; may be repeated',
      many: true,
    },
    { flags: '--ca <file>', about: 'PEM file with authorities to trust besides the public ones' },
    ...connectionOptions,
  ],
  examples: [
    'lint trust-policy.json --connection con_01k0…',
    'lint provider.json --connection con_01k0… --corrected > sound.json',
    'lint https://id.example.com',
  ],
  run: (given, face) =>
    /^https?:\/\//i.test(given.args[0] ?? '') ? issuer(given, face) : document(given, face),
};

async function document(given: Given, face: Face): Promise<number> {
  const id = text(given, 'connection');
  if (id === undefined) throw usageError('Name the connection that the document is for: --connection ID.');
  const body = { document: readGiven(given.args[0] ?? '', 'The document') };
  const answer = readAnswer(
    await askAdmin({ method: 'POST', path: at`/connections/${id}/lint`, body }, given, face),
  );
  if (flag(given, 'json')) face.out(`${JSON.stringify(answer, null, 2)}\n`);
  else if (flag(given, 'corrected')) face.out(String(answer.corrected));
  else face.out(documentTold(answer));
  return answer.grade === 'A' || answer.grade === 'B' ? 0 : 1;
}

function documentTold({ kind, grade, findings, corrected }: Json): string {
  const found = Array.isArray(findings) ? (findings as Json[]) : [];
  const head = `${cell(kind)}: ${cell(grade)}\n`;
  if (found.length === 0) return head;
  const advice = found.map(({ advice: line }) => `→ ${cell(line)}\n`).join('');
  const rows = columns(found, ['severity', 'rule', 'where', 'detail']);
  return `${head}\n${rows}\n${advice}\nCorrected:\n\n${printable(String(corrected))}`;
}

async function issuer(given: Given, face: Face): Promise<number> {
  const [url = ''] = given.args;
  if (!URL.canParse(url)) throw usageError(`${url} is no URL.`);
  const ca = text(given, 'ca');
  const guard = {
    permits: allowed(given),
    allowedBy: '--allow-network',
    ...(ca === undefined ? {} : { ca: readGiven(ca, '--ca') }),
  };
  const found = await lintIssuer(url, systemNow, (address, signal) => lookGuarded(address, guard, signal));
  face.out(flag(given, 'json') ? `${JSON.stringify(found, null, 2)}\n` : issuerTold(found));
  return found.checks.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}

function allowed(given: Given): Permits {
  const networks = texts(given, 'allowNetwork');
  try {
    return permitsIn(networks);
  } catch {
    throw usageError(`--allow-network must be a network such as 10.0.0.0/8, and not ${networks.join(', ')}.`);
  }
}

function issuerTold({ clouds, checks }: IssuerLint): string {
  const rows = columns(
    checks.map((check) => ({ ...check })),
    ['name', 'outcome', 'minds', 'detail'],
  );
  const advice = checks.flatMap(({ name, advice: line }) =>
    line === null ? [] : [`→ ${name}: ${cell(line)}\n`],
  );
  const verdict = Object.entries(clouds)
    .map(([cloud, says]) => `${cloud} ${says}`)
    .join(', ');
  return `${verdict}\n\n${rows}${advice.length === 0 ? '' : `\n${advice.join('')}`}`;
}

/** `sojourn connection report`: what the latest verification found. */
import { apiPath, connectionOptions, requestAdmin } from '../admin.ts';
import { type CommandSpec, isSet } from '../command.ts';
import { type Json, record } from '../print.ts';
import { parseAnswer } from '../server.ts';
import { formatChecks } from '../verification.ts';

export const connectionVerification: CommandSpec = {
  usage: 'report <id>',
  description: 'show what the latest verification found, for people, as JSON, or signed',
  options: [
    { flags: '--jws', description: 'print the report as the issuer signed it' },
    { flags: '--json', description: 'print the answer as JSON' },
    ...connectionOptions,
  ],
  examples: ['connection report con_01k0…', 'connection report con_01k0… --jws > report.jws'],
  async run(args, terminal) {
    const path = apiPath`/connections/${args.positionals[0]}/verification`;
    const answer = parseAnswer(await requestAdmin({ method: 'GET', path }, args, terminal));
    if (isSet(args, 'json')) terminal.out(`${JSON.stringify(answer, null, 2)}\n`);
    else if (isSet(args, 'jws')) terminal.out(`${String(answer.jws)}\n`);
    else {
      const { checks, ...facts } = answer.verification as Json;
      terminal.out(`${record(facts)}\n${formatChecks(checks)}`);
    }
    return 0;
  },
};

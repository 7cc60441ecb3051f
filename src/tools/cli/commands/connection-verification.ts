/** `sojourn connection verification`: the latest verification. */
import type { Answers } from '../../../server/http/admin/index.ts';
import { apiPath, connectionOptions, requestAdmin } from '../admin.ts';
import { type CommandSpec, isSet } from '../command.ts';
import { record } from '../print.ts';
import { parseAnswer } from '../server.ts';
import { formatChecks } from '../verification.ts';

export const connectionVerification: CommandSpec = {
  usage: 'verification <id>',
  description: 'show the latest verification',
  options: [
    { flags: '--jws', description: "print the JWS, signed by the connection's issuer" },
    { flags: '--json', description: 'print JSON' },
    ...connectionOptions,
  ],
  examples: ['connection verification con_01k0…', 'connection verification con_01k0… --jws > acme.jws'],
  async run(args, terminal) {
    const path = apiPath`/connections/${args.positionals[0]}/verification`;
    const body = await requestAdmin({ method: 'GET', path }, args, terminal);
    const answer = parseAnswer<Answers['SignedVerification']>(body);
    if (isSet(args, 'json')) terminal.out(`${JSON.stringify(answer, null, 2)}\n`);
    else if (isSet(args, 'jws')) terminal.out(`${String(answer.jws)}\n`);
    else {
      const { checks, ...summary } = answer.verification;
      terminal.out(`${record(summary)}\n${formatChecks(checks)}`);
    }
    return 0;
  },
};

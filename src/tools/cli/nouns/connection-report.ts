/** `sojourn connection report`: what the latest verification found. */
import { askAdmin, at, connectionOptions } from '../admin.ts';
import { type CommandSpec, flag } from '../command.ts';
import { type Json, record } from '../print.ts';
import { readAnswer } from '../server.ts';
import { checksTold } from '../verification.ts';

export const connectionReport: CommandSpec = {
  usage: 'report <id>',
  about: 'show what the latest verification found, for people, as JSON, or signed',
  options: [
    { flags: '--jws', about: 'print the report as the issuer signed it' },
    { flags: '--json', about: 'print the answer as JSON' },
    ...connectionOptions,
  ],
  examples: ['connection report con_01k0…', 'connection report con_01k0… --jws > report.jws'],
  async run(given, face) {
    const path = at`/connections/${given.args[0]}/report`;
    const answer = readAnswer(await askAdmin({ method: 'GET', path }, given, face));
    if (flag(given, 'json')) face.out(`${JSON.stringify(answer, null, 2)}\n`);
    else if (flag(given, 'jws')) face.out(`${String(answer.jws)}\n`);
    else {
      const { checks, ...facts } = answer.report as Json;
      face.out(`${record(facts)}\n${checksTold(checks)}`);
    }
    return 0;
  },
};

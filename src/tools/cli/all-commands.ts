/** All commands, in the order of the help. */
import type { CommandGroup, CommandSpec } from './command.ts';
import { agent } from './commands/agent.ts';
import { approval } from './commands/approval.ts';
import { audit } from './commands/audit.ts';
import { backup, restore } from './commands/backup.ts';
import { can } from './commands/can.ts';
import { claims } from './commands/claims.ts';
import { client } from './commands/client.ts';
import { config } from './commands/config.ts';
import { connection } from './commands/connection.ts';
import { credentials } from './commands/credentials.ts';
import { doctor } from './commands/doctor.ts';
import { exec } from './commands/exec.ts';
import { keys } from './commands/keys.ts';
import { lint } from './commands/lint.ts';
import { outage } from './commands/outage.ts';
import { policy } from './commands/policy.ts';
import { demo, sandbox, serve } from './commands/programs.ts';
import { tenant } from './commands/tenant.ts';
import { webhook } from './commands/webhook.ts';

export const commands: readonly CommandSpec[] = [
  serve,
  demo,
  sandbox,
  credentials,
  exec,
  config,
  claims,
  can,
  doctor,
  outage,
  lint,
  backup,
  restore,
];
export const groups: readonly CommandGroup[] = [
  tenant,
  client,
  connection,
  policy,
  approval,
  keys,
  webhook,
  audit,
  agent,
];

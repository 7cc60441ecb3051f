/** Every command, in the order of the help. */
import type { CommandSpec, Noun } from './command.ts';
import { agent } from './nouns/agent.ts';
import { approval } from './nouns/approval.ts';
import { audit } from './nouns/audit.ts';
import { backup, restore } from './nouns/backup.ts';
import { can } from './nouns/can.ts';
import { claims } from './nouns/claims.ts';
import { client } from './nouns/client.ts';
import { config } from './nouns/config.ts';
import { connection } from './nouns/connection.ts';
import { credentials } from './nouns/credentials.ts';
import { doctor } from './nouns/doctor.ts';
import { exec } from './nouns/exec.ts';
import { keys } from './nouns/keys.ts';
import { lint } from './nouns/lint.ts';
import { outage } from './nouns/outage.ts';
import { policy } from './nouns/policy.ts';
import { demo, sandbox, serve } from './nouns/programs.ts';
import { tenant } from './nouns/tenant.ts';
import { webhook } from './nouns/webhook.ts';

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
export const nouns: readonly Noun[] = [
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

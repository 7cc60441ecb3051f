/** All commands, in the order of the help. Each loads without the others, which saves time and memory. */
import type { CommandGroup, CommandSpec } from './command.ts';

type Entry = CommandSpec | CommandGroup;

const entries: Readonly<Record<string, () => Promise<Entry>>> = {
  init: async () => (await import('./commands/init.ts')).init,
  serve: async () => (await import('./commands/programs.ts')).serve,
  demo: async () => (await import('./commands/programs.ts')).demo,
  sandbox: async () => (await import('./commands/programs.ts')).sandbox,
  credentials: async () => (await import('./commands/credentials.ts')).credentials,
  exec: async () => (await import('./commands/exec.ts')).exec,
  config: async () => (await import('./commands/config.ts')).config,
  claims: async () => (await import('./commands/claims.ts')).claims,
  can: async () => (await import('./commands/can.ts')).can,
  doctor: async () => (await import('./commands/doctor.ts')).doctor,
  outage: async () => (await import('./commands/outage.ts')).outage,
  lint: async () => (await import('./commands/lint.ts')).lint,
  backup: async () => (await import('./commands/backup.ts')).backup,
  restore: async () => (await import('./commands/backup.ts')).restore,
  tenant: async () => (await import('./commands/tenant.ts')).tenant,
  client: async () => (await import('./commands/client.ts')).client,
  connection: async () => (await import('./commands/connection.ts')).connection,
  policy: async () => (await import('./commands/policy.ts')).policy,
  approval: async () => (await import('./commands/approval.ts')).approval,
  issuing: async () => (await import('./commands/issuing.ts')).issuing,
  store: async () => (await import('./commands/store.ts')).store,
  keys: async () => (await import('./commands/keys.ts')).keys,
  webhook: async () => (await import('./commands/webhook.ts')).webhook,
  audit: async () => (await import('./commands/audit.ts')).audit,
  agent: async () => (await import('./commands/agent.ts')).agent,
};

/** The command or group of this name, or all for another name, because the help lists all. */
export async function loadEntries(name: string): Promise<readonly Entry[]> {
  const load = Object.hasOwn(entries, name) ? entries[name] : undefined;
  return load ? [await load()] : Promise.all(Object.values(entries).map((each) => each()));
}

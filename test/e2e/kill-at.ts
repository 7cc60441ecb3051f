/** Loaded with `--import`: ends the process like kill -9 before its write number KILL_AT, counted from 1. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { DatabaseSync, StatementSync } from 'node:sqlite';

const killAt = Number(process.env.KILL_AT);
let writes = 0;

function counted<Holder extends object>(holder: Holder, name: keyof Holder): void {
  const original = holder[name] as (...args: unknown[]) => unknown;
  holder[name] = function (this: unknown, ...args: unknown[]) {
    if (++writes === killAt) process.kill(process.pid, 'SIGKILL');
    return original.apply(this, args);
  } as Holder[keyof Holder];
}

for (const name of ['mkdir', 'open', 'link', 'rename', 'rm'] as const) counted(fs.promises, name);
syncBuiltinESMExports();
counted(StatementSync.prototype, 'run');
counted(DatabaseSync.prototype, 'exec');

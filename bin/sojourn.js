#!/usr/bin/env node
// Plain JavaScript that an older Node can read too: on the program itself it would fail with words that help nobody.

import { existsSync, mkdirSync, statSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';

// From the first moment on: without a listener, this signal opens Node's inspector, which could read the signing keys.
process.on('SIGUSR1', () => {});

const wanted = 24;
const [major] = process.versions.node.split('.').map(Number);

if (major >= wanted) {
  // Tools run a command for each refresh, and most of its time would go into reading the sources anew.
  if (process.argv[2] !== 'serve') keepCompiled(process.env);
  const { main } = await import(new URL(program(), import.meta.url));
  process.exitCode = await main(process.argv.slice(2), process.env);
} else {
  console.error(`sojourn needs Node.js ${wanted} or newer, and this is ${process.versions.node}.`);
  process.exitCode = 1;
}

// Where the sources are, they are what runs; an image and a package have what `npm run build` makes of them instead.
function program() {
  const sources = '../src/main.ts';
  return existsSync(new URL(sources, import.meta.url)) ? sources : '../dist/main.js';
}

// What lies there is run: a folder that somebody else may write to is not used. Nothing is lost without one.
function keepCompiled({ HOME, XDG_CACHE_HOME }) {
  if (!HOME && !XDG_CACHE_HOME) return;
  const folder = join(XDG_CACHE_HOME || join(HOME, '.cache'), 'sojourn');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = statSync(folder);
    if (uid === process.getuid?.() && (mode & 0o077) === 0) module.enableCompileCache(folder);
  } catch {
    // Read-only, or full.
  }
}

#!/usr/bin/env node
// Plain JavaScript for old Node versions too: they would fail on the TypeScript sources with an unhelpful error.

import { existsSync, mkdirSync, statSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';

// Set before anything else: without a listener, this signal opens Node's inspector, which could read the signing keys.
process.on('SIGUSR1', () => {});

const minMajor = 24;
const [major] = process.versions.node.split('.').map(Number);

if (major >= minMajor) {
  // Tools run a command for each refresh, and most of its time would be spent on compiling the sources.
  if (process.argv[2] !== 'serve') enableCompileCache(process.env);
  const { main } = await import(new URL(program(), import.meta.url));
  process.exitCode = await main(process.argv.slice(2), process.env);
} else {
  console.error(`sojourn requires Node.js ${minMajor} or newer. This is ${process.versions.node}.`);
  process.exitCode = 1;
}

// Runs the sources if they exist; an image and a package contain the output of `npm run build` instead.
function program() {
  const sources = '../src/main.ts';
  return existsSync(new URL(sources, import.meta.url)) ? sources : '../dist/main.js';
}

// Node runs code from the cache, so a directory that other users can write to is not used. The cache is optional.
function enableCompileCache({ HOME, XDG_CACHE_HOME }) {
  if (!HOME && !XDG_CACHE_HOME) return;
  const folder = join(XDG_CACHE_HOME || join(HOME, '.cache'), 'sojourn');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = statSync(folder);
    if (uid === process.getuid?.() && (mode & 0o077) === 0) module.enableCompileCache(folder);
  } catch {
    // The disk is read-only or full.
  }
}

#!/usr/bin/env node
// Plain JavaScript that an older Node can read too: on the sources themselves it would fail with words that help nobody.

// From the first moment on: without a listener, this signal opens Node's inspector, which could read the signing keys.
process.on('SIGUSR1', () => {});

const wanted = 24;
const [major] = process.versions.node.split('.').map(Number);

if (major >= wanted) {
  const { main } = await import('../src/main.ts');
  process.exitCode = await main(process.argv.slice(2), process.env);
} else {
  console.error(`sojourn needs Node.js ${wanted} or newer, and this is ${process.versions.node}.`);
  process.exitCode = 1;
}

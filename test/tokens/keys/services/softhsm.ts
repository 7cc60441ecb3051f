/** SoftHSM tokens in a temporary folder, and administrator operations on them. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SHARE_ENV, Worker } from 'node:worker_threads';

const run = promisify(execFile);

/** Debian, Fedora, Homebrew on Apple silicon and on Intel. */
const places = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib64/pkcs11/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
];

export const pin = 'kms-test-pin-4711';

export async function softHsm(labels: readonly string[]) {
  const module = places.find((place) => existsSync(place));
  if (!module) throw new Error(`there is no libsofthsm2.so in any of ${places.join(', ')}`);
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-softhsm-'));
  const conf = join(folder, 'softhsm2.conf');
  await mkdir(join(folder, 'tokens'));
  await writeFile(conf, `directories.tokendir = ${join(folder, 'tokens')}\nlog.level = ERROR\n`);
  for (const label of labels) {
    const secrets = ['--pin', pin, '--so-pin', 'kms-test-so-pin'];
    const env = { ...process.env, SOFTHSM2_CONF: conf };
    await run('softhsm2-util', ['--init-token', '--free', '--label', label, ...secrets], { env });
  }
  const pinFile = join(folder, 'pin');
  await writeFile(pinFile, `${pin}\n`);
  await tellLibrary(conf);
  return {
    module,
    /** The file that contains only the PIN. */
    pinFile,
    /** Deletes the key with this CKA_ID, or all keys, from the token. */
    remove: (label: string, id: string) => onToken(module, label, { remove: id }),
    /** The result of reading CKA_PRIVATE_EXPONENT or CKA_VALUE: an error code, or the private key in the worst case. */
    readPrivate: (label: string, id: string) => onToken(module, label, { read: id }),
    /** Ends all sessions of this process, as a restart of the device does. */
    endSessions: (label: string) => onToken(module, label, {}),
    end: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The library reads the real environment of the process; jest gives its tests only a copy. */
async function tellLibrary(conf: string): Promise<void> {
  const setting = 'process.env.SOFTHSM2_CONF = require("node:worker_threads").workerData';
  const worker = new Worker(setting, { eval: true, env: SHARE_ENV, workerData: conf });
  await once(worker, 'exit');
}

const administrator = `
const { parentPort, workerData: { module, label, pin, remove, read } } = require('node:worker_threads');
const c = require('pkcs11js');
const lib = new c.PKCS11();
lib.load(module);
try { lib.C_Initialize({ flags: c.CKF_OS_LOCKING_OK }); } catch (error) { if (!/ALREADY/.test(error.message)) throw error; }
const slot = lib.C_GetSlotList(true).find((candidate) => lib.C_GetTokenInfo(candidate).label.trim() === label);
if (!remove && !read) lib.C_CloseAllSessions(slot);
const session = lib.C_OpenSession(slot, c.CKF_SERIAL_SESSION | c.CKF_RW_SESSION);
if (remove || read) try { lib.C_Login(session, c.CKU_USER, pin); } catch (error) { if (!/ALREADY/.test(error.message)) throw error; }
const id = remove === 'all' ? [] : [{ type: c.CKA_ID, value: Buffer.from(remove ?? read ?? '', 'hex') }];
lib.C_FindObjectsInit(session, [...id, { type: c.CKA_CLASS, value: c.CKO_PRIVATE_KEY }]);
const found = lib.C_FindObjects(session, 10);
lib.C_FindObjectsFinal(session);
let answer = found.length + ' found';
for (const object of found) {
  if (remove) lib.C_DestroyObject(session, object);
  else if (read) {
    const reads = [c.CKA_PRIVATE_EXPONENT, c.CKA_VALUE].map((type) => {
      try { return lib.C_GetAttributeValue(session, object, [{ type }])[0].value.length + ' bytes'; }
      catch (error) { return error.message; }
    });
    answer = reads.join(', ');
  }
}
lib.C_CloseSession(session);
parentPort.postMessage(answer);
`;

async function onToken(
  module: string,
  label: string,
  act: { remove?: string; read?: string },
): Promise<string> {
  const worker = new Worker(administrator, { eval: true, workerData: { module, label, pin, ...act } });
  const [answer] = await once(worker, 'message');
  return String(answer);
}

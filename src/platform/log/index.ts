/**
 * The application log: JSON lines on standard output. Owns: the logger and the fields that it redacts.
 * Does not own: the audit log, which is in the store.
 */
import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';

export { createLogSink, type LogSink } from './sink.ts';

export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error' | 'child' | 'isLevelEnabled'>;

/** Fields that the logger redacts. This is the second defence: code must not log them in the first place. */
const secretFields = [
  'authorization',
  'client_secret',
  'client_assertion',
  'access_token',
  'secret_access_key',
  'session_token',
  'token',
  'assertion',
  'secret',
  'd',
];

/** Finds a member with the name of a secret field in a JSON text; quotes within strings are escaped. */
export const secretMember = new RegExp(`"(?:${secretFields.join('|')})":`);

/** Where the logger writes its lines, for lines whose JSON exists already. */
export const streamOf = (logger: Logger): DestinationStream =>
  (logger as unknown as Record<symbol, DestinationStream>)[pino.symbols.streamSym] as DestinationStream;

export function createLogger(options: { level?: string; destination?: DestinationStream } = {}): Logger {
  const settings = {
    level: options.level ?? 'info',
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
      censor: '[secret]',
    },
  };
  return options.destination ? pino(settings, options.destination) : pino(settings);
}

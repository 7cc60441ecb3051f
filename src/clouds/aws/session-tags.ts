/** Tags of IAM, and those of a session, by which a customer's policies can tell callers apart (IAM user guide, session tags). */
import { z } from 'zod';

const maxTags = 50;
/** STS reads tokens of 20,000 characters at most; base64 makes four of three bytes, and the other claims need room. */
const maxBytes = 12_000;
const characters = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const characterRule = 'may hold letters, digits, blanks and _ . : / = + - @ only';

const value = z
  .string('must be a string')
  .max(256, 'must be 256 characters at most')
  .regex(characters, characterRule);

/** IAM API reference, Tag; the same rules hold for sessions. */
export const tagsField = z
  .record(z.string(), value, 'must be an object of strings')
  .superRefine((tags, context) => {
    for (const key of Object.keys(tags)) {
      const message = faultOfKey(key);
      if (message) context.addIssue({ code: 'custom', path: [key], message });
    }
    for (const message of faultsOfAll(tags)) context.addIssue({ code: 'custom', message });
  });

export const sessionTagsField = tagsField.refine(
  (tags) => Buffer.byteLength(JSON.stringify(tags)) <= maxBytes,
  {
    message: `must be ${maxBytes} bytes at most together, or the token is too long for AWS`,
    // Whatever else is wrong: all faults are told at once.
    when: ({ value: tags }) => z.record(z.string(), z.string()).safeParse(tags).success,
  },
);

function faultOfKey(key: string): string | undefined {
  if (key === '') return 'the key must not be empty';
  if (key.length > 128) return 'the key must be 128 characters at most';
  if (!characters.test(key)) return `the key ${characterRule}`;
  if (/^aws:/i.test(key)) return 'the key must not begin with aws:, which AWS keeps for itself';
  return undefined;
}

function faultsOfAll(tags: Readonly<Record<string, string>>): string[] {
  const keys = Object.keys(tags);
  const distinct = new Set(keys.map((key) => key.toLowerCase()));
  return [
    ...(keys.length > maxTags ? [`must be ${maxTags} tags at most`] : []),
    ...(distinct.size < keys.length ? ['two keys differ in case only, which AWS takes for one'] : []),
  ];
}

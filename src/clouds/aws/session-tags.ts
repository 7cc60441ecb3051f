/** Tags of IAM resources and of sessions, which a customer's policies can test (IAM user guide, session tags). */
import { z } from 'zod';

const maxTags = 50;
/** STS accepts tokens of up to 20,000 characters; base64 needs four for three bytes, and other claims need space too. */
const maxBytes = 12_000;
const characters = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;
const characterRule = 'may contain only letters, digits, spaces and _ . : / = + - @';

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
    message: `must be ${maxBytes} bytes at most in total, because AWS limits the length of a token`,
    // Checked even if other fields are invalid, so that all faults are reported together.
    when: ({ value: tags }) => z.record(z.string(), z.string()).safeParse(tags).success,
  },
);

function faultOfKey(key: string): string | undefined {
  if (key === '') return 'the key must not be empty';
  if (key.length > 128) return 'the key must be 128 characters at most';
  if (!characters.test(key)) return `the key ${characterRule}`;
  if (/^aws:/i.test(key)) return 'the key must not begin with aws:, which AWS reserves';
  return undefined;
}

function faultsOfAll(tags: Readonly<Record<string, string>>): string[] {
  const keys = Object.keys(tags);
  const distinct = new Set(keys.map((key) => key.toLowerCase()));
  return [
    ...(keys.length > maxTags ? [`must be ${maxTags} tags at most`] : []),
    ...(distinct.size < keys.length ? ['two keys differ only in case, which AWS treats as one key'] : []),
  ];
}

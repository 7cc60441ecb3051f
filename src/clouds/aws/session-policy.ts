/**
 * The policy that narrows a session further than its role does. Kept as the text that is sent: a string stays as it was
 * written, an object becomes compact JSON.
 */
import { z } from 'zod';

/** STS API reference, AssumeRoleWithWebIdentity, Policy: 2,048 characters of Latin-1 and no other control than these. */
const maxLength = 2048;
const sendable = /^[\t\n\r\x20-\xff]*$/;

export const sessionPolicyField = z.preprocess(
  (given) => (isObject(given) ? JSON.stringify(given) : given),
  z
    .string('must be an IAM policy, as an object or as a string of JSON')
    .max(maxLength, `must be ${maxLength} characters at most`)
    .regex(sendable, 'may hold Latin-1 characters only; write others as \\uXXXX')
    .refine(isPolicy, 'must be an IAM policy: JSON with a Statement'),
);

function isPolicy(text: string): boolean {
  try {
    const policy: unknown = JSON.parse(text);
    return isObject(policy) && typeof policy.Statement === 'object' && policy.Statement !== null;
  } catch {
    return false;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

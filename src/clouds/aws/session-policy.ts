/**
 * The session policy, which narrows a session further than its role. It is stored as the text that is sent: a string is
 * unchanged, an object becomes compact JSON.
 */
import { z } from 'zod';

/** STS API reference, AssumeRoleWithWebIdentity, Policy: 2,048 characters of Latin-1, with tab, LF and CR as the only control characters. */
const maxLength = 2048;
const sendable = /^[\t\n\r\x20-\xff]*$/;

export const sessionPolicyField = z.preprocess(
  (input) => (isObject(input) ? JSON.stringify(input) : input),
  z
    .string('must be an IAM policy, as an object or as a string of JSON')
    .max(maxLength, `must be ${maxLength} characters at most`)
    .regex(sendable, 'must contain only Latin-1 characters; write others as \\uXXXX')
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

/**
 * The session policy, which narrows a session further than its role. It is stored as the text that is sent: a string is
 * unchanged, an object becomes compact JSON.
 */
import { z } from 'zod';
import { isJsonObject } from '../lint.ts';
import { faultsOfIdentityPolicy } from './identity-policy.ts';

/** STS API reference, AssumeRoleWithWebIdentity, Policy: 2,048 characters of Latin-1, with tab, LF and CR as the only control characters. */
const maxLength = 2048;
const sendable = /^[\t\n\r\x20-\xff]*$/;

export const sessionPolicyField = z.preprocess(
  (input) => (isJsonObject(input) ? JSON.stringify(input) : input),
  z
    .string('must be an IAM policy, as an object or as a string of JSON')
    .max(maxLength, `must be ${maxLength} characters at most`)
    .regex(sendable, 'must contain only Latin-1 characters; write others as \\uXXXX')
    .superRefine((text, context) => {
      for (const message of faultsOf(text)) context.addIssue({ code: 'custom', message });
    }),
);

function faultsOf(text: string): readonly string[] {
  try {
    const policy: unknown = JSON.parse(text);
    if (isJsonObject(policy)) return faultsOfIdentityPolicy(policy);
  } catch {
    // Not JSON.
  }
  return ['must be an IAM policy: a JSON object with a Statement'];
}

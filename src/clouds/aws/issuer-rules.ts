/** The rules of AWS for an issuer. docs/verification.md quotes the documentation for each. */
import type { Diagnosis } from '../contract/index.ts';

export const issuerRules: Diagnosis['issuerRules'] = {
  no_port: 'Use port 443 and omit it: AWS IAM accepts no other.',
  short_url: 'Shorten it.',
  response_lists: 'Add it: without the three lists AWS does not read the keys.',
  at_most_100_keys: 'Remove old keys: AWS uses none of them above this limit.',
  no_key_ops: 'Remove it: AWS ignores a key that has it.',
  fast_answer: 'Answer faster: AWS gives up after 5 seconds.',
};

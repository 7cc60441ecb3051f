/**
 * Estimates the packed size of a session's policies and tags, which STS limits (PackedPolicyTooLarge). AWS does not
 * publish how it packs: the numbers are from percentages that it reported, rounded up.
 */
import { deflateRawSync } from 'node:zlib';
import type { NarrowedTarget } from './purpose.ts';

/** Reported for a session of a web identity without policies and tags. */
const basePercent = 25;
/** Six tags of 280 characters consumed 74 % (github.com/aws/containers-roadmap/issues/2413). */
const percentPerTagByte = 1 / 4;
const bytesPerTag = 4;
/** A policy of 95 characters consumes 6 % (STS API reference, AssumeRole). */
const percentPerPolicyByte = 1 / 8;

/** The estimate has to be this near to the limit before it says anything. */
const warnFromPercent = 90;

export function warnings(target: NarrowedTarget): readonly string[] {
  const percent = packedPercent(target);
  if (percent < warnFromPercent) return [];
  const verb = percent > 100 ? 'will probably' : 'may';
  return [
    `session_tags and session policies consume about ${percent} % of the packed size that AWS allows: STS ${verb} refuse every session with PackedPolicyTooLarge. Use fewer or shorter tags, or a shorter policy.`,
  ];
}

function packedPercent({ session_tags = {}, session_policy = '', policy_arns = [] }: NarrowedTarget): number {
  const tagBytes = Object.entries(session_tags).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key + value) + bytesPerTag,
    0,
  );
  const policies = session_policy + policy_arns.join('');
  const policyBytes = policies === '' ? 0 : deflateRawSync(policies).length;
  return basePercent + Math.ceil(tagBytes * percentPerTagByte + policyBytes * percentPerPolicyByte);
}

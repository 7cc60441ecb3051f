/**
 * The packed size of a session's policies and tags. AWS publishes neither the format nor the limit, so this is an
 * estimate from measured percentages: 25 for a session without both (clouds.md 1.6), 74 for the six tags of EKS
 * (aws/containers-roadmap#2413, where the percentages of two sets of tags also add up), 6 for a policy of 95
 * characters (STS API reference, AssumeRole).
 */
import { deflateRawSync } from 'node:zlib';
import { fault } from '../fault.ts';

const basePercent = 25;
const tagBytesPerPercent = 4;
/** Of compressed text: the reference calls the format compressed. */
const policyBytesPerPercent = 8;
/** Lengths of key and value, and that the tag is transitive. */
const bytesPerTag = 4;

export interface Packable {
  readonly policy: string;
  readonly policyArns: readonly string[];
  /** Key → value. */
  readonly tags: ReadonlyMap<string, string>;
}

/** The percentage of the limit. Throws PackedPolicyTooLarge. */
export function packedSize({ policy, policyArns, tags }: Packable): number {
  const tagBytes = [...tags].map(([key, value]) => Buffer.byteLength(key + value) + bytesPerTag);
  const ofTags = basePercent + Math.ceil(sum(tagBytes) / tagBytesPerPercent);
  if (ofTags > 100) throw tooLarge(`Packed size of session tags consumes ${ofTags}% of allotted space.`);
  const text = [policy, ...policyArns].join('');
  const policyBytes = text === '' ? 0 : deflateRawSync(text).length;
  const ofAll = ofTags + Math.ceil(policyBytes / policyBytesPerPercent);
  if (ofAll > 100)
    throw tooLarge(`Packed policy consumes ${ofAll}% of allotted space, please use smaller policy.`);
  return ofAll;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const tooLarge = (message: string): Error => fault('PackedPolicyTooLarge', message);

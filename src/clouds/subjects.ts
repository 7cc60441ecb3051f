/** The subjects of other tokens of the issuer that a document is compared with. */
import { areAlike, type Language, lowerCase, type Pattern } from './patterns.ts';

/** Subjects that the issuer signs: ids of connections, and of probes, which every cloud must refuse. */
const ids: Language = {
  starts: ['con_', 'probe_con_'],
  characters: '0123456789abcdefghijklmnopqrstuvwxyz_',
};

/** A document that keeps our token out, and admits no id either, is a mistake and not a danger. */
export const subjectsOf = (isOwnAdmitted: boolean): Language => (isOwnAdmitted ? lowerCase : ids);

/** A subject in the form of an id, if one is in the same class. */
export function likeAnId(example: string, patterns: readonly Pattern[], own: string): string {
  const candidates = [`con_${'0'.repeat(26)}`, `${own.slice(0, -1)}${own.endsWith('0') ? '1' : '0'}`];
  return candidates.find((candidate) => areAlike(patterns, candidate, example)) ?? example;
}

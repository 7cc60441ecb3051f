import { describe, expect, test } from '@jest/globals';
import { counted, markersIn, passages, table, wordsIn } from './prose.ts';

/** Marker words in 1,000 words. Model code bases have 0.1 to 1.1 in their comments. */
const maxRate = 2;

describe('the language of the repository', () => {
  const counts = counted(passages());

  test('has at most 2 marker words in 1,000 in every class of text and every area', () => {
    console.log(table(counts));
    expect(counts.filter(({ rate }) => rate > maxRate)).toEqual([]);
  });

  test('is counted over all comments, texts, titles and documents', () => {
    const words = new Map(
      counts.filter(({ area }) => area === 'all').map(({ class: kind, words: count }) => [kind, count]),
    );
    expect(words.get('comments')).toBeGreaterThan(20_000);
    expect(words.get('texts')).toBeGreaterThan(15_000);
    expect(words.get('titles')).toBeGreaterThan(10_000);
    expect(words.get('documents')).toBeGreaterThan(15_000);
  });

  test('is searched for the marker words, in any case and across a line break', () => {
    expect(markersIn('Whoever asks is told by\nitself.')).toEqual(['Whoever', 'told', 'by itself']);
    expect(markersIn('The caller gets the reason.')).toEqual([]);
    expect(wordsIn("The caller's request, 3 times.")).toBe(4);
  });
});

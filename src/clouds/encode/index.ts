/**
 * Writing values into the languages of set-up files. Owns: one encoder per language, each of which makes the language's
 * own reader give back the very value that went in. Does not own: what a file says, or whether a value is allowed.
 * Called by the clouds' set-up files, which therefore never paste a value into text themselves.
 */
export { armString } from './arm.ts';
export { caption } from './caption.ts';
export { celString } from './cel.ts';
export { type HclBlock, HclExpression, type HclValue, hclDocument, hclString } from './hcl.ts';
export { shellCommand, shellWord } from './shell.ts';

/**
 * Encoders for the languages of set-up files. Owns: one encoder per language, such that the language's parser returns exactly
 * the original value. Does not own: the content of a file, or whether a value is allowed.
 * All generators of set-up files use it; none inserts a value into text itself.
 */
export { armString } from './arm.ts';
export { BicepExpression, type BicepStatement, bicepDocument, bicepString } from './bicep.ts';
export { caption } from './caption.ts';
export { celString } from './cel.ts';
export { type HclBlock, HclCall, HclExpression, type HclValue, hclDocument, hclString } from './hcl.ts';
export { reportScript } from './report.ts';
export { reportBlocks } from './report-terraform.ts';
export { option, shellCommand, shellWord } from './shell.ts';
export { uriList } from './uri-list.ts';

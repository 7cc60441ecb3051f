/**
 * Encoders for the languages of set-up files. Owns: one encoder per language, so that the language's parser returns exactly
 * the encoded value. Does not own: the content of a file, or whether a value is allowed.
 * All set-up files use it and never insert a value into text themselves.
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

/**
 * Writing values into the languages of set-up files. Owns: one encoder per language, each of which makes the language's
 * own reader give back the very value that went in. Does not own: what a file says, or whether a value is allowed.
 * Called by the clouds' set-up files, which therefore never paste a value into text themselves.
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

/** Fields that several parts of a preset have. */
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import { compileLinear } from './linear-pattern.ts';

export const text = z.string().min(1, 'must not be empty').max(4000, 'must have at most 4000 characters');
export const template = text.describe('A template: {{name}} or {{function name}}.');
export const fieldName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,40}$/, 'must be lower-case letters, digits and _ that begin with a letter');
export const templates = z.record(z.string(), template);
export const answerPath = z
  .string()
  .regex(/^[\w-]+(\.[\w-]+)*$/, 'must be names joined by dots, such as auth.client_token');

/** Matched only in the process that checks documents of customers, which is ended if it takes too long. */
export const pattern = text.refine((source) => isPattern(source), 'must be a regular expression');

/** Matched in the server. */
export const linearPattern = pattern.superRefine((source, context) => {
  try {
    if (isPattern(source)) compileLinear(source);
  } catch (error) {
    if (!(error instanceof SojournError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
  }
});

function isPattern(source: string): boolean {
  try {
    return new RegExp(source, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

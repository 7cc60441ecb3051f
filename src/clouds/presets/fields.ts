/** Fields that several parts of a preset have. */
import { z } from 'zod';

export const text = z.string().min(1, 'must not be empty').max(4000, 'must have at most 4000 characters');
export const template = text.describe('A template: {{name}} or {{function name}}.');
export const fieldName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,40}$/, 'must be lower-case letters, digits and _ that begin with a letter');
export const templates = z.record(z.string(), template);
export const answerPath = z
  .string()
  .regex(/^[\w-]+(\.[\w-]+)*$/, 'must be names joined by dots, such as auth.client_token');

export const pattern = text.refine((source) => isPattern(source), 'must be a regular expression');

function isPattern(source: string): boolean {
  try {
    return new RegExp(source, 'u') instanceof RegExp;
  } catch {
    return false;
  }
}

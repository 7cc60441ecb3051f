/** Response schemas that clients' rules, guards and access decisions share. */
import { z } from 'zod';
import type {
  conditions as conditionInputs,
  selectors as selectorInputs,
} from '../../../access/clients/index.ts';

/** A schema for each member of the input; the values are already valid. */
type AnswerOf<Inputs> = Readonly<Record<keyof Inputs, z.ZodType>>;

export const pattern = z.union([
  z.string(),
  z.object({ one_of: z.array(z.string()) }),
  z.object({ glob: z.string() }),
]);

export const selectors = {
  connection: z.string().exactOptional(),
  tenant: z.string().exactOptional(),
  cloud: z.string().exactOptional(),
  labels: z.record(z.string(), z.string()).exactOptional(),
} satisfies AnswerOf<typeof selectorInputs>;

export const conditions = {
  claims: z.record(z.string(), pattern).exactOptional(),
  methods: z.array(z.string()).exactOptional(),
  hours: z
    .object({
      from: z.string(),
      to: z.string(),
      days: z.array(z.string()).exactOptional(),
      time_zone: z.string(),
    })
    .exactOptional(),
} satisfies AnswerOf<typeof conditionInputs>;

export const purposes = z.array(z.string()).exactOptional();

export const rule = z.object({ ...selectors, purposes, when: z.object(conditions).exactOptional() });

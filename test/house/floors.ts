/** The floors of the house, from the roof to the ground. A room imports from its own floor and from those below. */
export const floors: readonly (readonly string[])[] = [
  ['main'],
  ['cli'],
  ['demo'],
  ['compose'],
  ['http', 'sandbox'],
  ['health'],
  ['publication'],
  ['exchange', 'onboarding', 'delivery', 'doctor', 'uploads'],
  ['issuer'],
  ['clients', 'connections', 'tenants', 'policy', 'operator'],
  ['upkeep'],
  ['config'],
  ['audit', 'keys', 'clouds'],
  ['records'],
  ['store'],
  ['hygiene', 'errors', 'time', 'outbound', 'log', 'metrics', 'ids', 'input'],
];

/** The areas of `src` as layers, from the top. An area imports from itself and from the areas below it. */
export const areas: readonly string[] = [
  'main',
  'tools',
  'sandbox',
  'server',
  'onboarding',
  'tokens',
  'access',
  'clouds',
  'platform',
];

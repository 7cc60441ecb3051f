/** Options of Node and V8 that expose the memory or the environment to others. */

interface LeakingOption {
  readonly flag: string;
  readonly why: string;
}

const rules: readonly { readonly flag: RegExp; readonly why: string }[] = [
  { flag: /^--inspect(-brk|-wait|-brk-node)?$/, why: 'an inspector exposes the memory' },
  { flag: /^--heap-?snapshot-/, why: 'a heap snapshot writes the memory to a file' },
  {
    flag: /^--report-(on-.*|uncaught-exception)$/,
    why: 'a diagnostic report contains the environment, which may contain the key-encryption key',
  },
  { flag: /^--abort-on-uncaught-exception$/, why: 'a core dump writes the memory to a file' },
  // The content of the file is unknown here.
  {
    flag: /^--experimental-(default-)?config-file$/,
    why: 'its file can enable options that expose the memory',
  },
];

/** The leaking options among `options`, in order, as written but without values. */
export const findLeakingOptions = (options: readonly string[]): readonly LeakingOption[] =>
  options.flatMap((option) => {
    const flag = option.replace(/=.*$/s, '');
    // Node and V8 treat an underscore as a hyphen.
    const rule = rules.find((candidate) => candidate.flag.test(flag.replaceAll('_', '-')));
    return rule ? [{ flag, why: rule.why }] : [];
  });

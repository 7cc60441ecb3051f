/** The options of Node and V8 that put the memory, or the environment, where others can read it. */

interface LeakingOption {
  readonly flag: string;
  readonly why: string;
}

const known: readonly { readonly flag: RegExp; readonly why: string }[] = [
  { flag: /^--inspect(-brk|-wait|-brk-node)?$/, why: 'an inspector shows the memory' },
  { flag: /^--heap-?snapshot-/, why: 'a heap snapshot is the memory in a file' },
  {
    flag: /^--report-(on-.*|uncaught-exception)$/,
    why: 'a report holds the environment, from which the key-encryption key may come, and then the memory opens',
  },
  { flag: /^--abort-on-uncaught-exception$/, why: 'a core dump is the memory in a file' },
  // What stands in such a file cannot be seen from here.
  { flag: /^--experimental-(default-)?config-file$/, why: 'its file may switch on what shows the memory' },
];

/** Those among `options`, in their order, each as it is written without its value. */
export const findLeakingOptions = (options: readonly string[]): readonly LeakingOption[] =>
  options.flatMap((option) => {
    const flag = option.replace(/=.*$/s, '');
    // Node and V8 read an underscore as a hyphen.
    const leak = known.find((one) => one.flag.test(flag.replaceAll('_', '-')));
    return leak ? [{ flag, why: leak.why }] : [];
  });

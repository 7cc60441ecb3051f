/** Prints the demo: numbered steps with aligned facts, one on a line. */

export interface DemoOutput {
  step(title: string): void;
  /** A label and a value. */
  fact(label: string, value: string): void;
  refusal(attempt: string, answer: string): void;
  block(lines: readonly string[]): void;
  failed(error: unknown): void;
}

/** The longest label is the event `key.rotation_requested`. */
const labelWidth = 22;

export function createDemoOutput(output: NodeJS.WritableStream): DemoOutput {
  const line = (text = '') => output.write(`${text}\n`);
  let steps = 0;
  return {
    step(title) {
      steps += 1;
      line();
      line(`${steps}. ${title}`);
    },
    fact: (label, value) => line(`   ${label.padEnd(labelWidth)} ${value}`),
    refusal(attempt, answer) {
      line(`   ${attempt}`);
      line(`     refused: ${answer}`);
    },
    block(lines) {
      for (const text of lines) line(`     ${text}`);
    },
    failed(error) {
      line();
      line(`The demo stopped: ${error instanceof Error ? error.message : String(error)}`);
    },
  };
}

/** How the demo is told: calm, aligned, one fact a line. */

export interface Narrator {
  chapter(title: string): void;
  /** A label and what there is to see. */
  fact(label: string, value: string): void;
  refusal(attempt: string, answer: string): void;
  block(lines: readonly string[]): void;
  failed(error: unknown): void;
}

/** The longest label is the event `key.rotation_requested`. */
const labelWidth = 20;

export function narrator(output: NodeJS.WritableStream): Narrator {
  const line = (text = '') => output.write(`${text}\n`);
  let chapters = 0;
  return {
    chapter(title) {
      chapters += 1;
      line();
      line(`${chapters}. ${title}`);
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

/** A piece of work with a known length. */
export interface Stage {
  /** Says how far it is, and what is worth showing beside it, such as the loss. */
  update(done: number, details?: Readonly<Record<string, string>>): void;
  /** Says that it is over. */
  end(): void;
}

/** Where work reports to people. */
export interface Progress {
  /** Starts to show a piece of work: `Reading images`, so many `images`. */
  stage(name: string, options: { readonly total: number; readonly unit: string }): Stage;
  /** A line worth reading. */
  line(text: string): void;
  /** A line that must not be missed. */
  warn(text: string): void;
}

const noStage: Stage = { update: () => undefined, end: () => undefined };

/** Progress that nobody looks at. */
export const silentProgress: Progress = { stage: () => noStage, line: () => undefined, warn: () => undefined };

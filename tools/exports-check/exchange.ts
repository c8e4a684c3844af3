/** Numbers of a tensor, as consumers read and write them in JSON. */
export interface Numbers {
  readonly shape: readonly number[];
  /** In what came `null` stands for a value that is not finite. */
  readonly data: readonly number[];
}

/** What a consumer feeds to a model, and what has to come out. */
export interface Case {
  /** Images 0 to 255, `[n, height, width, channels]`. */
  readonly pixels?: Numbers;
  /** Token ids, mask and segments, each `[n, length]`, by the names that Hugging Face has for them. */
  readonly tokens?: Readonly<Record<'input_ids' | 'attention_mask' | 'token_type_ids', Numbers>>;
  /** The texts whose ids `tokens` are, where there are such: of a consumer that has a tokenizer. */
  readonly texts?: readonly string[];
  /** By name what our encoder makes of it, see `subject.ts`. */
  readonly expected: Readonly<Record<string, Numbers>>;
}

/** A model that a consumer is to open. */
export interface Job {
  readonly id: string;
  /** The folder of the export. */
  readonly folder: string;
  /** The file in it to open, of formats in which there may be several. */
  readonly file: string | undefined;
  readonly cases: readonly Case[];
}

/** What came out, case by case; or why nothing did. */
export interface Answer {
  readonly id: string;
  readonly outputs?: readonly Readonly<Record<string, Numbers>>[];
  /** What the user should know although it worked. */
  readonly notes?: readonly string[];
  readonly error?: string;
}

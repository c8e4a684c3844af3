/** Numbers by name. */
export type Measures = Readonly<Record<string, number>>;

/** One line of the result: what was reached, and with what it is compared. */
export interface Comparison {
  /** What is measured, such as `kNN`. */
  readonly title: string;
  /** After the numbers, such as `%` or `nats`. */
  readonly unit: string;
  /** Which is better. */
  readonly better: 'higher' | 'lower';
  /** Of the trained encoder. */
  readonly trained: number;
  /** Of what it must beat, by name, such as `the untrained encoder` or `raw pixels`. */
  readonly baselines: Readonly<Record<string, number>>;
  /** Where `trained` and `baselines` are shares of samples in percent: how many samples there are, and what they are, such as `images`. Default nothing. */
  readonly judges?: { readonly count: number; readonly unit: string };
  /** Differences below it say nothing; default 0. */
  readonly margin?: number;
  /** What to make of it where `trained` does not beat every baseline by the margin; told to people then. Default nothing. */
  readonly advice?: string;
}

/** A measurement of what is trained, before, between and after epochs. */
export interface Probe {
  /** Kebab-case; the type of its lines in metrics.jsonl, such as `knn`. */
  readonly name: string;
  /** Before the first update: the untrained encoder and what else it is compared with. */
  baselines(): Promise<Measures>;
  /** Of the encoder as it is now. */
  measure(): Promise<Measures>;
  /** A measurement for people, such as `kNN 63.70 %`. */
  describe(measures: Measures): string;
  /** How the last measurement compares. */
  compare(trained: Measures, baselines: Measures): readonly Comparison[];
}

/** A number with a name, for the head of a report or a table. */
export interface NamedNumber {
  /** What it is, such as `kNN accuracy after training`. */
  readonly label: string;
  /** As it is shown, such as `63.7 %`. */
  readonly value: string;
  /** The one that matters most. */
  readonly main?: boolean;
}

/** A line of a chart. */
export interface Series {
  /** In the legend. */
  readonly name: string;
  /** `[x, y]` in order of x. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** `level`: a dashed line to compare with; `faint`: behind the others, without a place in the legend. Default `line`. */
  readonly style?: 'line' | 'level' | 'faint';
}

/** A picture or a text, with what is written below. */
export interface GalleryItem {
  /** A `data:` URI of an image; absent for a text. */
  readonly image?: string;
  /** A text, where there is no picture. */
  readonly text?: string;
  /** Below the picture. */
  readonly caption?: string;
  /** How it compares with the first of its row. */
  readonly mark?: 'same' | 'other';
}

/** A point of a map. */
export interface MapPoint {
  /** Across. */
  readonly x: number;
  /** Upwards. */
  readonly y: number;
  /** An index into `classNames`. */
  readonly label?: number;
}

/** A piece of a text: plain, or a place at which a model guessed. */
export type TextPiece =
  | string
  | {
      /** What stands there. */
      readonly truth: string;
      /** The probability of the truth, in [0, 1]. */
      readonly probability: number;
      /** The best guesses with their probabilities. */
      readonly guesses: readonly { readonly token: string; readonly probability: number }[];
      /** What was put there instead, and how surely it was found. */
      readonly swapped?: { readonly token: string; readonly probability: number };
    };

/** A part of a report, as data: what draws it knows nothing of tasks or modalities. */
export type Section =
  | { readonly kind: 'numbers'; readonly title?: string; readonly numbers: readonly NamedNumber[] }
  | { readonly kind: 'notice'; readonly level: 'info' | 'good' | 'warning'; readonly title?: string; readonly lines: readonly string[] }
  | {
      readonly kind: 'charts';
      readonly title: string;
      readonly text?: string;
      readonly charts: readonly Chart[];
    }
  | {
      readonly kind: 'gallery';
      readonly title: string;
      readonly text?: string;
      readonly rows: readonly (readonly GalleryItem[])[];
      /** The items stand for themselves: the first of a row is none that the others are compared with. Default false. */
      readonly grid?: boolean;
    }
  | {
      readonly kind: 'matrix';
      readonly title: string;
      readonly text?: string;
      /** What a row stands for, such as `true class`. */
      readonly rowName: string;
      /** What a column stands for, such as `given class`. */
      readonly columnName: string;
      /** Of the rows, and of the columns. */
      readonly names: readonly string[];
      /** `[row][column]`: counts, ≥ 0; the share of its row gives each its shade. */
      readonly values: readonly (readonly number[])[];
    }
  | {
      readonly kind: 'map';
      readonly title: string;
      readonly text?: string;
      readonly points: readonly MapPoint[];
      readonly classNames?: readonly string[];
      /** One picture or text for each point, shown where one points. */
      readonly items?: readonly GalleryItem[];
    }
  | { readonly kind: 'texts'; readonly title: string; readonly text?: string; readonly texts: readonly (readonly TextPiece[])[] }
  | {
      readonly kind: 'table';
      readonly title: string;
      readonly text?: string;
      readonly columns?: readonly string[];
      readonly rows: readonly (readonly string[])[];
    };

/** Lines in one frame. */
export interface Chart {
  /** Above the chart. */
  readonly title: string;
  /** The lines in it. */
  readonly series: readonly Series[];
  /** Of the horizontal axis; default `epoch`. */
  readonly xName?: string;
  /** How the horizontal axis is divided; default `linear`, from 0. `log` for numbers above 0 that grow by factors, such as numbers of labels. */
  readonly xScale?: 'linear' | 'log';
  /** After each number of the vertical axis, such as `%`. */
  readonly unit?: string;
  /** Whether the vertical axis starts at 0; default false. */
  readonly fromZero?: boolean;
}

/** A whole report. */
export interface ReportData {
  /** The heading. */
  readonly title: string;
  /** A sentence below it. */
  readonly summary: string;
  /** What comes below, in order. */
  readonly sections: readonly Section[];
}

import { printable } from '@selfsup/core';
import { failAbout } from './pick-columns.ts';

/** A text and its class as a file has them. */
export interface LabeledRow {
  readonly text: string;
  readonly label: string;
  /** For messages, from 1. */
  readonly line: number;
  /** Whether the columns were taken because nothing else was said. */
  readonly assumed: boolean;
}

/** Rows of TREC's question classification: `COARSE:fine text`. */
export function parseTrec(text: string, path: string, fine: boolean): LabeledRow[] {
  const rows: LabeledRow[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const match = /^(([A-Z]+):\w+)\s+(.*\S)\s*$/.exec(line);
    if (!match) {
      const got = printable(JSON.stringify(line.slice(0, 60)));
      return failAbout({ who: 'openLabeledText', path }, `must have lines such as LOC:city What is …, but line ${i + 1} is ${got}`);
    }
    rows.push({ text: match[3]!, label: (fine ? match[1] : match[2])!, line: i + 1, assumed: false });
  }
  return rows;
}

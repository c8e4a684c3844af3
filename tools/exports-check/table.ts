import type { Format } from './subjects.ts';

/** What one consumer made of one export. */
export interface Cell {
  readonly subject: string;
  readonly consumer: string;
  /** Of a reduced precision; absent: float32. */
  readonly precision?: string;
  readonly ok: boolean;
  /** The largest difference, relative to the largest value. */
  readonly error?: number;
  /** The smallest cosine. */
  readonly cosine?: number;
  /** What went wrong. */
  readonly problem?: string;
}

/** An export that the command refused to write. */
export interface Refusal {
  readonly subject: string;
  readonly format: Format;
  readonly precision?: string;
  readonly message: string;
  /** Whether it had to. */
  readonly ok: boolean;
}

/** What a check found. */
export interface Findings {
  readonly subjects: readonly string[];
  /** In the order of the table, with the versions that ran; without: skipped. */
  readonly consumers: readonly { readonly name: string; readonly format: Format; readonly version: string | undefined }[];
  readonly cells: readonly Cell[];
  readonly refusals: readonly Refusal[];
  /** Such as the opset of the ONNX files. */
  readonly notes: readonly string[];
}

const HEAD = `# Exports

<!-- Written by \`npm run test:exports\`; do not edit. -->

\`selfsup export\` writes an encoder for other libraries. This table says what each library made of each encoder when it was checked last.

\`\`\`sh
selfsup export --run runs/photos --format onnx --out photos-onnx
\`\`\`

A number is the largest difference from what selfsup computes, relative to the largest value; it must not be above 1e-4. A dash: there is nothing to open, because the format
has no place for the encoder, which the command says, or the library is for other kinds of data. Encoders have random weights and take images of 16 to 64 pixels; those
that are called a run were trained for a second. Each is checked on batches of several samples and of a single one. With \`--python PATH\` the check opens exports in Python,
too.`;

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

const shown = (cell: Cell | undefined): string => {
  if (!cell) return '–';
  if (!cell.ok) return '**fails**';
  return cell.precision === undefined ? cell.error!.toExponential(1) : cell.cosine!.toFixed(4);
};

function reducedTable({ subjects, consumers, cells, refusals }: Findings): string | undefined {
  const precisions = [...new Set([...cells, ...refusals].flatMap(({ precision }) => precision ?? []))];
  if (precisions.length === 0) return undefined;
  const columns = precisions.flatMap((precision) =>
    consumers
      .filter(({ name }) => cells.some((cell) => cell.consumer === name && cell.precision === precision))
      .map(({ name }) => ({ name, precision })),
  );
  const rows = subjects.map((subject) => [
    subject,
    ...columns.map(({ name, precision }) => {
      const refusal = refusals.find((one) => one.subject === subject && one.precision === precision);
      return refusal
        ? 'refused'
        : shown(cells.find((cell) => cell.subject === subject && cell.consumer === name && cell.precision === precision));
    }),
  ]);
  return `## Reduced precision

The smallest cosine between the features of a sample and those of selfsup; the command refuses to write a file below 0.99. A dash: it was not tried.

${table(['encoder', ...columns.map(({ name, precision }) => `${precision}, ${name}`)], rows)}`;
}

/**
 * Writes docs/exports.md.
 *
 * @param findings see {@link Findings}
 * @returns Markdown
 */
export function writeTable(findings: Findings): string {
  const { subjects, consumers, cells, refusals, notes } = findings;
  const ran = consumers.filter(({ version }) => version !== undefined);
  const skipped = consumers.filter(({ version }) => version === undefined);
  const find = (subject: string, consumer: string) =>
    cells.find((cell) => cell.subject === subject && cell.consumer === consumer && cell.precision === undefined);
  const matrix = table(
    ['encoder', ...ran.map(({ name, format }) => `${format}: ${name}`)],
    subjects.map((subject) => [subject, ...ran.map(({ name }) => shown(find(subject, name)))]),
  );
  const versions = [...new Set(ran.map(({ version }) => version!))];
  const problems = cells
    .filter(({ ok }) => !ok)
    .map(({ subject, consumer, precision = 'float32', problem = '' }) => `- ${subject}, ${consumer}, ${precision}: ${problem}`);
  const parts = [
    HEAD,
    matrix,
    `Ran: ${versions.join(', ')}.${notes.length > 0 ? ` ${notes.join('; ')}.` : ''}`,
    skipped.length > 0 && `Skipped, because they were not installed: ${skipped.map(({ name }) => name).join(', ')}.`,
    reducedTable(findings),
    problems.length > 0 && `## What fails\n\n${problems.join('\n')}`,
    refusals.length > 0 &&
      `## What is refused\n\n${refusals.map(({ subject, format, precision, message }) => `- ${subject}, ${[format, precision].filter(Boolean).join(', ')}: ${message}`).join('\n')}`,
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

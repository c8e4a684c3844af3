/** How sentences are told apart: `split`: by their punctuation, lines of a paragraph are joined; `lines`: one on each line. */
export type SentenceRule = 'split' | 'lines';

let segmenter: Intl.Segmenter | undefined;

/** The sentences of a text, without white space around them; none is empty. */
export function splitSentences(text: string, rule: SentenceRule): string[] {
  const lines = text.split('\n');
  if (rule === 'lines') return lines.map((line) => line.trim()).filter((line) => line !== '');
  segmenter ??= new Intl.Segmenter('en', { granularity: 'sentence' });
  const sentences: string[] = [];
  let paragraph: string[] = [];
  const close = () => {
    for (const { segment } of segmenter!.segment(paragraph.join(' '))) if (segment.trim() !== '') sentences.push(segment.trim());
    paragraph = [];
  };
  for (const line of lines) {
    const trimmed = line.trim();
    if (trimmed === '') close();
    else paragraph.push(trimmed);
  }
  close();
  return sentences;
}

/**
 * What separates documents: `file`: each file is one; `line`: each line that is not blank is one; `blank-line`: lines without anything on them; `chapter`:
 * headings of a book; a pattern: a line that it matches begins a document.
 */
export type DocumentRule = 'file' | 'line' | 'blank-line' | 'chapter' | RegExp;

/** Where the splitting stands between two pieces of a file; plain data. */
export interface SplitState {
  /** Whether the next line of text begins a document. */
  fresh: boolean;
  /** Whether the next piece starts within a line. */
  midLine: boolean;
  /** Characters of the document so far. */
  characters: number;
}

/** A part of a piece that belongs to one document. */
export interface DocumentPart {
  readonly text: string;
  /** Whether it begins a document. */
  readonly begins: boolean;
}

const NUMBER =
  '(?:[IVXLCDM]+|\\d+|(?:[Tt]he |THE )?(?:First|Second|Third|Fourth|Fifth|Sixth|Seventh|Eighth|Ninth|Tenth|Last|One|Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten|' +
  'FIRST|SECOND|THIRD|FOURTH|FIFTH|SIXTH|SEVENTH|EIGHTH|NINTH|TENTH|LAST|ONE|TWO|THREE|FOUR|FIVE|SIX|SEVEN|EIGHT|NINE|TEN|ELEVEN|TWELVE|THIRTEEN|FOURTEEN|FIFTEEN))';
const CHAPTER = new RegExp(
  `^\\s*(?:(?:Chapter|CHAPTER|Letter|LETTER|Adventure|ADVENTURE|Book|BOOK|Volume|VOLUME|Part|PART|Stave|STAVE|Canto|CANTO) ${NUMBER}\\b|EPILOGUE\\b|Epilogue\\s*$)`,
);
const SHORTEST_CHAPTER = 1000; // characters: the headings of a table of contents begin nothing

/** The state at the start of a file. */
export const startOfFile = (): SplitState => ({ fresh: true, midLine: false, characters: 0 });

/** Cuts a piece of a file where documents begin, and brings `state` up to date. */
export function* splitDocuments(text: string, rule: DocumentRule, state: SplitState): Generator<DocumentPart, void, undefined> {
  if (rule === 'file') {
    if (text !== '') yield { text, begins: state.fresh };
    state.fresh = false;
    return;
  }
  let from = 0;
  let begins = false;
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline + 1;
    const whole = !state.midLine;
    const line = text.slice(at, Math.min(end, at + 300)); // enough for a heading
    const blank = line.trim() === '' && text.slice(at, end).trim() === '';
    const starts =
      rule === 'blank-line'
        ? state.fresh && !blank
        : rule === 'line'
          ? whole && !blank
          : (state.fresh && !blank) ||
            (whole && (rule === 'chapter' ? CHAPTER.test(line) && state.characters >= SHORTEST_CHAPTER : matches(rule, line)));
    if (starts) {
      if (at > from) yield { text: text.slice(from, at), begins };
      from = at;
      begins = true;
      state.characters = 0;
      state.fresh = false;
    }
    if (rule === 'blank-line' && blank && whole) state.fresh = true;
    state.characters += end - at;
    state.midLine = newline < 0;
    at = end;
  }
  if (text.length > from) yield { text: text.slice(from), begins };
}

function matches(pattern: RegExp, line: string): boolean {
  pattern.lastIndex = 0; // of a global one
  return pattern.test(line.replace(/\r?\n$/, ''));
}

import type { ProbeContext } from '../modality.ts';
import type { Section } from '../section.ts';
import { fillInExamples } from './fill-in-examples.ts';
import type { TextOptions } from './text-options.ts';
import type { TextRunData } from './text-run-data.ts';
import { textFacts, type TextTaskFacts } from './text-task.ts';
import { tokenGuesser } from './token-guesser.ts';

function describeGuesses({ sees, guessers }: TextTaskFacts): string {
  if (guessers === 'generator')
    return 'The marked words were hidden; below each stand the guesses of the generator. Then its best wrong guess was put there: how probable the discriminator holds it that the word was replaced.';
  return sees === 'before'
    ? 'At each marked word the model saw only what stands before it; below are the words that it expected.'
    : 'The marked words were hidden; below each stand the words that the model held most probable.';
}

/** Held-out sentences with hidden words and what the model held probable there. */
async function guessedWords(context: ProbeContext<TextRunData, TextOptions>): Promise<readonly Section[]> {
  const { data, recipe, settings } = context;
  const { test, tokenizer } = data;
  const facts = textFacts(recipe);
  if (!test || !facts.guessers) return [];
  const guesser = tokenGuesser(context, tokenizer);
  const texts = await fillInExamples({ dataset: test.dataset, tokenizer, guesser, seed: settings.seed }).finally(() => {
    guesser.dispose();
  });
  if (texts.length === 0) return [];
  const text = `Sentences of the held-out text. ${describeGuesses(facts)} Beside a marked word stands the probability that the model gave it.`;
  return [{ kind: 'texts', title: 'Guessed words', text, texts }];
}

const NAMES: Readonly<Record<string, string>> = {
  documents: 'Documents',
  documentRule: 'What separates documents',
  tokens: 'Tokens',
  unknownTokens: 'Unknown to the vocabulary',
};
const RULES: Readonly<Record<string, string>> = { file: 'files', line: 'lines', 'blank-line': 'blank lines', chapter: 'chapters' };

/** The table of the text. */
function textTable({ data, run }: ProbeContext<TextRunData, TextOptions>): Section {
  const { input } = data;
  const whole = (value: number) => value.toLocaleString('en-US');
  const facts = Object.entries({ ...data.fingerprint, ...data.facts }).flatMap(([name, value]): [string, string][] =>
    NAMES[name] === undefined ? [] : [[NAMES[name], typeof value === 'number' ? whole(value) : (RULES[value] ?? value)]],
  );
  return {
    kind: 'table',
    title: 'Text',
    rows: [
      ['Text', run.dataset.name],
      ...facts,
      ['Vocabulary', `${whole(input.vocabularySize)} tokens`],
      ['Sequences to learn from', `${whole(run.dataset.train)} of ${input.length} tokens`],
      ['Sequences held out', whole(run.dataset.test)],
    ],
  };
}

/**
 * What the report of a run on text has of its own: words guessed in held-out sentences, and a table of the text.
 *
 * @param context see {@link ProbeContext}
 * @returns the sections; no words where there is no held-out text, or the task guesses none
 */
export async function textSections(context: ProbeContext<TextRunData, TextOptions>): Promise<readonly Section[]> {
  return [...(await guessedWords(context)), textTable(context)];
}

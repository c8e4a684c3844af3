import type { TextPiece } from '@selfsup/pretrain';
import { markup, type Html } from '../html.ts';
import { heading } from './heading.ts';
import type { SectionOf } from './section-of.ts';

type Place = Exclude<TextPiece, string>;

/** Two digits that mean something: `33 %`, `0.47 %`. */
function percent(share: number): string | undefined {
  if (!Number.isFinite(share)) return undefined;
  return share > 0 && share < 1e-6 ? '<\u00a00.0001\u00a0%' : `${Number((100 * share).toPrecision(2))}\u00a0%`;
}

/** White space that can be seen. */
const visible = (token: string) => (token.trim() === '' ? token.replace(/\n/g, '⏎').replace(/\s/g, '␣') : token);

function guessOf({ token, probability }: Place['guesses'][number], { truth, guesses }: Place): Html {
  const best = guesses.reduce((most, guess) => Math.max(most, guess.probability || 0), 0);
  const width = best > 0 && probability > 0 ? Math.round((100 * probability) / best) : 0;
  const right = token === truth;
  return markup`<li class="${right && 'right'}"><i style="width:${width}%"></i><span>${visible(token)}${right && markup` <b aria-hidden="true">✓</b><span class="hidden"> right</span>`}</span><small>${percent(probability)}</small></li>`;
}

function placeOf(place: Place): Html {
  const { truth, probability, guesses, swapped } = place;
  return markup`<div class="place"><h3 dir="auto">${visible(truth)} <small>${percent(probability)}</small></h3>${guesses.length > 0 && markup`<ol>${guesses.map((guess) => guessOf(guess, place))}</ol>`}${swapped && markup`<p class="soft">“${visible(swapped.token)}” in its place: replaced, ${percent(swapped.probability)}</p>`}</div>`;
}

function textOf(pieces: readonly TextPiece[]): Html {
  const places = pieces.filter((piece) => typeof piece !== 'string');
  const words = pieces.map((piece) => (typeof piece === 'string' ? piece : markup`<mark>${visible(piece.truth)}</mark>`));
  return markup`<figure class="text"><p dir="auto">${words}</p>${places.length > 0 && markup`<div class="places">${places.map(placeOf)}</div>`}</figure>`;
}

/** Texts with the places at which a model guessed, and what it held probable there. */
export function textsSection(section: SectionOf<'texts'>): Html | undefined {
  const texts = section.texts.filter((pieces) => pieces.length > 0);
  return texts.length > 0 ? markup`<section>${heading(section)}<div class="texts">${texts.map(textOf)}</div></section>` : undefined;
}

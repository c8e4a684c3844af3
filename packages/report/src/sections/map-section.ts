import type { GalleryItem } from '@selfsup/pretrain';
import { mapChart } from '../charts/map-chart.ts';
import { countOf } from '@selfsup/core';
import { jsonIsland, markup, raw, type Html } from '../html.ts';
import { isImageUri } from '../image-uri.ts';
import { heading } from './heading.ts';
import type { SectionOf } from './section-of.ts';

interface Group {
  readonly name: string;
  readonly color: string;
  readonly members: readonly number[];
}

const colorOf = (label: number, count: number) => (count <= 10 ? `var(--c${label})` : `hsl(${Math.round((360 * label) / count)} 65% 52%)`);
const isLabel = (label: number | undefined): label is number => label !== undefined && Number.isInteger(label) && label >= 0;

/** The points of each class, then those without; one group where nothing has a class. */
function groupsOf({ points, classNames = [] }: SectionOf<'map'>): readonly Group[] {
  const shown = points.flatMap(({ x, y }, i) => (Number.isFinite(x) && Number.isFinite(y) ? [i] : []));
  const labeled = shown.filter((i) => isLabel(points[i]!.label));
  if (labeled.length === 0) return [{ name: '', color: 'var(--c0)', members: shown }];
  const count = labeled.reduce((most, i) => Math.max(most, points[i]!.label! + 1), classNames.length);
  const members = Array.from({ length: count }, (): number[] => []);
  for (const i of labeled) members[points[i]!.label!]!.push(i);
  const classes = members.map((numbers, label) => ({
    name: classNames[label] ?? `class ${label}`,
    color: colorOf(label, count),
    members: numbers,
  }));
  const rest = shown.filter((i) => !isLabel(points[i]!.label));
  return rest.length > 0 ? [...classes, { name: 'no class', color: 'var(--calm)', members: rest }] : classes;
}

/** What is shown of an item: a picture that need not be loaded, text, caption. */
const shownOf = ({ image, text, caption }: GalleryItem) => ({
  ...(image !== undefined && isImageUri(image) && { image }),
  ...(text !== undefined && { text }),
  ...(caption !== undefined && { caption }),
});

/** A map of points, with what its script needs to show the item under the pointer or at the keyboard's place. */
export async function mapSection(section: SectionOf<'map'>, id: string): Promise<Html | undefined> {
  const groups = groupsOf(section);
  const total = groups.reduce((sum, { members }) => sum + members.length, 0);
  if (total === 0) return undefined;
  const { title, points, items = [] } = section;
  const classes = groups.length > 1 || groups[0]!.name !== '' ? groups : [];
  const label = `${title}: ${countOf(total, 'points')}${classes.length > 0 ? ` in ${countOf(classes.length, 'groups')}` : ''}`;
  const svg = await mapChart({ points, groups, label, id });
  const data = jsonIsland({
    members: groups.map(({ members }) => members),
    names: groups.map(({ name }) => name),
    items: items.map(shownOf),
  });
  const hint = items.length > 0 || classes.length > 0 ? 'Point at a dot, or use the arrow keys on the map, to see what it stands for.' : '';
  const legend = classes.map(
    ({ name, color, members }, group) =>
      markup`<li><button type="button" data-group="${group}" aria-pressed="false"><i style="--at:${color}"></i><span>${name}</span> <small>${members.length.toLocaleString('en-US')}<span class="hidden"> ${members.length === 1 ? 'point' : 'points'}</span></small></button></li>`,
  );
  return markup`<section class="map">${heading(section)}<div class="plane"><figure><div class="dots"${hint !== '' && markup` tabindex="0" role="application" aria-roledescription="map" aria-label="${label}. ${hint}"`}>${raw(svg)}<div class="peek" aria-hidden="true" hidden></div><span class="hidden" aria-live="polite"></span></div>${hint !== '' && markup`<figcaption class="soft">${hint}</figcaption>`}</figure>${legend.length > 0 && markup`<ul aria-label="Groups">${legend}</ul>`}</div>${data}</section>`;
}

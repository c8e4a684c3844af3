import type { GalleryItem } from '@selfsup/pretrain';
import { markup, type Html } from '../html.ts';
import { isImageUri } from '../image-uri.ts';
import { heading } from './heading.ts';
import type { SectionOf } from './section-of.ts';

const MARKS = { same: ['✓', 'same'], other: ['✕', 'different'] } as const;

function content({ image, text, caption }: GalleryItem): Html {
  if (image !== undefined && isImageUri(image)) return markup`<img src="${image}" alt="${caption ? '' : (text ?? 'picture')}">`;
  if (text !== undefined) return markup`<blockquote dir="auto">${text}</blockquote>`;
  return markup`<span class="gone">${image === undefined ? 'no picture' : 'left out: the picture is not a data: URI of an image'}</span>`;
}

function figure(item: GalleryItem, isQuery: boolean): Html {
  const mark = isQuery ? undefined : item.mark;
  const sign =
    mark && markup`<b class="mark"><span aria-hidden="true">${MARKS[mark][0]}</span><span class="hidden">${MARKS[mark][1]}: </span></b>`;
  const caption = (mark !== undefined || Boolean(item.caption)) && markup`<figcaption dir="auto">${sign}${item.caption}</figcaption>`;
  return markup`<figure class="item${isQuery && ' query'}${mark && ` ${mark}`}">${content(item)}${caption}</figure>`;
}

/** Rows of pictures or texts, the first of each row set apart, the others framed by how they compare with it. */
export function gallerySection(section: SectionOf<'gallery'>): Html | undefined {
  const { grid = false } = section;
  const rows = section.rows.filter((row) => row.length > 0);
  if (rows.length === 0) return undefined;
  const marks = new Set(rows.flatMap((row) => row.slice(1).map(({ mark }) => mark)));
  const keys = (['same', 'other'] as const).filter((mark) => marks.has(mark));
  const key =
    keys.length > 0 &&
    markup`<ul class="legend">${keys.map(
      (mark) =>
        markup`<li class="${mark}"><b class="mark">${MARKS[mark][0]}</b>${mark === 'same' ? 'same as the first of its row' : 'different from the first of its row'}</li>`,
    )}</ul>`;
  const isText = rows.every((row) => row.every(({ image }) => image === undefined));
  const items = rows.map(
    (row) => markup`<div class="row" role="group">${row.map((item, i) => figure(item, !grid && i === 0 && row.length > 1))}</div>`,
  );
  return markup`<section class="gallery">${heading(section)}${key}<div class="rows${isText && ' of-texts'}${grid && ' grid'}">${items}</div></section>`;
}

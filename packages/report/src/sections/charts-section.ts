import type { Chart } from '@selfsup/pretrain';
import { hasPoints, lineChart, seriesLooks, unitBeside } from '../charts/line-chart.ts';
import { markup, raw, type Html } from '../html.ts';
import { heading } from './heading.ts';
import type { SectionOf } from './section-of.ts';

function legend({ series }: Chart): Html | false {
  const entries = seriesLooks(series).filter(({ series: { style, points } }) => style !== 'faint' && points.length > 0);
  if (entries.length === 0 || series.length < 2) return false;
  return markup`<ul class="legend">${entries.map(
    ({ series: { name }, color, dashes }) =>
      markup`<li><i style="--at:${color}${dashes && `;--on:${dashes[0]}px;--off:${dashes[0] + dashes[1]}px`}"></i>${name}</li>`,
  )}</ul>`;
}

async function figure(chart: Chart, id: string): Promise<Html> {
  const { title, unit, xName = 'epoch' } = chart;
  const body = hasPoints(chart)
    ? markup`${raw(await lineChart(chart, id))}<p class="axis">${xName}</p>`
    : markup`<p class="soft">None of the values is a finite number.</p>`;
  return markup`<figure><h3>${title}${unitBeside(chart) && markup` <small>${unit}</small>`}</h3>${legend(chart)}${body}</figure>`;
}

/** Charts beside each other; those without any value are left out. */
export async function chartsSection(section: SectionOf<'charts'>, id: string): Promise<Html | undefined> {
  const charts = section.charts.filter(({ series }) => series.some(({ points }) => points.length > 0));
  if (charts.length === 0) return undefined;
  const figures = await Promise.all(charts.map((chart, i) => figure(chart, `${id}c${i}`)));
  return markup`<section>${heading(section)}<div class="charts">${figures}</div></section>`;
}

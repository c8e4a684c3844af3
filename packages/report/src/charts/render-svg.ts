import type { EChartsCoreOption } from 'echarts/core';
import { escapeHtml } from '../html.ts';

/** Options of {@link renderSvg}. */
export interface RenderSvgOptions {
  /** In pixels; the page scales it. */
  width: number;
  /** In pixels. */
  height: number;
  /** What the chart shows, for screen readers. */
  label: string;
  /** Its own on the page: a letter and digits. */
  id: string;
}

/**
 * Draws a chart without a browser.
 *
 * @param option what echarts should draw
 * @param options see {@link RenderSvgOptions}
 * @returns SVG, the same for the same options
 */
export async function renderSvg(option: EChartsCoreOption, options: RenderSvgOptions): Promise<string> {
  const [core, { LineChart, ScatterChart }, { GridComponent }, { SVGRenderer }] = await Promise.all([
    import('echarts/core'),
    import('echarts/charts'),
    import('echarts/components'),
    import('echarts/renderers'),
  ]);
  core.use([LineChart, ScatterChart, GridComponent, SVGRenderer]);
  const { width, height, label, id } = options;
  const chart = core.init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({ animation: false, textStyle: { fontFamily: 'inherit' }, ...option });
    // ids of clip paths and classes of hover rules are those of a page with one chart: make them this chart's own
    return chart
      .renderToSVGString()
      .replace(/zr\d+-/g, `${id}-`)
      .replace(/<style[\s\S]*?<\/style>/g, '')
      .replace(/ class="[^"]*"/g, '')
      .replace('<svg ', () => `<svg role="img" aria-label="${escapeHtml(label)}" `)
      .replace(/ width="\d+" height="\d+"/, '');
  } finally {
    chart.dispose(); // otherwise its timer keeps the process alive
  }
}

export { labelCurveSections, type LabelCurveRow } from './label-curve-sections.ts';
export { renderReport } from './render-report.ts';

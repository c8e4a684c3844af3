export { reportNorm } from './report.ts';

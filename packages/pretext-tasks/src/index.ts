export { simclr, type SimclrBatch, type SimclrOptions } from './simclr.ts';

import { expect, test } from 'vitest';
import { mergeFindings } from './merge-findings.ts';
import { writeTable, type Findings } from './table.ts';

const found: Findings = {
  subjects: ['a ResNet', 'a conv-net'],
  consumers: [
    { name: 'ort', format: 'onnx', version: 'ort 1' },
    { name: 'timm', format: 'safetensors-timm', version: undefined },
  ],
  cells: [
    { subject: 'a ResNet', consumer: 'ort', ok: true, error: 1.23e-7, cosine: 1 },
    { subject: 'a ResNet', consumer: 'ort', precision: 'int8', ok: true, error: 0.01, cosine: 0.9951 },
    { subject: 'a conv-net', consumer: 'ort', ok: false, error: 0.5, cosine: 0.5, problem: 'error 0.5' },
  ],
  refusals: [
    { subject: 'a conv-net', format: 'safetensors-timm', message: 'no counterpart', ok: true },
    { subject: 'a conv-net', format: 'onnx', precision: 'int8', message: 'cosine 0.5', ok: true },
  ],
  notes: ['opset 17'],
};

test('the table shows errors, cosines, failures, refusals and who was not there', () => {
  const markdown = writeTable(found);
  expect(markdown).toContain('| encoder | onnx: ort |\n| --- | --- |\n| a ResNet | 1.2e-7 |\n| a conv-net | **fails** |');
  expect(markdown).toContain('| encoder | int8, ort |\n| --- | --- |\n| a ResNet | 0.9951 |\n| a conv-net | refused |');
  expect(markdown).toContain('Ran: ort 1. opset 17.');
  expect(markdown).toContain('Skipped, because they were not installed: timm.');
  expect(markdown).toContain('- a conv-net, ort, float32: error 0.5');
  expect(markdown).toContain('- a conv-net, safetensors-timm: no counterpart');
});

test('what is found later goes before, and what was not asked again stays', () => {
  const cell = { subject: 'a conv-net', consumer: 'ort', ok: true, error: 2e-7, cosine: 1 };
  const timm = { name: 'timm', format: 'safetensors-timm', version: 'timm 2' } as const;
  const now: Findings = { subjects: ['a conv-net'], consumers: [timm], cells: [cell], refusals: [], notes: [] };
  const all = mergeFindings(found, now, { order: ['ort', 'timm'] });
  expect(all.subjects).toEqual(found.subjects);
  expect(all.consumers).toEqual([found.consumers[0], timm]);
  expect(all.cells).toEqual([found.cells[0], found.cells[1], cell]);
  expect(all.refusals).toEqual(found.refusals);
});

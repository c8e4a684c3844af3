import { describe, expect, it } from 'vitest';
import { parseCsv } from './parse-csv.ts';

const segmentsOf = (text: string, options: object = {}) =>
  parseCsv(text, { name: 'a.csv', ...options }).segments.map(({ values, ...segment }) => ({ ...segment, values: [...values] }));

describe('reading tables', () => {
  it('reads columns by the names in the first line', () => {
    const text = '\uFEFFtime,x,"y, ""up"""\r\n0,1,2\r\n\r\n1,-3.5,4e-1\r\n';
    const { channelNames, segments } = parseCsv(text, { name: 'a.csv', columns: ['y, "up"', 'x'] });
    expect(channelNames).toEqual(['y, "up"', 'x']);
    expect(segments).toEqual([{ label: undefined, recording: undefined, values: Float32Array.of(2, 1, 0.4, -3.5) }]);
  });

  it('numbers the columns of a table without names, whatever stands between them', () => {
    for (const delimiter of [',', ';', '\t']) {
      const text = `1${delimiter}2\n3${delimiter}4`;
      expect(parseCsv(text, { name: 'a.csv' }).channelNames).toEqual(['1', '2']);
      expect(segmentsOf(text)[0]!.values).toEqual([1, 2, 3, 4]);
    }
  });

  it('begins a segment where label or recording change', () => {
    const text = 'x,who,what\n1,a,walk\n2,a,walk\n3,b,walk\n4,b,run\n5,b,walk';
    expect(segmentsOf(text, { labelColumn: 'what', recordingColumn: 'who' })).toEqual([
      { recording: 'a', label: 'walk', values: [1, 2] },
      { recording: 'b', label: 'walk', values: [3] },
      { recording: 'b', label: 'run', values: [4] },
      { recording: 'b', label: 'walk', values: [5] },
    ]);
  });

  it.each<[string, object, string]>([
    ['  \n', {}, 'a.csv: the file is empty'],
    ['x,y\n', {}, 'a.csv: there are no rows below the names of the columns'],
    ['x,y\n1,2\n3', {}, 'a.csv: line 3 must have 2 cells, got 1'],
    ['x,y\n1,\n', {}, "a.csv: line 2: 'y' must be a number, got ''"],
    ['x,y\n1,NaN\n', {}, "a.csv: line 2: 'y' must be a number, got 'NaN'"],
    ['x,y\n1,2\n', { columns: ['z'] }, "a.csv: there is no column 'z'; there are x, y"],
    ['x\n1\n', { labelColumn: 'x' }, 'a.csv: there is no column for a channel'],
  ])('says what is wrong: %#', (text, options, message) => {
    expect(() => parseCsv(text, { name: 'a.csv', ...options })).toThrow(message);
  });
});

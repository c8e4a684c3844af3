import { describe, expect, it } from 'vitest';
import { cutWindows } from './data/window-samples.ts';
import { drawWindows } from './draw-windows.ts';

describe('charts of windows', () => {
  it('have a line for each channel, from the least value at the bottom to the greatest at the top', async () => {
    const values = Float32Array.of(0, 1, 2, 1);
    const samples = cutWindows([{ id: 'a', values }], { name: 'a', channels: 2, length: 2, stride: 2 });
    const [item] = await drawWindows(samples, [0]);
    const svg = atob(item!.image!.replace('data:image/svg+xml;base64,', ''));
    expect([...svg.matchAll(/points="([^"]*)"/g)].map(([, points]) => points)).toEqual(['0.0,48.0 96.0,0.0', '0.0,24.0 96.0,24.0']);
  });
});

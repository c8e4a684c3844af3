import type { EncoderFactory } from '@selfsup/encoders';
import type { RunSettings } from './options/run-settings.ts';
import { encoders } from './registry-encoders.ts';
import { tasks } from './registry-tasks.ts';

/**
 * The encoder of a run, for training and for all that comes after it.
 *
 * @param settings which encoder, with which options, for which task
 * @param images what it takes
 * @returns a factory
 * @throws SelfsupError `SELFSUP_OPTION` on an option of the encoder that is out of range
 */
export function createEncoder(
  settings: Pick<RunSettings, 'task' | 'encoder' | 'encoderOptions'>,
  images: { channels: number; imageSize: number },
): EncoderFactory {
  const { task, encoder, encoderOptions } = settings;
  return encoders.get(encoder)({ ...images, options: { ...tasks.get(task).encoderOptions, ...encoderOptions } });
}

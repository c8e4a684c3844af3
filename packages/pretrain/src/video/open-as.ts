/** What an opener of the modality `video` is told in `options.as`: videos, or images that an encoder is to be used on. */
export const openAs = (options: Readonly<Record<string, unknown>>): 'videos' | 'images' =>
  options['as'] === 'images' ? 'images' : 'videos';

import type { Recipe, ViewRecipe } from './recipe.ts';

type Range = readonly [number, number];

/** Strengths of brightness, contrast, saturation and hue. */
type Strengths = readonly [number, number, number, number];

/** The crop of an area range, mirrored half of the time. */
export const cropOf = (...scale: Range) => ({ scale, ratio: [3 / 4, 4 / 3], flipProbability: 0.5 }) as const;

/** How Pillow resizes, and so torchvision on photos, where a recipe asks for bicubic crops. */
export const bicubic = { interpolation: 'bicubic' } as const;

/** How `tf.image.resize` does, in SimCLR's own code. */
export const tensorflowBicubic = { interpolation: 'bicubic-tensorflow', antialias: false } as const;

/** Color jitter of given strengths in a random order. */
export const jitterOf = ([brightness, contrast, saturation, hue]: Strengths, probability = 0.8) =>
  ({ brightness, contrast, saturation, hue, probability, order: 'random' }) as const;

/** Blur of an image with a probability, σ U(0.1, 2). */
export const blurOf = (probability: number) => ({ probability, sigma: [0.1, 2] }) as const;

/** Grayscale of every recipe that has it. */
export const gray = { probability: 0.2 } as const;

/** What a view does after the crop: jitter by its strengths, grayscale, and blur and solarize where their probability is not 0. */
export const colorsOf = (strengths: Strengths, { blur = 0, solarize = 0 }: { blur?: number; solarize?: number } = {}) => ({
  colorJitter: jitterOf(strengths),
  grayscale: gray,
  ...(blur > 0 && { blur: blurOf(blur) }),
  ...(solarize > 0 && { solarize: { probability: solarize, threshold: 0.5 } }),
});

/** SimCLR's strengths, 0.8, 0.8, 0.8 and 0.2, times a number. */
export const strong = (strength: number): Strengths => [0.8 * strength, 0.8 * strength, 0.8 * strength, 0.2 * strength];

/** The strengths of MoCo v2 and SimSiam. */
export const weak: Strengths = [0.4, 0.4, 0.4, 0.1];

/** The strengths of BYOL and what follows it. */
export const byolStrengths: Strengths = [0.4, 0.4, 0.2, 0.1];

/** Two views made alike. */
export const symmetric = (view: ViewRecipe): Recipe => ({ global: [view, view], local: [] });

/** The two views of BYOL: blurred always and a tenth of the time, the second solarised a fifth of the time. */
export const asymmetric = (size: number): Recipe => {
  const shared = { size, crop: cropOf(0.08, 1) };
  const blurred = size > 32;
  return {
    global: [
      { ...shared, ...colorsOf(byolStrengths, { blur: blurred ? 1 : 0 }) },
      { ...shared, ...colorsOf(byolStrengths, { blur: blurred ? 0.1 : 0, solarize: 0.2 }) },
    ],
    local: [],
  };
};

/** The views of ReSSL: one altered strongly, the other only cropped and mirrored. */
export const weakened = (size: number): Recipe => {
  const large = size > 32;
  const shared = { size, crop: cropOf(large ? 0.2 : 0.08, 1) };
  return { global: [{ ...shared, ...colorsOf(large ? weak : byolStrengths, { blur: large ? 0.5 : 0 }) }, shared], local: [] };
};

/** The views of PIRL: an image, and a larger part of it to cut tiles from; both change their colors, or color alone would tell which tiles are whose. */
export const tiled = (size: number): Recipe => {
  const colors = { colorJitter: jitterOf([0.4, 0.4, 0.4, 0.2], 1), grayscale: gray };
  return {
    global: [
      { size, crop: cropOf(0.08, 1), ...colors },
      { size, crop: cropOf(0.6, 1), ...colors },
    ],
    local: [],
  };
};

/** The views of DINO from the area ranges of its global and local ones. */
export const dinoOf = (options: { global: Range; local: Range; numLocalViews: number; resize?: typeof bicubic }): Recipe => ({
  global: [
    { size: 224, crop: { ...cropOf(...options.global), ...options.resize }, ...colorsOf(byolStrengths, { blur: 1 }) },
    { size: 224, crop: { ...cropOf(...options.global), ...options.resize }, ...colorsOf(byolStrengths, { blur: 0.1, solarize: 0.2 }) },
  ],
  local: Array.from({ length: options.numLocalViews }, () => ({
    size: 96,
    crop: { ...cropOf(...options.local), ...options.resize },
    ...colorsOf(byolStrengths, { blur: 0.5 }),
  })),
});

/** Two global views of 224 and some local ones of 96 pixels, with SimCLR's colors. */
export const multiCropOf = (options: { global: Range; local: Range; numLocalViews: number }): Recipe => {
  const colors = colorsOf(strong(1), { blur: 0.5 });
  const global = { size: 224, crop: cropOf(...options.global), ...colors };
  const local = { size: 96, crop: cropOf(...options.local), ...colors };
  return { global: [global, global], local: Array.from({ length: options.numLocalViews }, () => local) };
};

/** One view, cropped and mirrored only. */
export const cropOnly = (scale: Range, resize?: typeof bicubic): Recipe => ({
  global: [{ size: 224, crop: { ...cropOf(...scale), ...resize } }],
  local: [],
});

/** So many views made alike. */
export const alike = (count: number, view: ViewRecipe): Recipe => ({ global: Array.from({ length: count }, () => view), local: [] });

/** Square patches of a quarter of the image, of EMP-SSL. */
export const patchesOf = (count: number, size: number): Recipe =>
  alike(count, {
    size,
    crop: { scale: [0.25, 0.25], ratio: [1, 1], flipProbability: 0.5 },
    ...colorsOf([0.4, 0.4, 0.4, 0.2], { blur: 0.1, solarize: 0.1 }),
  });

/** The views of BYOL after changes of their spectra, which the second view has no Gaussians of; never solarised. */
export const spectral = (size: number): Recipe => {
  const sigma = [(10 * size) / 224, (15 * size) / 224] as const;
  const view = (blur: number, gaussians: number): ViewRecipe => ({
    size,
    crop: cropOf(0.08, 1),
    spectrum: { gaussians: { probability: gaussians, sigma } },
    ...colorsOf(byolStrengths, { blur: size > 32 ? blur : 0 }),
  });
  return { global: [view(1, 0.2), view(0.1, 0)], local: [] };
};

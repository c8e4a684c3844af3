import {
  alike,
  asymmetric,
  bicubic,
  byolStrengths,
  colorsOf,
  cropOf,
  cropOnly,
  dinoOf,
  gray,
  jitterOf,
  multiCropOf,
  patchesOf,
  spectral,
  strong,
  symmetric,
  tensorflowBicubic,
  tiled,
  weak,
  weakened,
} from './recipe-parts.ts';
import type { Recipe } from './recipe.ts';

const mocoV1 = { size: 224, crop: cropOf(0.2, 1), grayscale: gray };
const mocoV2 = symmetric({ size: 224, crop: cropOf(0.2, 1), ...colorsOf(weak, { blur: 0.5 }) });
const simclrColors = colorsOf(strong(1), { blur: 0.5 });
const soloCrop = { ...cropOf(0.08, 1), ...bicubic };
const soloWeak = symmetric({ size: 224, crop: cropOf(0.08, 1), ...colorsOf(weak, { blur: 0.5 }) });
const byol = { imagenet: asymmetric(224), cifar: asymmetric(32) };
const simSiamCifar = { size: 32, crop: cropOf(0.2, 1), ...colorsOf(weak) };
const lejepa = {
  imagenet: multiCropOf({ global: [0.3, 1], local: [0.05, 0.3], numLocalViews: 6 }),
  cifar: alike(4, { size: 32, crop: cropOf(0.08, 1), ...colorsOf(strong(0.5)) }),
};
const wMse = (size: number) => symmetric({ size, crop: cropOf(0.2, 1), colorJitter: jitterOf(weak), grayscale: { probability: 0.1 } });
const vicregColors = (blur: number) => colorsOf(byolStrengths, { blur, solarize: 0.1 });

/**
 * The views of published recipes as data, by name and variant. `imagenet` is the authors' own recipe, or, where there is only a re-implementation,
 * the one of lightly and solo-learn; `cifar` is for images of 32 pixels, and `lightly`, `lightly-train` and `solo` are those libraries' numbers where
 * they differ from the authors'. See {@link recipeViews}, which makes views of them.
 *
 * @see Chen et al.: "A Simple Framework for Contrastive Learning of Visual Representations", https://arxiv.org/abs/2002.05709
 * @see Grill et al.: "Bootstrap Your Own Latent", https://arxiv.org/abs/2006.07733
 * @see Caron et al.: "Emerging Properties in Self-Supervised Vision Transformers", https://arxiv.org/abs/2104.14294
 * @remarks Sources: `simclr` google-research/simclr; `moco-v1`, `moco-v2` and `sim-siam` the authors' `main_*.py`; `moco-v2` for CIFAR the authors'
 * CIFAR demo; `byol`, `barlow-twins`, `moco-v3` and `nnclr` lightly's BYOL and solo-learn's "asymmetric"; `vicreg` lightly, for CIFAR and `solo` solo-learn;
 * `fda` is lightly's: BYOL's views with changes of their Fourier transforms; for CIFAR its Gaussians are as much narrower as the images.
 * `ressl` the authors' (the teacher's view, the second, is cropped and mirrored only), for CIFAR solo-learn's without blur;
 * `pirl` vissl's without `ImgPilRandomPhotometric`; all tiles of an image, which are cut from the second view, share one change of colors;
 * `swav` the authors', for CIFAR lightly; `msn` the authors', for CIFAR their large crops with SimCLR's colors; `dino`, `ibot`, `dino-v2` and `mae` the authors'. MoCo v1
 * makes images gray before it jitters them, always.
 * `fast-siam` has SimSiam's views four times; `w-mse` and `emp-ssl` are the authors' for CIFAR; `lejepa` and `visreg` the multi-crop of LeJEPA's paper, for CIFAR four of
 * SimCLR's views.
 * Crops are bicubic in `simclr` (TensorFlow's, without antialiasing), `dino`, `ibot`, `dino-v2` and `mae` of the authors and in solo-learn's SimCLR and SwAV, bilinear
 * elsewhere; for
 * CIFAR also in `simclr`.
 * @example
 * ```ts
 * import { recipes } from '@selfsup/augment';
 * const [first, second] = recipes.byol.imagenet.global;
 * console.log(first?.blur?.probability, second?.solarize?.probability); // 1, 0.2
 * ```
 */
export const recipes = {
  simclr: {
    imagenet: symmetric({ size: 224, crop: { ...cropOf(0.08, 1), ...tensorflowBicubic }, ...simclrColors }),
    cifar: symmetric({ size: 32, crop: cropOf(0.08, 1), ...colorsOf(strong(0.5)) }),
    'solo-cifar': symmetric({ size: 32, crop: soloCrop, ...simclrColors }),
  },
  'moco-v1': {
    imagenet: symmetric({ ...mocoV1, colorJitter: jitterOf([0.4, 0.4, 0.4, 0.4], 1), order: ['grayscale', 'colorJitter'] }),
    lightly: symmetric({ ...mocoV1, colorJitter: jitterOf([0.4, 0.4, 0.4, 0.4]) }),
  },
  'moco-v2': { imagenet: mocoV2, cifar: symmetric({ size: 32, crop: cropOf(0.08, 1), ...colorsOf(weak) }), solo: soloWeak },
  'moco-v3': byol,
  'sim-siam': { imagenet: mocoV2, cifar: symmetric(simSiamCifar), solo: soloWeak },
  'fast-siam': { imagenet: alike(4, mocoV2.global[0]!), cifar: alike(4, simSiamCifar) },
  byol,
  ressl: { imagenet: weakened(224), cifar: weakened(32) },
  'barlow-twins': byol,
  nnclr: byol,
  vicreg: {
    imagenet: symmetric({ size: 224, crop: cropOf(0.08, 1), ...vicregColors(0.5) }),
    cifar: symmetric({ size: 32, crop: cropOf(0.2, 1), ...vicregColors(0) }),
    solo: symmetric({ size: 224, crop: cropOf(0.2, 1), ...vicregColors(0.5) }),
  },
  'w-mse': { imagenet: wMse(224), cifar: wMse(32) },
  'emp-ssl': {
    imagenet: patchesOf(20, 224),
    cifar: patchesOf(20, 32),
    '3-patches': patchesOf(3, 32),
    '8-patches': patchesOf(8, 32),
    '100-patches': patchesOf(100, 32),
  },
  lejepa,
  visreg: lejepa,
  swav: {
    imagenet: multiCropOf({ global: [0.14, 1], local: [0.05, 0.14], numLocalViews: 6 }),
    cifar: symmetric({ size: 32, crop: cropOf(0.14, 1), ...colorsOf(strong(0.5)) }),
    solo: symmetric({ size: 224, crop: soloCrop, ...simclrColors }),
  },
  dino: {
    imagenet: dinoOf({ global: [0.4, 1], local: [0.05, 0.4], numLocalViews: 8, resize: bicubic }),
    cifar: byol.cifar,
    lightly: dinoOf({ global: [0.4, 1], local: [0.05, 0.4], numLocalViews: 6 }),
    'lightly-train': dinoOf({ global: [0.14, 1], local: [0.05, 0.14], numLocalViews: 6 }),
  },
  pirl: { imagenet: tiled(224), cifar: tiled(32) },
  ibot: {
    imagenet: dinoOf({ global: [0.32, 1], local: [0.05, 0.32], numLocalViews: 10, resize: bicubic }),
    cifar: byol.cifar,
  },
  'dino-v2': {
    imagenet: dinoOf({ global: [0.32, 1], local: [0.05, 0.32], numLocalViews: 8, resize: bicubic }),
    cifar: byol.cifar,
  },
  msn: {
    imagenet: multiCropOf({ global: [0.3, 1], local: [0.05, 0.3], numLocalViews: 10 }),
    cifar: symmetric({ size: 32, crop: cropOf(0.3, 1), ...colorsOf(strong(0.5)) }),
  },
  fda: { imagenet: spectral(224), cifar: spectral(32) },
  mae: { imagenet: cropOnly([0.2, 1], bicubic), solo: cropOnly([0.08, 1]) },
  'i-jepa': { imagenet: cropOnly([0.2, 1]) },
  aim: { imagenet: cropOnly([0.4, 1]) },
  capi: { imagenet: cropOnly([0.6, 1]) },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Recipe>>>>;

/** A published recipe; see {@link recipes}. */
export type RecipeName = keyof typeof recipes;

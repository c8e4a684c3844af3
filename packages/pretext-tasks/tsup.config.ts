import { library } from '../../tools/presets/tsup.ts';

export default library({
  entry: [
    'src/index.ts',
    'src/barlow-twins.ts',
    'src/byol.ts',
    'src/colorization.ts',
    'src/dcl.ts',
    'src/frame-order.ts',
    'src/declutr.ts',
    'src/dino.ts',
    'src/jigsaw.ts',
    'src/mae.ts',
    'src/masked-language.ts',
    'src/moco.ts',
    'src/moco-v3.ts',
    'src/next-token.ts',
    'src/nnclr.ts',
    'src/relative-patch.ts',
    'src/replaced-token.ts',
    'src/rotation.ts',
    'src/sim-mim.ts',
    'src/sim-siam.ts',
    'src/simclr.ts',
    'src/swav.ts',
    'src/vicreg.ts',
  ],
});

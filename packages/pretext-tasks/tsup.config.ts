import { library } from '../../tools/presets/tsup.ts';

export default library({
  entry: [
    'src/index.ts',
    'src/mae.ts',
    'src/masked-language.ts',
    'src/next-token.ts',
    'src/replaced-token.ts',
    'src/sim-mim.ts',
    'src/simclr.ts',
    'src/barlow-twins.ts',
    'src/byol.ts',
    'src/sim-siam.ts',
    'src/vicreg.ts',
    'src/jigsaw.ts',
    'src/relative-patch.ts',
    'src/rotation.ts',
  ],
});

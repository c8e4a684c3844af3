import { library } from '../../tools/presets/tsup.ts';

export default library({
  entry: [
    'src/index.ts',
    'src/jigsaw.ts',
    'src/masked-language.ts',
    'src/next-token.ts',
    'src/relative-patch.ts',
    'src/replaced-token.ts',
    'src/rotation.ts',
    'src/simclr.ts',
  ],
});

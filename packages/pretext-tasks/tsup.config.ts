import { library } from '../../tools/presets/tsup.ts';

export default library({
  entry: [
    'src/index.ts',
    'src/masked-language.ts',
    'src/next-token.ts',
    'src/replaced-token.ts',
    'src/simclr.ts',
    'src/moco.ts',
    'src/dcl.ts',
    'src/moco-v3.ts',
  ],
});

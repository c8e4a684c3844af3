import { library } from '../../tools/presets/tsup.ts';

export default library({ entry: ['src/index.ts', 'src/pytorch.ts'] });

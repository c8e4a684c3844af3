import { library } from '../../tools/presets/tsup.ts';

export default library({ entry: ['src/index.ts', 'src/node.ts'], shims: true });

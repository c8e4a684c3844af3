import { shared } from '../../tools/presets/vitest.ts';

export default shared();

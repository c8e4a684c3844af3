import { shared } from '../../tools/presets/vitest.ts';

export default shared({ isolate: true }); // tests set paths and threads of the backend before it is made

import { existsSync } from 'node:fs';

/** Where Debian's chromium has SwiftShader, a GPU that is simulated on the processor, and the loader that finds it. */
const CHROMIUM = '/usr/lib/chromium';

/**
 * What a process needs in its environment to find SwiftShader as a Vulkan driver: nothing where another driver is named already, or where it is not
 * installed. It has to be there when the process starts.
 */
export function softwareGpu(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const driver = `${CHROMIUM}/vk_swiftshader_icd.json`;
  if (env['VK_ICD_FILENAMES'] || env['VK_DRIVER_FILES'] || !existsSync(driver)) return {};
  const libraries = [env['LD_LIBRARY_PATH'], CHROMIUM].filter(Boolean).join(':'); // last, for where the system has no libvulkan1
  return { VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: libraries };
}

export { decodeSafetensors } from './decode-safetensors.ts';
export { encodeSafetensors } from './encode-safetensors.ts';
export { printable } from './printable.ts';
export type { SafetensorsDtype, SafetensorsFile, SafetensorsTensor } from './safetensors.ts';

export { decodeSafetensors } from './decode-safetensors.ts';
export { decodeShards, type DecodeShardsOptions } from './decode-shards.ts';
export { encodeSafetensors } from './encode-safetensors.ts';
export type { SafetensorsDtype, SafetensorsFile, SafetensorsTensor } from './safetensors.ts';

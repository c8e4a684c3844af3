export { decodePytorch, type PytorchFile } from './pytorch/decode-pytorch.ts';

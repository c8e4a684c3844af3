import { SelfsupError } from '@selfsup/core';

/** What a user runs, in Python, on a file that we cannot read and that they trust. Internal. */
export const conversion =
  'if you trust the file, convert it in Python: `state = torch.load("model.pth", map_location="cpu", weights_only=False)` (this runs what is in the file), ' +
  'then `safetensors.torch.save_file({k: v.contiguous().clone() for k, v in state.items()}, "model.safetensors")`';

/** Refuses a file of PyTorch. Internal. */
export function failPytorch(what: string, cause?: unknown): never {
  throw new SelfsupError('SELFSUP_CHECKPOINT', `decodePytorch: ${what}`, { cause });
}

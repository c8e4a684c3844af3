import { dense, norm, type NameTable, type Row } from '../name-table.ts';

const qkv = (part: 'kernel' | 'bias') => ['query', 'key', 'value'].map((name) => `block{block}/attention/${name}/${part}`);
const scale = (theirs: string, i: number): Row => ({
  theirs,
  ours: `block{block}/layerScale${i}/scale`,
  shape: ['width'],
  when: 'layerScale',
});
const patchKernel = (theirs: string): Row[] => [
  { theirs: `${theirs}.weight`, ours: 'patch/kernel', shape: ['width', 'channels', 'patch', 'patch'], turn: 'patches' },
  { theirs: `${theirs}.bias`, ours: 'patch/bias', shape: ['width'] },
];
const tokens = (names: { classToken: string; positions: string; registers: string }): Row[] => [
  { theirs: names.classToken, ours: 'classToken', shape: [1, 1, 'width'], turn: 'first', when: 'classToken' },
  { theirs: names.positions, ours: 'positions', shape: [1, 'positions', 'width'], turn: 'first' },
  { theirs: names.registers, ours: 'registers', shape: [1, 'registers', 'width'], turn: 'first', when: 'registers' },
];

/** The projector of self-supervised heads and of what else is trained beside an encoder. */
const projector = /^(dino_head|ibot_head|projector|projection_head|predictor|head\.(mlp|last_layer))\./;

/** timm's names, which DeiT, DINO, DINOv2 and MAE have, too. */
export const vitTable: NameTable = {
  family: 'vit',
  kind: 'vit',
  anchors: ['patch_embed.proj.weight', 'blocks.0.norm1.weight'],
  renames: [
    [/^blocks\.\d+\.(\d+)\.(?=\D)/, 'blocks.$1.'], // DINOv2 trains with its blocks in chunks: blocks.chunk.block
    [/^register_tokens$/, 'reg_token'], // DINOv2's own name
  ],
  rows: {
    network: [
      ...patchKernel('patch_embed.proj'),
      ...tokens({ classToken: 'cls_token', positions: 'pos_embed', registers: 'reg_token' }),
      { theirs: 'mask_token', ours: 'maskToken', shape: [1, 'width'], when: 'maskToken' },
      ...norm('norm', 'norm', 'width'),
    ],
    block: [
      ...norm('blocks.{layer}.norm1', 'block{block}/norm1', 'width'),
      { theirs: 'blocks.{layer}.attn.qkv.weight', ours: qkv('kernel'), shape: ['threeWidths', 'width'], turn: 'turned' },
      { theirs: 'blocks.{layer}.attn.qkv.bias', ours: qkv('bias'), shape: ['threeWidths'], when: 'qkvBias' },
      ...dense('blocks.{layer}.attn.proj', 'block{block}/attention/output', ['width', 'width']),
      scale('blocks.{layer}.ls1.gamma', 1),
      ...norm('blocks.{layer}.norm2', 'block{block}/norm2', 'width'),
      ...dense('blocks.{layer}.mlp.fc1', 'block{block}/mlp/linear1', ['width', 'hidden']),
      ...dense('blocks.{layer}.mlp.fc2', 'block{block}/mlp/linear2', ['hidden', 'width']),
      scale('blocks.{layer}.ls2.gamma', 2),
    ],
  },
  heads: {
    projector,
    classifier: /^(head|linear_head|fc)\./,
    decoder: /^(decoder_(embed|blocks|norm|pred)\.|decoder_pos_embed$)/,
    'mask token': /^(mask_token|masked_embed)$/, // the latter is iBOT's
  },
  ignored: /^$/,
};

const attention = (part: 'query' | 'key' | 'value'): Row[] => [
  {
    theirs: `encoder.layer.{layer}.attention.attention.${part}.weight`,
    ours: `block{block}/attention/${part}/kernel`,
    shape: ['width', 'width'],
    turn: 'turned',
  },
  {
    theirs: `encoder.layer.{layer}.attention.attention.${part}.bias`,
    ours: `block{block}/attention/${part}/bias`,
    shape: ['width'],
    when: 'qkvBias',
  },
];
const hugging = {
  classToken: 'embeddings.cls_token',
  positions: 'embeddings.position_embeddings',
  registers: 'embeddings.register_tokens',
};
const heads = {
  projector,
  classifier: /^classifier\./,
  pooler: /^pooler\./,
  decoder: /^decoder\./,
  'mask token': /^embeddings\.mask_token$/,
};

/** Names of Hugging Face's `ViTModel` and `ViTMAEModel`. */
export const huggingFaceVitTable: NameTable = {
  family: 'huggingface-vit',
  kind: 'vit',
  anchors: ['embeddings.patch_embeddings.projection.weight', 'encoder.layer.0.layernorm_before.weight'],
  renames: [],
  rows: {
    network: [
      ...patchKernel('embeddings.patch_embeddings.projection'),
      ...tokens(hugging),
      { theirs: 'embeddings.mask_token', ours: 'maskToken', shape: [1, 1, 'width'], turn: 'first', when: 'maskToken' },
      ...norm('layernorm', 'norm', 'width'),
    ],
    block: [
      ...norm('encoder.layer.{layer}.layernorm_before', 'block{block}/norm1', 'width'),
      ...attention('query'),
      ...attention('key'),
      ...attention('value'),
      ...dense('encoder.layer.{layer}.attention.output.dense', 'block{block}/attention/output', ['width', 'width']),
      ...norm('encoder.layer.{layer}.layernorm_after', 'block{block}/norm2', 'width'),
      ...dense('encoder.layer.{layer}.intermediate.dense', 'block{block}/mlp/linear1', ['width', 'hidden']),
      ...dense('encoder.layer.{layer}.output.dense', 'block{block}/mlp/linear2', ['hidden', 'width']),
    ],
  },
  heads,
  ignored: /^$/,
};

/** Names of Hugging Face's `Dinov2Model` and `Dinov2WithRegistersModel`. */
export const huggingFaceDinov2Table: NameTable = {
  family: 'huggingface-dinov2',
  kind: 'vit',
  anchors: ['embeddings.patch_embeddings.projection.weight', 'encoder.layer.0.norm1.weight'],
  renames: [],
  rows: {
    network: [
      ...patchKernel('embeddings.patch_embeddings.projection'),
      ...tokens(hugging),
      { theirs: 'embeddings.mask_token', ours: 'maskToken', shape: [1, 'width'], when: 'maskToken' },
      ...norm('layernorm', 'norm', 'width'),
    ],
    block: [
      ...norm('encoder.layer.{layer}.norm1', 'block{block}/norm1', 'width'),
      ...attention('query'),
      ...attention('key'),
      ...attention('value'),
      ...dense('encoder.layer.{layer}.attention.output.dense', 'block{block}/attention/output', ['width', 'width']),
      scale('encoder.layer.{layer}.layer_scale1.lambda1', 1),
      ...norm('encoder.layer.{layer}.norm2', 'block{block}/norm2', 'width'),
      ...dense('encoder.layer.{layer}.mlp.fc1', 'block{block}/mlp/linear1', ['width', 'hidden']),
      ...dense('encoder.layer.{layer}.mlp.fc2', 'block{block}/mlp/linear2', ['hidden', 'width']),
      scale('encoder.layer.{layer}.layer_scale2.lambda1', 2),
    ],
  },
  heads,
  ignored: /^$/,
};

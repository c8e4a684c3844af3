import { dense, norm, type NameTable, type Row } from '../name-table.ts';

const table = (theirs: string, ours: string, rows: string, when?: string): Row => ({
  theirs: `embeddings.${theirs}.weight`,
  ours: `embeddings/${ours}/weight`,
  shape: [rows, 'embedding'],
  ...(when && { when }),
});
/** TensorFlow's names of scale and offset, which old files have. */
const renames = [
  [/\.gamma$/, '.weight'],
  [/\.beta$/, '.bias'],
] as const;
const square = ['width', 'width'] as const;

/** Names of Hugging Face's `BertModel`, without prefix; MiniLM and many sentence encoders have them, too. */
export const bertTable: NameTable = {
  family: 'huggingface-bert',
  kind: 'bert',
  anchors: ['embeddings.word_embeddings.weight', 'encoder.layer.0.attention.self.query.weight'],
  renames,
  rows: {
    network: [
      table('word_embeddings', 'word', 'words'),
      table('position_embeddings', 'position', 'positions'),
      table('token_type_embeddings', 'segment', 'segments', 'segments'),
      ...norm('embeddings.LayerNorm', 'embeddings/norm', 'embedding'),
    ],
    layer: [
      ...dense('encoder.layer.{layer}.attention.self.query', 'encoder/layer{layer}/attention/query', square),
      ...dense('encoder.layer.{layer}.attention.self.key', 'encoder/layer{layer}/attention/key', square),
      ...dense('encoder.layer.{layer}.attention.self.value', 'encoder/layer{layer}/attention/value', square),
      ...dense('encoder.layer.{layer}.attention.output.dense', 'encoder/layer{layer}/attention/output', square),
      ...norm('encoder.layer.{layer}.attention.output.LayerNorm', 'encoder/layer{layer}/attention/norm', 'width'),
      ...dense('encoder.layer.{layer}.intermediate.dense', 'encoder/layer{layer}/intermediate', ['width', 'hidden']),
      ...dense('encoder.layer.{layer}.output.dense', 'encoder/layer{layer}/output', ['hidden', 'width']),
      ...norm('encoder.layer.{layer}.output.LayerNorm', 'encoder/layer{layer}/norm', 'width'),
    ],
    maskedHead: [
      ...dense('cls.predictions.transform.dense', 'dense', square),
      ...norm('cls.predictions.transform.LayerNorm', 'norm', 'width'),
      { theirs: 'cls.predictions.bias', ours: 'bias', shape: ['words'] },
    ],
    nextSentenceHead: [...dense('pooler.dense', 'pooler', square), ...dense('cls.seq_relationship', 'output', ['width', 2])],
  },
  heads: {
    pooler: /^pooler\./,
    'masked-language head': /^cls\.predictions\./,
    'next-sentence head': /^cls\.seq_relationship\./,
    classifier: /^(classifier|qa_outputs|dropout|linear)\./,
  },
  ignored: /^embeddings\.(position_ids|token_type_ids)$/,
};

/** Names of Hugging Face's `DistilBertModel`, without prefix. */
export const distilBertTable: NameTable = {
  family: 'huggingface-distilbert',
  kind: 'bert',
  anchors: ['embeddings.word_embeddings.weight', 'transformer.layer.0.attention.q_lin.weight'],
  renames,
  rows: {
    network: [
      table('word_embeddings', 'word', 'words'),
      table('position_embeddings', 'position', 'positions'),
      ...norm('embeddings.LayerNorm', 'embeddings/norm', 'embedding'),
    ],
    layer: [
      ...dense('transformer.layer.{layer}.attention.q_lin', 'encoder/layer{layer}/attention/query', square),
      ...dense('transformer.layer.{layer}.attention.k_lin', 'encoder/layer{layer}/attention/key', square),
      ...dense('transformer.layer.{layer}.attention.v_lin', 'encoder/layer{layer}/attention/value', square),
      ...dense('transformer.layer.{layer}.attention.out_lin', 'encoder/layer{layer}/attention/output', square),
      ...norm('transformer.layer.{layer}.sa_layer_norm', 'encoder/layer{layer}/attention/norm', 'width'),
      ...dense('transformer.layer.{layer}.ffn.lin1', 'encoder/layer{layer}/intermediate', ['width', 'hidden']),
      ...dense('transformer.layer.{layer}.ffn.lin2', 'encoder/layer{layer}/output', ['hidden', 'width']),
      ...norm('transformer.layer.{layer}.output_layer_norm', 'encoder/layer{layer}/norm', 'width'),
    ],
    maskedHead: [
      ...dense('vocab_transform', 'dense', square),
      ...norm('vocab_layer_norm', 'norm', 'width'),
      { theirs: 'vocab_projector.bias', ours: 'bias', shape: ['words'] },
    ],
  },
  heads: {
    'masked-language head': /^vocab_(transform|layer_norm|projector)\./,
    classifier: /^(pre_classifier|classifier|qa_outputs|linear)\./,
  },
  ignored: /^embeddings\.position_ids$/,
};

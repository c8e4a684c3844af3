import type { BertOptions, BertSize } from '../bert.ts';

/** Writes the config of a BERT. Internal. */
export function writeBertConfig(
  options: Required<BertSize & BertOptions>,
  { architecture, paddingId }: { architecture: string; paddingId: number },
): Record<string, unknown> {
  return {
    architectures: [architecture],
    model_type: 'bert',
    num_hidden_layers: options.numLayers,
    hidden_size: options.width,
    num_attention_heads: options.numHeads,
    vocab_size: options.vocabularySize,
    max_position_embeddings: options.maxPositions,
    type_vocab_size: options.numSegments,
    intermediate_size: options.hiddenDim,
    hidden_act: 'gelu',
    position_embedding_type: 'absolute',
    layer_norm_eps: options.epsilon,
    tie_word_embeddings: true,
    is_decoder: false,
    add_cross_attention: false,
    hidden_dropout_prob: options.dropoutRate,
    attention_probs_dropout_prob: options.attentionDropoutRate,
    initializer_range: 0.02,
    pad_token_id: paddingId,
    use_cache: true,
    torch_dtype: 'float32',
  };
}

export { trace, type TracedInput, type TraceOptions } from './trace.ts';
export type { Attribute, Constant, Dim, Graph, Node, Value, ValueType } from './graph.ts';
export { OPSET, writeOnnx, type WriteOnnxOptions } from './onnx/write-onnx.ts';
export type { OnnxPrecision } from './onnx/onnx-scope.ts';
export { writeGraphModel, type WriteGraphModelOptions } from './graph-model/write-graph-model.ts';
export { roundWeights } from './onnx/round-weights.ts';

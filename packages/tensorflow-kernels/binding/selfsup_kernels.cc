// Operations of selfsup for TensorFlow on the CPU, each one or two passes over memory. buildTensorflowBinding compiles them into the native part of
// tfjs-node; they are registered through TensorFlow's C interface, so that they know nothing of a version of TensorFlow.
// All numbers are float32; what an operation takes besides tensors comes in `options`, since attributes that change would pile up in TensorFlow's cache.

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

namespace selfsup {

// Raised when an operation changes, so that the kernels in TypeScript know what they have.
constexpr int kVersion = 2;

// ---------------------------------------------------------------------------------------------------------------- threads

class Team {
 public:
  static Team &Get() {
    static Team *team = new Team();  // never deleted: its threads sleep until the process is over
    return *team;
  }

  // Calls f(from, to) for parts of [0, count), at the same time.
  void Share(int64_t count, int64_t grain, const std::function<void(int64_t, int64_t, int)> &f) {
    const int parts = static_cast<int>(std::min<int64_t>(threads_, std::max<int64_t>(1, count / std::max<int64_t>(1, grain))));
    if (parts <= 1) return f(0, count, 0);
    std::lock_guard<std::mutex> turn(turn_);
    const int64_t each = (count + parts - 1) / parts;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      job_ = [&](int part) { f(std::min(count, part * each), std::min(count, (part + 1) * each), part); };
      parts_ = parts;
      pending_ = parts - 1;
      generation_++;
    }
    wake_.notify_all();
    job_(0);
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [&] { return pending_ == 0; });
    job_ = nullptr;
  }

  int threads() const { return threads_; }

 private:
  Team() {
    const char *asked = std::getenv("TF_NUM_INTRAOP_THREADS");
    const int wanted = asked ? std::atoi(asked) : 0;
    threads_ = std::max(1, wanted > 0 ? wanted : static_cast<int>(std::thread::hardware_concurrency()));
    for (int part = 1; part < threads_; part++) std::thread([this, part] { Work(part); }).detach();
  }

  void Work(int part) {
    uint64_t seen = 0;
    for (;;) {
      std::function<void(int)> job;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        wake_.wait(lock, [&] { return generation_ != seen; });
        seen = generation_;
        if (part >= parts_) continue;
        job = job_;
      }
      job(part);
      std::lock_guard<std::mutex> lock(mutex_);
      if (--pending_ == 0) done_.notify_one();
    }
  }

  std::mutex turn_, mutex_;
  std::condition_variable wake_, done_;
  std::function<void(int)> job_;
  uint64_t generation_ = 0;
  int threads_ = 1, parts_ = 0, pending_ = 0;
};

constexpr int64_t kGrain = 1 << 14;  // numbers that are worth a thread

void ShareNumbers(int64_t count, const std::function<void(int64_t, int64_t, int)> &f) { Team::Get().Share(count, kGrain, f); }
void ShareRows(int64_t rows, int64_t columns, const std::function<void(int64_t, int64_t, int)> &f) {
  Team::Get().Share(rows, std::max<int64_t>(1, kGrain / std::max<int64_t>(1, columns)), f);
}

// ---------------------------------------------------------------------------------------------------------------- calls

struct Input {
  const float *data;
  std::vector<int64_t> shape;
  int64_t count;
  const int32_t *ints() const { return reinterpret_cast<const int32_t *>(data); }
};

class Call {
 public:
  explicit Call(TF_OpKernelContext *context) : context_(context), status_(TF_NewStatus()) {}
  ~Call() {
    for (TF_Tensor *tensor : tensors_) TF_DeleteTensor(tensor);
    TF_DeleteStatus(status_);
  }
  Call(const Call &) = delete;
  Call &operator=(const Call &) = delete;

  Input In(int at) {
    TF_Tensor *tensor = nullptr;
    TF_GetInput(context_, at, &tensor, status_);
    tensors_.push_back(tensor);
    Input input{static_cast<const float *>(TF_TensorData(tensor)), {}, TF_TensorElementCount(tensor)};
    for (int axis = 0; axis < TF_NumDims(tensor); axis++) input.shape.push_back(TF_Dim(tensor, axis));
    return input;
  }
  float *Out(int at, const std::vector<int64_t> &shape) {
    int64_t count = 1;
    for (int64_t size : shape) count *= size;
    TF_Tensor *tensor = TF_AllocateOutput(context_, at, TF_FLOAT, shape.data(), static_cast<int>(shape.size()), count * sizeof(float), status_);
    if (tensor == nullptr) return nullptr;
    tensors_.push_back(tensor);
    return static_cast<float *>(TF_TensorData(tensor));
  }
  bool Failed() {
    if (TF_GetCode(status_) == TF_OK) return false;
    TF_OpKernelContext_Failure(context_, status_);
    return true;
  }
  void Refuse(const std::string &message) {
    TF_SetStatus(status_, TF_INVALID_ARGUMENT, message.c_str());
    TF_OpKernelContext_Failure(context_, status_);
  }

 private:
  TF_OpKernelContext *context_;
  TF_Status *status_;
  std::vector<TF_Tensor *> tensors_;
};

// ---------------------------------------------------------------------------------------------------------------- numbers

// e^x to 2 units in the last place; NaN stays, and below the smallest normal number it is 0.
inline float Exp(float x) {
  const float held = x < -87.0f ? -87.0f : (x > 88.5f ? 88.5f : x);
  const float n = std::nearbyint(held * 1.44269504088896f);
  const float r = (held - n * 0.693145751953125f) - n * 1.42860682030941723e-6f;
  float p = 1.0f / 5040;
  p = p * r + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const int32_t bits = (static_cast<int32_t>(n) + 127) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof power);
  const float y = p * power;
  return x != x ? x : (x < -87.0f ? 0.0f : (x > 88.5f ? x * 1e38f : y));
}

// The share of the standard normal distribution below x and its density: Abramowitz, Stegun, 7.1.26, absolute error 1e-7.
inline void Normal(float x, float *below, float *density) {
  const float size = std::fabs(x) * 0.70710678118f;
  const float t = 1.0f / (1.0f + 0.3275911f * size);
  const float bell = Exp(-size * size);
  const float polynomial = ((((1.061405429f * t - 1.453152027f) * t + 1.421413741f) * t - 0.284496736f) * t + 0.254829592f) * t;
  const float tail = 0.5f * polynomial * bell;
  *below = x < 0 ? tail : 1.0f - tail;
  *density = 0.3989422804f * bell;
}

constexpr float kRoot = 0.7978845608f, kCubic = 0.044715f, kFar = 15.0f;

inline float Held(float x) { return x < -kFar ? -kFar : (x > kFar ? kFar : x); }
// (1 + tanh(z))/2
inline float Gate(float z) { return 1.0f / (1.0f + Exp(-2.0f * z)); }

// ---------------------------------------------------------------------------------------------------------------- GELU

// x, options [isTanh] -> y
void Gelu(Call &call) {
  const Input x = call.In(0), options = call.In(1);
  float *y = call.Out(0, x.shape);
  if (call.Failed()) return;
  const bool isTanh = options.data[0] != 0;
  ShareNumbers(x.count, [&](int64_t from, int64_t to, int) {
    const float *in = x.data;
    if (isTanh) {
#pragma omp simd
      for (int64_t i = from; i < to; i++) {
        const float v = in[i], held = Held(v);
        y[i] = (v < -kFar ? -kFar : v) * Gate(kRoot * held * (1.0f + kCubic * held * held));
      }
      return;
    }
#pragma omp simd
    for (int64_t i = from; i < to; i++) {
      float below, density;
      const float v = in[i];
      Normal(Held(v), &below, &density);
      y[i] = (v < -kFar ? -kFar : v) * below;
    }
  });
}

// dy, x, options [isTanh] -> dx
void GeluGrad(Call &call) {
  const Input dy = call.In(0), x = call.In(1), options = call.In(2);
  float *dx = call.Out(0, x.shape);
  if (call.Failed()) return;
  const bool isTanh = options.data[0] != 0;
  ShareNumbers(x.count, [&](int64_t from, int64_t to, int) {
    const float *in = x.data, *outer = dy.data;
    if (isTanh) {
#pragma omp simd
      for (int64_t i = from; i < to; i++) {
        const float v = Held(in[i]), square = v * v;
        const float g = Gate(kRoot * v * (1.0f + kCubic * square));
        dx[i] = outer[i] * (g + v * 2.0f * g * (1.0f - g) * kRoot * (1.0f + 3.0f * kCubic * square));
      }
      return;
    }
#pragma omp simd
    for (int64_t i = from; i < to; i++) {
      float below, density;
      const float v = Held(in[i]);
      Normal(v, &below, &density);
      dx[i] = outer[i] * (below + v * density);
    }
  });
}

// ---------------------------------------------------------------------------------------------------------------- layer norm

// x [..., features], scale, offset, options [epsilon] -> y, mean [rows], inverse [rows]
void LayerNorm(Call &call) {
  const Input x = call.In(0), scale = call.In(1), offset = call.In(2), options = call.In(3);
  const int64_t features = scale.count, rows = features == 0 ? 0 : x.count / features;
  float *y = call.Out(0, x.shape), *mean = call.Out(1, {rows}), *inverse = call.Out(2, {rows});
  if (call.Failed()) return;
  const float epsilon = options.data[0];
  ShareRows(rows, features, [&](int64_t from, int64_t to, int) {
    const float *factor = scale.data, *shift = offset.data;
    for (int64_t row = from; row < to; row++) {
      const float *in = x.data + row * features;
      float *out = y + row * features;
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t i = 0; i < features; i++) sum += in[i];
      const float middle = sum / features;
      float squares = 0;
#pragma omp simd reduction(+ : squares)
      for (int64_t i = 0; i < features; i++) squares += (in[i] - middle) * (in[i] - middle);
      const float by = 1.0f / std::sqrt(squares / features + epsilon);
#pragma omp simd
      for (int64_t i = 0; i < features; i++) out[i] = (in[i] - middle) * by * factor[i] + shift[i];
      mean[row] = middle;
      inverse[row] = by;
    }
  });
}

// dy, x, mean, inverse, scale -> dx, dScale, dOffset
void LayerNormGrad(Call &call) {
  const Input dy = call.In(0), x = call.In(1), mean = call.In(2), inverse = call.In(3), scale = call.In(4);
  const int64_t features = scale.count, rows = mean.count;
  float *dx = call.Out(0, x.shape), *dScale = call.Out(1, {features}), *dOffset = call.Out(2, {features});
  if (call.Failed()) return;
  const int threads = Team::Get().threads();
  std::vector<float> sums(2 * features * threads, 0.0f);
  ShareRows(rows, features, [&](int64_t from, int64_t to, int part) {
    float *scales = sums.data() + 2 * features * part, *offsets = scales + features;
    const float *factor = scale.data;
    for (int64_t row = from; row < to; row++) {
      const float *in = x.data + row * features, *outer = dy.data + row * features;
      float *out = dx + row * features;
      const float middle = mean.data[row], by = inverse.data[row];
      float shift = 0, slope = 0;
#pragma omp simd reduction(+ : shift, slope)
      for (int64_t i = 0; i < features; i++) {
        const float inner = outer[i] * factor[i];
        shift += inner;
        slope += inner * ((in[i] - middle) * by);
      }
      shift /= features;
      slope /= features;
#pragma omp simd
      for (int64_t i = 0; i < features; i++) {
        const float normalized = (in[i] - middle) * by;
        out[i] = (outer[i] * factor[i] - shift - normalized * slope) * by;
        scales[i] += outer[i] * normalized;
        offsets[i] += outer[i];
      }
    }
  });
  for (int64_t i = 0; i < features; i++) {
    float a = 0, b = 0;
    for (int part = 0; part < threads; part++) {
      a += sums[2 * features * part + i];
      b += sums[2 * features * part + features + i];
    }
    dScale[i] = a;
    dOffset[i] = b;
  }
}

// ---------------------------------------------------------------------------------------------------------------- softmax

// x [..., keys], mask [outer * inner, keys] or nothing, layout [outer, middle, inner], options [scale] -> y
void MaskedSoftmax(Call &call) {
  const Input x = call.In(0), mask = call.In(1), layout = call.In(2), options = call.In(3);
  float *y = call.Out(0, x.shape);
  if (call.Failed()) return;
  const int64_t middle = layout.ints()[1], inner = layout.ints()[2], rows = layout.ints()[0] * middle * inner;
  const int64_t keys = rows == 0 ? 0 : x.count / rows;
  const float scale = options.data[0];
  ShareRows(rows, keys, [&](int64_t from, int64_t to, int) {
    for (int64_t row = from; row < to; row++) {
      const float *in = x.data + row * keys;
      float *out = y + row * keys;
      float largest = -3.4e38f;
      if (mask.count > 0) {
        const float *hidden = mask.data + (row / (middle * inner) * inner + row % inner) * keys;
#pragma omp simd reduction(max : largest)
        for (int64_t i = 0; i < keys; i++) {
          out[i] = in[i] * scale + hidden[i];
          largest = std::max(largest, out[i]);
        }
      } else {
#pragma omp simd reduction(max : largest)
        for (int64_t i = 0; i < keys; i++) {
          out[i] = in[i] * scale;
          largest = std::max(largest, out[i]);
        }
      }
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t i = 0; i < keys; i++) {
        out[i] = Exp(out[i] - largest);
        sum += out[i];
      }
      const float by = sum == 0 ? 0.0f : 1.0f / sum;
#pragma omp simd
      for (int64_t i = 0; i < keys; i++) out[i] *= by;
    }
  });
}

// dy, y, options [scale] -> dx
void MaskedSoftmaxGrad(Call &call) {
  const Input dy = call.In(0), y = call.In(1), options = call.In(2);
  float *dx = call.Out(0, y.shape);
  if (call.Failed()) return;
  const int64_t keys = y.shape.back(), rows = keys == 0 ? 0 : y.count / keys;
  const float scale = options.data[0];
  ShareRows(rows, keys, [&](int64_t from, int64_t to, int) {
    for (int64_t row = from; row < to; row++) {
      const float *at = y.data + row * keys, *outer = dy.data + row * keys;
      float *out = dx + row * keys;
      float along = 0;
#pragma omp simd reduction(+ : along)
      for (int64_t i = 0; i < keys; i++) along += outer[i] * at[i];
#pragma omp simd
      for (int64_t i = 0; i < keys; i++) out[i] = (outer[i] - along) * at[i] * scale;
    }
  });
}

// ---------------------------------------------------------------------------------------------------------------- cross entropy

// logits [rows, classes], labels int32 [rows] -> losses [rows], logSumExp [rows]
void CrossEntropy(Call &call) {
  const Input logits = call.In(0), labels = call.In(1);
  const int64_t rows = labels.count, classes = logits.shape[1];
  float *losses = call.Out(0, {rows}), *logSumExp = call.Out(1, {rows});
  if (call.Failed()) return;
  std::atomic<int64_t> bad(-1);
  ShareRows(rows, classes, [&](int64_t from, int64_t to, int) {
    for (int64_t row = from; row < to; row++) {
      const int32_t label = labels.ints()[row];
      losses[row] = logSumExp[row] = 0;
      if (label >= classes) bad = row;
      if (label < 0 || label >= classes) continue;
      const float *in = logits.data + row * classes;
      float largest = -3.4e38f;
#pragma omp simd reduction(max : largest)
      for (int64_t i = 0; i < classes; i++) largest = std::max(largest, in[i]);
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (int64_t i = 0; i < classes; i++) sum += Exp(in[i] - largest);
      const float tail = std::log(sum);
      losses[row] = tail + (largest - in[label]);
      logSumExp[row] = tail + largest;
    }
  });
  if (bad >= 0)
    call.Refuse("SelfsupSoftmaxCrossEntropy: a label must be below " + std::to_string(classes) + ", got " +
                std::to_string(labels.ints()[bad]) + " in row " + std::to_string(bad));
}

// dy [rows], logits, labels, logSumExp -> dLogits
void CrossEntropyGrad(Call &call) {
  const Input dy = call.In(0), logits = call.In(1), labels = call.In(2), logSumExp = call.In(3);
  float *out = call.Out(0, logits.shape);
  if (call.Failed()) return;
  const int64_t rows = labels.count, classes = logits.shape[1];
  ShareRows(rows, classes, [&](int64_t from, int64_t to, int) {
    for (int64_t row = from; row < to; row++) {
      const int32_t label = labels.ints()[row];
      const float *in = logits.data + row * classes;
      float *to_row = out + row * classes;
      if (label < 0) {
        std::fill(to_row, to_row + classes, 0.0f);
        continue;
      }
      const float weight = dy.data[row], total = logSumExp.data[row];
#pragma omp simd
      for (int64_t i = 0; i < classes; i++) to_row[i] = weight * Exp(in[i] - total);
      to_row[label] -= weight;
    }
  });
}

// ---------------------------------------------------------------------------------------------------------------- batch norm

// The factor and the shift of each channel: y = x * factor + shift.
void Affine(int64_t channels, const float *mean, const float *variance, const float *scale, const float *offset, float epsilon,
            std::vector<float> *factor, std::vector<float> *shift) {
  factor->resize(channels);
  shift->resize(channels);
  for (int64_t c = 0; c < channels; c++) {
    (*factor)[c] = scale[c] / std::sqrt(variance[c] + epsilon);
    (*shift)[c] = offset[c] - mean[c] * (*factor)[c];
  }
}

constexpr int64_t kBlock = 64;  // rows whose sums stay in float32

// Adds up two lists of sums per channel over all rows; `add` puts a block of rows into the sums of float32 that it gets.
std::vector<double> SumRows(int64_t rows, int64_t channels, const std::function<void(int64_t, int64_t, float *, float *)> &add) {
  const int threads = Team::Get().threads();
  std::vector<double> sums(2 * channels * threads, 0.0);
  ShareRows(rows, channels, [&](int64_t from, int64_t to, int part) {
    std::vector<float> block(2 * channels);
    double *own = sums.data() + 2 * channels * part;
    for (int64_t start = from; start < to; start += kBlock) {
      std::fill(block.begin(), block.end(), 0.0f);
      add(start, std::min(to, start + kBlock), block.data(), block.data() + channels);
      for (int64_t c = 0; c < 2 * channels; c++) own[c] += block[c];
    }
  });
  for (int part = 1; part < threads; part++)
    for (int64_t c = 0; c < 2 * channels; c++) sums[c] += sums[2 * channels * part + c];
  sums.resize(2 * channels);
  return sums;
}

// x [..., channels], scale, offset, residual or nothing, options [epsilon, isRelu] -> y, mean, variance (biased)
void BatchNorm(Call &call) {
  const Input x = call.In(0), scale = call.In(1), offset = call.In(2), residual = call.In(3), options = call.In(4);
  const int64_t channels = scale.count, rows = x.count / channels;
  float *y = call.Out(0, x.shape), *mean = call.Out(1, {channels}), *variance = call.Out(2, {channels});
  if (call.Failed()) return;
  const float *first = x.data;  // the sums are those of differences from it, which are small
  const std::vector<double> sums = SumRows(rows, channels, [&](int64_t from, int64_t to, float *plain, float *squares) {
    for (int64_t row = from; row < to; row++) {
      const float *in = x.data + row * channels;
#pragma omp simd
      for (int64_t c = 0; c < channels; c++) {
        const float difference = in[c] - first[c];
        plain[c] += difference;
        squares[c] += difference * difference;
      }
    }
  });
  for (int64_t c = 0; c < channels; c++) {
    const double middle = sums[c] / rows;
    mean[c] = static_cast<float>(first[c] + middle);
    const double spread = sums[channels + c] / rows - middle * middle;
    variance[c] = static_cast<float>(spread < 0 ? 0.0 : spread);
  }
  std::vector<float> factor, shift;
  Affine(channels, mean, variance, scale.data, offset.data, options.data[0], &factor, &shift);
  const bool isRelu = options.data[1] != 0, isResidual = residual.count > 0;
  ShareRows(rows, channels, [&](int64_t from, int64_t to, int) {
    const float *a = factor.data(), *b = shift.data();
    for (int64_t row = from; row < to; row++) {
      const float *in = x.data + row * channels, *beside = residual.data + row * channels;
      float *out = y + row * channels;
      if (isResidual)
#pragma omp simd
        for (int64_t c = 0; c < channels; c++) out[c] = in[c] * a[c] + b[c] + beside[c];
      else
#pragma omp simd
        for (int64_t c = 0; c < channels; c++) out[c] = in[c] * a[c] + b[c];
      if (isRelu)
#pragma omp simd
        for (int64_t c = 0; c < channels; c++) out[c] = out[c] < 0 ? 0.0f : out[c];
    }
  });
}

// dy, x, mean, variance, scale, offset or nothing, y or nothing, options [epsilon, isRelu] -> dx, dScale, dOffset, dResidual (nothing without y)
void BatchNormGrad(Call &call) {
  const Input dy = call.In(0), x = call.In(1), mean = call.In(2), variance = call.In(3), scale = call.In(4);
  const Input offset = call.In(5), y = call.In(6), options = call.In(7);
  const int64_t channels = scale.count, rows = x.count / channels;
  const bool isRelu = options.data[1] != 0, isResidual = isRelu && y.count > 0;
  float *dx = call.Out(0, x.shape), *dScale = call.Out(1, {channels}), *dOffset = call.Out(2, {channels});
  float *dResidual = call.Out(3, isResidual ? x.shape : std::vector<int64_t>{0});
  if (call.Failed()) return;
  const float epsilon = options.data[0];
  std::vector<float> factor, shift, inverse(channels);
  const std::vector<float> zeros(channels, 0.0f);
  Affine(channels, mean.data, variance.data, scale.data, offset.count > 0 ? offset.data : zeros.data(), epsilon, &factor, &shift);
  for (int64_t c = 0; c < channels; c++) inverse[c] = 1.0f / std::sqrt(variance.data[c] + epsilon);
  const float *a = factor.data(), *b = shift.data(), *middle = mean.data;
  const std::vector<double> sums = SumRows(rows, channels, [&](int64_t from, int64_t to, float *plain, float *along) {
    for (int64_t row = from; row < to; row++) {
      const float *in = x.data + row * channels, *outer = dy.data + row * channels, *after = y.data + row * channels;
      float *passed = dResidual + row * channels;
      if (isResidual) {
#pragma omp simd
        for (int64_t c = 0; c < channels; c++) {
          const float g = after[c] > 0 ? outer[c] : 0.0f;
          passed[c] = g;
          plain[c] += g;
          along[c] += g * (in[c] - middle[c]);
        }
      } else if (isRelu) {
#pragma omp simd
        for (int64_t c = 0; c < channels; c++) {
          const float g = in[c] * a[c] + b[c] > 0 ? outer[c] : 0.0f;
          plain[c] += g;
          along[c] += g * (in[c] - middle[c]);
        }
      } else {
#pragma omp simd
        for (int64_t c = 0; c < channels; c++) {
          plain[c] += outer[c];
          along[c] += outer[c] * (in[c] - middle[c]);
        }
      }
    }
  });
  std::vector<float> slope(channels), constant(channels);
  for (int64_t c = 0; c < channels; c++) {
    dOffset[c] = static_cast<float>(sums[c]);
    dScale[c] = static_cast<float>(sums[channels + c] * inverse[c]);
    // dx = factor * (g - dOffset/n - normalized * dScale/n)
    slope[c] = a[c] * inverse[c] * dScale[c] / rows;
    constant[c] = a[c] * dOffset[c] / rows;
  }
  ShareRows(rows, channels, [&](int64_t from, int64_t to, int) {
    const float *s = slope.data(), *k = constant.data();
    for (int64_t row = from; row < to; row++) {
      const float *in = x.data + row * channels, *outer = (isResidual ? dResidual : dy.data) + row * channels;
      float *out = dx + row * channels;
      if (isRelu && !isResidual)
#pragma omp simd
        for (int64_t c = 0; c < channels; c++)
          out[c] = a[c] * (in[c] * a[c] + b[c] > 0 ? outer[c] : 0.0f) - s[c] * (in[c] - middle[c]) - k[c];
      else
#pragma omp simd
        for (int64_t c = 0; c < channels; c++) out[c] = a[c] * outer[c] - s[c] * (in[c] - middle[c]) - k[c];
    }
  });
}

// ---------------------------------------------------------------------------------------------------------------- optimizers

// gradient, velocity or nothing, variable or nothing, options [learningRate, momentum, weightDecay, isNesterov] -> update, velocity (or nothing)
void SgdUpdate(Call &call) {
  const Input gradient = call.In(0), velocity = call.In(1), variable = call.In(2), options = call.In(3);
  const bool moves = velocity.shape.size() != 1 || velocity.shape[0] != 0, decays = options.data[2] != 0;
  float *update = call.Out(0, gradient.shape), *next = call.Out(1, moves ? gradient.shape : std::vector<int64_t>{0});
  if (call.Failed()) return;
  const float rate = options.data[0], momentum = options.data[1], decay = options.data[2];
  const bool isNesterov = options.data[3] != 0;
  ShareNumbers(gradient.count, [&](int64_t from, int64_t to, int) {
    const float *g = gradient.data, *v = velocity.data, *w = variable.data;
#pragma omp simd
    for (int64_t i = from; i < to; i++) {
      const float direction = decays ? g[i] + decay * w[i] : g[i];
      if (!moves) {
        update[i] = -rate * direction;
        continue;
      }
      const float fresh = momentum * v[i] + direction;
      next[i] = fresh;
      update[i] = -rate * (isNesterov ? direction + momentum * fresh : fresh);
    }
  });
}

// gradient, firstMoment, secondMoment, variable or nothing,
// options [learningRate, beta1, 1 - beta1, beta2, 1 - beta2, epsilon * root, factor of the moment, weightDecay] -> update, firstMoment, secondMoment
void AdamWUpdate(Call &call) {
  const Input gradient = call.In(0), first = call.In(1), second = call.In(2), variable = call.In(3), options = call.In(4);
  float *update = call.Out(0, gradient.shape), *nextFirst = call.Out(1, gradient.shape), *nextSecond = call.Out(2, gradient.shape);
  if (call.Failed()) return;
  const float *o = options.data;
  const float rate = o[0], beta1 = o[1], rest1 = o[2], beta2 = o[3], rest2 = o[4], epsilon = o[5], factor = o[6], decay = o[7];
  const bool decays = decay != 0;
  ShareNumbers(gradient.count, [&](int64_t from, int64_t to, int) {
    const float *g = gradient.data, *m = first.data, *v = second.data, *w = variable.data;
#pragma omp simd
    for (int64_t i = from; i < to; i++) {
      const float mean = beta1 * m[i] + rest1 * g[i], square = beta2 * v[i] + rest2 * g[i] * g[i];
      nextFirst[i] = mean;
      nextSecond[i] = square;
      const float direction = mean * factor / (std::sqrt(square) + epsilon);
      update[i] = -rate * (decays ? direction + decay * w[i] : direction);
    }
  });
}

// old, fresh, options [momentum, 1 - momentum] -> y
void EmaUpdate(Call &call) {
  const Input old = call.In(0), fresh = call.In(1), options = call.In(2);
  float *y = call.Out(0, old.shape);
  if (call.Failed()) return;
  const float keep = options.data[0], take = options.data[1];
  ShareNumbers(old.count, [&](int64_t from, int64_t to, int) {
#pragma omp simd
    for (int64_t i = from; i < to; i++) y[i] = keep * old.data[i] + take * fresh.data[i];
  });
}

// ---------------------------------------------------------------------------------------------------------------- dropout

inline uint32_t Turned(uint32_t x, int by) { return (x << by) | (x >> (32 - by)); }

// Threefry-2x32, 20 rounds (Salmon et al., SC 2011), counter (block, 0): the numbers of drawBits of @selfsup/core.
inline void Threefry(uint32_t k0, uint32_t k1, uint32_t block, uint32_t *first, uint32_t *second) {
  const uint32_t keys[3] = {k0, k1, 0x1bd11bdau ^ k0 ^ k1};
  constexpr int turns[2][4] = {{13, 15, 26, 6}, {17, 29, 16, 24}};
  uint32_t x0 = block + k0, x1 = k1;
  for (uint32_t group = 0; group < 5; group++) {
    for (int round = 0; round < 4; round++) {
      x0 += x1;
      x1 = Turned(x1, turns[group & 1][round]) ^ x0;
    }
    x0 += keys[(group + 1) % 3];
    x1 += keys[(group + 2) % 3] + group + 1;
  }
  *first = x0;
  *second = x1;
}

// x, keys int32 [key0, key1, threshold, first block], options [factor] -> y
void Dropout(Call &call) {
  const Input x = call.In(0), keys = call.In(1), options = call.In(2);
  float *y = call.Out(0, x.shape);
  if (call.Failed()) return;
  const uint32_t k0 = keys.ints()[0], k1 = keys.ints()[1], threshold = keys.ints()[2], first = keys.ints()[3];
  const float factor = options.data[0];
  Team::Get().Share((x.count + 3) / 4, kGrain / 4, [&](int64_t from, int64_t to, int) {
    const float *in = x.data;
    const int64_t whole = std::min(to, x.count / 4);
    for (int64_t block = from; block < whole; block++) {
      uint32_t a, b;
      Threefry(k0, k1, first + static_cast<uint32_t>(block), &a, &b);
      const int64_t i = block * 4;
      y[i] = in[i] * ((a & 0xffff) < threshold ? 0.0f : factor);
      y[i + 1] = in[i + 1] * ((a >> 16) < threshold ? 0.0f : factor);
      y[i + 2] = in[i + 2] * ((b & 0xffff) < threshold ? 0.0f : factor);
      y[i + 3] = in[i + 3] * ((b >> 16) < threshold ? 0.0f : factor);
    }
    for (int64_t i = std::max(whole, from) * 4; i < std::min(to * 4, x.count); i++) {
      uint32_t words[2];
      Threefry(k0, k1, first + static_cast<uint32_t>(i / 4), &words[0], &words[1]);
      const uint32_t half = words[(i >> 1) & 1] >> ((i & 1) * 16) & 0xffff;
      y[i] = in[i] * (half < threshold ? 0.0f : factor);
    }
  });
}

// ---------------------------------------------------------------------------------------------------------------- registration

// -> the version of these operations and the number of threads
void Version(Call &call) {
  float *out = call.Out(0, {2});
  if (call.Failed()) return;
  out[0] = kVersion;
  out[1] = static_cast<float>(Team::Get().threads());
}

template <void (*F)(Call &)>
void Compute(void *, TF_OpKernelContext *context) {
  Call call(context);
  F(call);
}
void *Create(TF_OpKernelConstruction *) { return nullptr; }
void Delete(void *) {}
void UnknownShape(TF_ShapeInferenceContext *context, TF_Status *status) { TF_ShapeInferenceContextSetUnknownShape(context, status); }

template <void (*F)(Call &)>
bool Register(const char *name, const std::vector<std::string> &inputs, int outputs) {
  TF_OpDefinitionBuilder *definition = TF_NewOpDefinitionBuilder(name);
  for (const std::string &input : inputs)
    TF_OpDefinitionBuilderAddInput(definition, (input.find(':') == std::string::npos ? input + ": float" : input).c_str());
  for (int at = 0; at < outputs; at++) TF_OpDefinitionBuilderAddOutput(definition, ("output" + std::to_string(at) + ": float").c_str());
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, UnknownShape);
  TF_Status *status = TF_NewStatus();
  TF_RegisterOpDefinition(definition, status);
  const bool isNew = TF_GetCode(status) == TF_OK;
  if (isNew) {
    TF_KernelBuilder *kernel = TF_NewKernelBuilder(name, "CPU", Create, Compute<F>, Delete);
    TF_RegisterKernelBuilder(name, kernel, status);
  }
  TF_DeleteStatus(status);
  return isNew;
}

const bool kRegistered = [] {
#ifdef __GLIBC__
  // Tensors of many MiB come and go in each step. By default each is mapped anew and its pages are cleared by the system; kept, they are used again.
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
#endif
  bool all = Register<Version>("SelfsupVersion", {}, 1);
  all &= Register<Gelu>("SelfsupGelu", {"x", "options"}, 1);
  all &= Register<GeluGrad>("SelfsupGeluGrad", {"dy", "x", "options"}, 1);
  all &= Register<LayerNorm>("SelfsupLayerNorm", {"x", "scale", "offset", "options"}, 3);
  all &= Register<LayerNormGrad>("SelfsupLayerNormGrad", {"dy", "x", "mean", "inverse", "scale"}, 3);
  all &= Register<MaskedSoftmax>("SelfsupMaskedSoftmax", {"x", "mask", "layout: int32", "options"}, 1);
  all &= Register<MaskedSoftmaxGrad>("SelfsupMaskedSoftmaxGrad", {"dy", "y", "options"}, 1);
  all &= Register<CrossEntropy>("SelfsupSoftmaxCrossEntropy", {"logits", "labels: int32"}, 2);
  all &= Register<CrossEntropyGrad>("SelfsupSoftmaxCrossEntropyGrad", {"dy", "logits", "labels: int32", "log_sum_exp"}, 1);
  all &= Register<BatchNorm>("SelfsupBatchNorm", {"x", "scale", "offset", "residual", "options"}, 3);
  all &= Register<BatchNormGrad>("SelfsupBatchNormGrad", {"dy", "x", "mean", "variance", "scale", "offset", "y", "options"}, 4);
  all &= Register<SgdUpdate>("SelfsupSgdUpdate", {"gradient", "velocity", "variable", "options"}, 2);
  all &= Register<AdamWUpdate>("SelfsupAdamWUpdate", {"gradient", "first", "second", "variable", "options"}, 3);
  all &= Register<EmaUpdate>("SelfsupEmaUpdate", {"old", "fresh", "options"}, 1);
  all &= Register<Dropout>("SelfsupDropout", {"x", "keys: int32", "options"}, 1);
  return all;
}();

}  // namespace selfsup

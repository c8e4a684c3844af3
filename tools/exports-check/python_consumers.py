"""Opens exports in Python libraries, see consumers.ts.

usage: python python_consumers.py CONSUMER JOBS ANSWERS, CONSUMER onnxruntime, timm or transformers; or python python_consumers.py versions
"""
import importlib.metadata
import json
import os
import sys


def versions():
    def version(name):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            return None

    names = ['onnx', 'onnxruntime', 'torch', 'timm', 'transformers', 'safetensors', 'pillow']
    print(json.dumps({name: version(name) for name in names}))


def array(numbers, dtype):
    import numpy as np

    return np.array(numbers['data'], dtype=dtype).reshape(numbers['shape'])


def numbers(values):
    import numpy as np

    values = np.asarray(values)
    return {'shape': list(values.shape), 'data': [float(value) if np.isfinite(value) else None for value in values.astype(np.float64).ravel()]}


def images(case):
    """float32 [n, channels, height, width] in [0, 1]."""
    import numpy as np

    return np.ascontiguousarray(array(case['pixels'], np.float32).transpose(0, 3, 1, 2) / np.float32(255))


def onnxruntime_job(job):
    import numpy as np
    import onnxruntime

    path, notes = os.path.join(job['folder'], job['file']), []
    try:
        import onnx
    except ImportError:
        notes.append('onnx is not installed, the file was not checked')
    else:
        onnx.checker.check_model(path, full_check=True)
        opsets = {opset.domain or 'ai.onnx': opset.version for opset in onnx.load(path).opset_import}
        notes.append('opset ' + ', '.join(f'{version} of {domain}' for domain, version in opsets.items()))
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    outputs = []
    for case in job['cases']:
        if 'pixels' in case:
            feeds = {session.get_inputs()[0].name: images(case)}
        else:
            feeds = {given.name: array(case['tokens'][given.name], np.int64) for given in session.get_inputs()}
        results = session.run(None, feeds)
        outputs.append({output.name: numbers(result) for output, result in zip(session.get_outputs(), results)})
    return {'outputs': outputs, 'notes': notes}


def timm_job(job):
    import timm
    import torch
    from safetensors.torch import load_file

    folder = job['folder']
    with open(os.path.join(folder, 'config.json')) as file:
        config = json.load(file)
    arguments = dict(config.get('model_args', {}))
    for name in ('num_classes', 'global_pool'):
        if name in config:
            arguments.setdefault(name, config[name])
    model = timm.create_model(config['architecture'], pretrained=False, **arguments).eval()
    model.load_state_dict(load_file(os.path.join(folder, 'model.safetensors')), strict=True)
    from_folder = timm.create_model(f'local-dir:{folder}', pretrained=True).eval()
    settings = config['pretrained_cfg']
    mean, std = (torch.tensor(settings[name]).reshape(1, -1, 1, 1) for name in ('mean', 'std'))
    outputs = []
    with torch.no_grad():
        for case in job['cases']:
            pixels = (torch.from_numpy(images(case)) - mean) / std
            features = model(pixels)
            assert torch.equal(features, from_folder(pixels)), 'local-dir: gives another model'
            outputs.append({'global': numbers(features)})
    return {'outputs': outputs, 'notes': []}


def transformers_job(job):
    import numpy as np
    import torch
    import transformers

    folder = job['folder']
    model, info = transformers.AutoModel.from_pretrained(folder, output_loading_info=True)
    wrong = {key: sorted(map(str, names)) for key, names in info.items() if names}
    notes = []
    # what AutoModel adds on its own and nobody has trained
    if wrong.keys() == {'missing_keys'} and all(name.startswith('pooler.') for name in wrong['missing_keys']):
        notes.append('transformers adds an untrained pooler')
    else:
        # a head that this class does not have
        heads = ('cls.', 'lm_head.', 'classifier.')
        wrong['unexpected_keys'] = [name for name in wrong.get('unexpected_keys', []) if not name.startswith(heads)]
        wrong['missing_keys'] = [name for name in wrong.get('missing_keys', []) if not name.startswith('pooler.')]
        wrong = {key: names for key, names in wrong.items() if names}
        assert not wrong, f'AutoModel.from_pretrained: {wrong}'
    model.eval()
    architecture = (model.config.architectures or [''])[0]
    outputs = []
    with torch.no_grad():
        for case in job['cases']:
            if 'tokens' in case:
                tokens = {name: torch.from_numpy(array(values, np.int64)) for name, values in case['tokens'].items()}
                outputs.append({'last_hidden_state': numbers(model(**tokens).last_hidden_state)})
                continue
            from PIL import Image

            processor = transformers.AutoImageProcessor.from_pretrained(folder)
            pictures = [Image.fromarray(picture.squeeze()) for picture in array(case['pixels'], np.uint8)]
            results = model(**processor(pictures, return_tensors='pt'))
            if model.config.model_type == 'resnet':
                outputs.append({'global': numbers(results.pooler_output)})
            else:
                outputs.append({'last_hidden_state': numbers(results.last_hidden_state)})
    if architecture.endswith(('MaskedLM', 'PreTraining')):
        _, info = getattr(transformers, architecture).from_pretrained(folder, output_loading_info=True)
        wrong = {key: sorted(map(str, names)) for key, names in info.items() if names}
        assert not wrong, f'{architecture}: {wrong}'
    if os.path.exists(os.path.join(folder, 'tokenizer.json')):
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        for case in job['cases']:
            if 'texts' in case:
                theirs = tokenizer(case['texts'], padding=True, return_tensors='np')['input_ids']
                assert theirs.tolist() == array(case['tokens']['input_ids'], np.int64).tolist(), 'the tokenizer gives other ids'
    return {'outputs': outputs, 'notes': notes}


def main():
    if sys.argv[1] == 'versions':
        return versions()
    consumer, jobs, answers = sys.argv[1:]
    run = {'onnxruntime': onnxruntime_job, 'timm': timm_job, 'transformers': transformers_job}[consumer]
    if consumer != 'onnxruntime':
        import torch

        torch.set_num_threads(1)
    with open(jobs) as file:
        jobs = json.load(file)
    for job in jobs:
        try:
            answer = {'id': job['id'], **run(job)}
        except Exception as error:  # whatever a library says
            answer = {'id': job['id'], 'error': f'{type(error).__name__}: {error} (the folder holds {", ".join(sorted(os.listdir(job["folder"])))})'}
        with open(answers, 'a') as file:
            file.write(json.dumps(answer) + '\n')


main()

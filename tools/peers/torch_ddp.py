"""Peer benchmark: one SimCLR training step of ResNet-18 with the CIFAR stem under DistributedDataParallel (gloo), one thread in each process; each process
contrasts its own share of the batch.
usage: torch_ddp.py PROCESSES BATCH [STEPS]  -> images per second of all processes (one image = two views)"""
import os
import sys
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn as nn
import torch.nn.functional as F
from torch.nn.parallel import DistributedDataParallel


class Block(nn.Module):
    def __init__(self, before, width, stride):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(before, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width))
        self.second = nn.Sequential(nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width))
        same = stride == 1 and before == width
        self.beside = nn.Identity() if same else nn.Sequential(nn.Conv2d(before, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x):
        return F.relu(self.second(F.relu(self.first(x))) + self.beside(x))


def network():
    layers = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    before = 64
    for width, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [Block(before, width, stride), Block(width, width, 1)]
        before = width
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 128)]
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)


def nt_xent(first, second, temperature=0.5):
    z = F.normalize(torch.cat([first, second]), dim=1)
    n = len(z) // 2
    scores = (z @ z.t() / temperature).masked_fill(torch.eye(2 * n, dtype=torch.bool), -1e9)
    return F.cross_entropy(scores, torch.cat([torch.arange(n, 2 * n), torch.arange(0, n)]))


def train(rank, processes, batch, steps, times):
    os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
    os.environ.setdefault("MASTER_PORT", "29531")
    dist.init_process_group("gloo", rank=rank, world_size=processes)
    torch.set_num_threads(1)
    torch.manual_seed(rank)
    model = DistributedDataParallel(network())
    optimizer = torch.optim.SGD(model.parameters(), 0.06, momentum=0.9, weight_decay=5e-4)
    share = batch // processes
    for step in range(steps + 1):
        views = torch.randn(2 * share, 3, 32, 32).to(memory_format=torch.channels_last)
        dist.barrier()
        start = time.perf_counter()
        first, second = model(views).chunk(2)
        loss = nt_xent(first, second)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        dist.barrier()
        if rank == 0 and step > 0:
            times.append(time.perf_counter() - start)
    dist.destroy_process_group()


if __name__ == "__main__":
    processes, batch = int(sys.argv[1]), int(sys.argv[2])
    steps = int(sys.argv[3]) if len(sys.argv) > 3 else 7
    times = mp.Manager().list()
    mp.spawn(train, args=(processes, batch, steps, times), nprocs=processes)
    median = sorted(times)[len(times) // 2]
    print(f"torch {torch.__version__} DDP gloo, {processes} processes, batch {batch}: step {median:.3f} s  {batch / median:.2f} images/s")

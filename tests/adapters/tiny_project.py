"""A model and a data set as mmcv 1.x code has them."""

import torch
from torch import nn
from torch.utils.data import Dataset

from mmmigrate.runtime_v2.parallel import DataContainer


class Points(Dataset):
    """Seven points and their sum; each item has a stacked container, as v2 pipelines make them."""

    CLASSES = ("sum",)

    def __len__(self):
        return 7

    def __getitem__(self, index):
        point = torch.tensor([index / 7, 1.0])
        return {
            "img": DataContainer(point, stack=True, pad_dims=None),
            "target": point.sum(),
            "meta": DataContainer(index, cpu_only=True),
        }

    def evaluate(self, results, logger=None, scale=1):
        return {"mean": scale * float(sum(results) / len(results)), "count": len(results)}


class Line(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 1)
        nn.init.constant_(self.layer.weight, 0.3)
        nn.init.constant_(self.layer.bias, 0.0)

    def forward(self, img, target=None, meta=None, return_loss=True):
        predicted = self.layer(img)[:, 0]
        if not return_loss:
            return predicted.tolist()
        return ((predicted - target) ** 2).mean()

    def train_step(self, data, optimizer):
        loss = self(**data)
        return {
            "loss": loss,
            "log_vars": {"loss": loss.item(), "half": loss.item() / 2},
            "num_samples": len(data["img"]),
        }

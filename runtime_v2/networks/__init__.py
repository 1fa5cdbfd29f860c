"""The image networks that `mmcv.cnn` brings along."""

from mmmigrate.runtime_v2.networks.alexnet import AlexNet
from mmmigrate.runtime_v2.networks.resnet import BasicBlock, Bottleneck, ResNet, make_res_layer
from mmmigrate.runtime_v2.networks.vgg import VGG, make_vgg_layer

__all__ = ["VGG", "AlexNet", "BasicBlock", "Bottleneck", "ResNet", "make_res_layer", "make_vgg_layer"]

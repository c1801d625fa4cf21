"""Ways to make layers: one text each. Where a text imports nothing, the usual imports stand above it."""

STYLES = {
    "one Sequential in a class": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(8), nn.MaxPool2d(2),
            nn.Conv2d(8, 10, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    def forward(self, x):
        return self.net(x)
""",
    "Sequential without a class": """
import torch
from torch import nn
model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(),
                      nn.Linear(8, 10))
""",
    "Sequential of an OrderedDict": """
import torch.nn as nn
from collections import OrderedDict
class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.features = nn.Sequential(OrderedDict([
            ('conv', nn.Conv2d(3, 4, 3)), ('act', nn.ReLU(inplace=True)), ('pool', nn.MaxPool2d(2, 2)),
        ]))
        self.head = nn.Sequential(OrderedDict({'gap': nn.AdaptiveAvgPool2d(1), 'flat': nn.Flatten()}))
    def forward(self, x):
        return self.head(self.features(x))
""",
    "add_module and append": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential()
        self.body.add_module('conv1', nn.Conv2d(3, 6, 3))
        self.body.add_module(name='relu1', module=nn.ReLU())
        self.body.append(nn.Conv2d(6, 10, 1))
        self.add_module('gap', nn.AdaptiveAvgPool2d(1))
    def forward(self, x):
        return self.gap(self.body(x)).flatten(1)
""",
    "list and star": """
class Net(nn.Module):
    def __init__(self, widths=(8, 16, 24)):
        super().__init__()
        layers, c = [], 3
        for w in widths:
            layers += [nn.Conv2d(c, w, 3, padding=1, bias=False), nn.BatchNorm2d(w), nn.ReLU(inplace=True)]
            layers.append(nn.MaxPool2d(2))
            c = w
        self.features = nn.Sequential(*layers)
        self.fc = nn.Linear(c, 10)
    def forward(self, x):
        x = self.features(x)
        x = x.mean([2, 3])
        return self.fc(x)
""",
    "ModuleList in a loop": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv2d(3 if i == 0 else 8, 8, 3, padding=1) for i in range(3)])
        self.norms = nn.ModuleList()
        for _ in range(3):
            self.norms.append(nn.BatchNorm2d(8))
        self.fc = nn.Linear(8, 10)
    def forward(self, x):
        for conv, norm in zip(self.convs, self.norms):
            x = F.relu(norm(conv(x)))
        x = F.adaptive_avg_pool2d(x, 1)
        return self.fc(torch.flatten(x, 1))
""",
    "ModuleDict": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleDict({'stem': nn.Conv2d(3, 5, 3), 'act': nn.LeakyReLU(0.2)})
        self.parts['last'] = nn.Conv2d(5, 10, 1)
    def forward(self, x):
        for name, part in self.parts.items():
            x = part(x)
        return F.adaptive_avg_pool2d(x, (1, 1)).squeeze()
""",
    "setattr, getattr and f-strings": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        c = 3
        for i, w in enumerate([4, 8, 10], start=1):
            setattr(self, f'conv{i}', nn.Conv2d(c, w, 3, padding=i % 2))
            setattr(self, 'bn%d' % i, nn.BatchNorm2d(w))
            c = w
    def forward(self, x):
        for i in range(1, 4):
            x = getattr(self, f'conv{i}')(x)
            x = getattr(self, 'bn{}'.format(i))(x)
            x = torch.relu(x)
        return x.mean(dim=(2, 3))
""",
    "names with format and indices": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU())
        self.again = nn.Sequential(self.stem[1], self.stem[2])
        self.cut = self.stem[:1]
        self.last = nn.Conv2d(self.stem[0].out_channels, 10, self.stem[0].kernel_size)
    def forward(self, x):
        x = self.cut(x)
        x = self.again(x)
        return self.last(x).mean((-2, -1))
""",
    "numbers from arithmetic": """
class Net(nn.Module):
    def __init__(self, base=4, depth=3, growth=2):
        super().__init__()
        c = base * growth ** 2
        self.a = nn.Conv2d(3, c, kernel_size=2 * 1 + 1, padding=(3 - 1) // 2)
        self.b = nn.Conv2d(c, int(c * 1.5), 3, stride=max(1, depth - 1), groups=min(4, c))
        self.c = nn.Conv2d(int(c * 1.5), round(10.4), 1, bias=c < 0 or not base)
    def forward(self, x):
        return self.c(self.b(self.a(x))).mean(3).mean(2)
""",
    "bias as a number, valid and same": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3, padding='same', bias=0)
        self.b = nn.Conv2d(8, 8, (3, 3), padding='valid', dilation=(2, 2), bias=1)
        self.c = nn.Conv2d(8, 8, 5, 1, 'same', 2, 8, True, 'reflect')
        self.d = nn.Conv2d(8, 10, 3, 2, 1, 1, 2, False)
        self.pool = nn.AvgPool2d(kernel_size=3, stride=2, padding=1, ceil_mode=True)
    def forward(self, x):
        return self.pool(self.d(self.c(self.b(self.a(x))))).amax((2, 3))
""",
    "border modes": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 4, 3, padding=1, padding_mode='replicate')
        self.b = nn.Conv2d(4, 4, 3, padding=2, padding_mode='circular', groups=4)
        self.c = nn.Conv2d(4, 10, 3, padding=(1, 1), padding_mode='reflect')
    def forward(self, x):
        x = self.c(self.b(self.a(x)))
        return F.avg_pool2d(x, x.size()[2:]).view(-1, 10)
""",
    "every activation": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 10, 3)
        self.acts = nn.ModuleList([
            nn.ReLU(), nn.LeakyReLU(), nn.LeakyReLU(negative_slope=0.1), nn.ReLU6(), nn.ELU(), nn.SELU(),
            nn.SiLU(True),
            nn.GELU(), nn.Mish(), nn.Hardswish(), nn.Tanh(), nn.Sigmoid(), nn.Softplus(),
            nn.PReLU(), nn.PReLU(10)])
    def forward(self, x):
        x = self.conv(x)
        for act in self.acts:
            x = act(x)
        return torch.flatten(F.adaptive_max_pool2d(x, output_size=1), start_dim=1)
""",
    "every norm": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3, bias=False)
        self.n = nn.Sequential(
            nn.BatchNorm2d(8), nn.BatchNorm2d(8, affine=False), nn.GroupNorm(2, 8),
            nn.GroupNorm(num_channels=8, num_groups=1),
            nn.InstanceNorm2d(8), nn.InstanceNorm2d(8, affine=True), nn.LayerNorm([8, 30, 30]))
        self.d, self.d2 = nn.Dropout(0.1), nn.Dropout2d(p=0.2)
        self.head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.BatchNorm1d(8), nn.LayerNorm(8),
                                  nn.Linear(8, 10, bias=False))
    def forward(self, x):
        return self.head(self.d2(self.d(self.n(self.a(x)))))
""",
    "lazy layers": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.LazyConv2d(8, 3, padding=1)
        self.n = nn.LazyBatchNorm2d()
        self.b = nn.Conv2d(8, 6, 1)
        self.c = nn.LazyLinear(10)
    def forward(self, x):
        x = F.relu(self.n(self.a(x)))
        return self.c(F.adaptive_avg_pool2d(self.b(x), 1).flatten(1))
model = Net()
model(torch.zeros(1, 3, 32, 32))
""",
    "names from a star import": """
from torch.nn import *
import torch
class Net(Module):
    def __init__(self):
        super().__init__()
        self.net = Sequential(Conv2d(3, 8, 3), ReLU(), AdaptiveMaxPool2d(1), Flatten(), Linear(8, 10))
    def forward(self, x):
        return self.net(x)
""",
    "names one by one": """
import torch as t
from torch.nn import Module, Conv2d as Conv, BatchNorm2d, MaxPool2d, Linear
from torch.nn.functional import relu, log_softmax, max_pool2d
class Net(Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2 = Conv(3, 4, 3), Conv(4, 8, 3)
        self.b = BatchNorm2d(4)
        self.fc = Linear(8 * 6 * 6, 10)
    def forward(self, x):
        x = max_pool2d(relu(self.b(self.c1(x))), 2)
        x = max_pool2d(self.c2(x), kernel_size=2, stride=2)
        x = t.flatten(x, 1)
        return log_softmax(self.fc(x), dim=1)
""",
    "configuration string of a VGG": """
cfg = {'tiny': [8, 'M', 16, 16, 'M']}
class VGG(nn.Module):
    def __init__(self, name='tiny', classes=10):
        super(VGG, self).__init__()
        self.features = self._make_layers(cfg[name])
        self.classifier = nn.Linear(16, classes)
    def forward(self, x):
        out = self.features(x)
        out = out.view(out.size(0), -1)
        return self.classifier(out)
    def _make_layers(self, cfg):
        layers = []
        in_channels = 3
        for x in cfg:
            if x == 'M':
                layers += [nn.MaxPool2d(kernel_size=2, stride=2)]
            else:
                layers += [nn.Conv2d(in_channels, x, kernel_size=3, padding=1),
                           nn.BatchNorm2d(x), nn.ReLU(inplace=True)]
                in_channels = x
        layers += [nn.AdaptiveAvgPool2d(1)]
        return nn.Sequential(*layers)
model = VGG('tiny')
""",
    "insert, extend and ModuleList plus": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.parts = nn.ModuleList([nn.ReLU()])
        self.parts.insert(0, nn.Conv2d(3, 4, 3))
        self.parts.extend([nn.Conv2d(4, 10, 3), nn.Identity()])
        self.parts += [nn.AdaptiveAvgPool2d(1)]
        self.n = len(self.parts)
    def forward(self, x):
        for i in range(self.n):
            x = self.parts[i](x)
        return x.reshape(x.shape[0], -1)
""",
}

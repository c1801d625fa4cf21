"""Ways to share layers between functions, classes and settings: one text each."""

STYLES = {
    "function that returns a block": """
def conv_block(cin, cout, pool=False, *, k=3):
    layers = [nn.Conv2d(cin, cout, k, padding=k // 2), nn.BatchNorm2d(cout), nn.ReLU(inplace=True)]
    if pool:
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.b1 = conv_block(3, 8)
        self.b2 = conv_block(8, 16, pool=True)
        self.b3 = conv_block(16, 10, k=1)
    def forward(self, xb):
        out = self.b3(self.b2(self.b1(xb)))
        return nn.AdaptiveAvgPool2d(1)(out).view(-1, 10)
""",
    "block as a class": """
class Block(nn.Module):
    def __init__(self, cin, cout, stride=1):
        super(Block, self).__init__()
        self.conv = nn.Conv2d(cin, cout, 3, stride, 1, bias=False)
        self.bn = nn.BatchNorm2d(cout)
    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))
class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.stem = Block(3, 8)
        self.body = nn.Sequential(*[Block(8, 8, s) for s in (1, 2)])
        self.fc = nn.Linear(8, 10)
    def forward(self, x):
        x = self.body(self.stem(x))
        return self.fc(x.mean(-1).mean(-1))
""",
    "class from nn.Sequential": """
class ConvBNReLU(nn.Sequential):
    def __init__(self, cin, cout, k=3, **kwargs):
        super().__init__(
            nn.Conv2d(cin, cout, k, bias=False, **kwargs), nn.BatchNorm2d(cout), nn.ReLU6(inplace=True))
class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            ConvBNReLU(3, 8, padding=1), ConvBNReLU(8, 10, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
""",
    "class from nn.Conv2d": """
class Depthwise(nn.Conv2d):
    def __init__(self, channels, **kw):
        super().__init__(channels, channels, 3, groups=channels, padding=1, **kw)
class Scaled(nn.BatchNorm2d):
    pass
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.dw = Depthwise(3, bias=False)
        self.pw = nn.Conv2d(3, 10, 1)
        self.n = Scaled(10)
    def forward(self, x):
        return self.n(self.pw(self.dw(x))).mean((2, 3))
""",
    "base class with methods": """
class Base(nn.Module):
    WIDTH = 6
    def __init__(self, name):
        super().__init__()
        self.name = name
    def conv(self, cin, cout=None):
        return nn.Conv2d(cin, cout or self.WIDTH, 3)
    def head(self, x):
        return self.pool(x).flatten(1)
class Middle(Base):
    def conv(self, cin, cout=None):
        return nn.Sequential(super().conv(cin, cout), nn.ReLU())
class Net(Middle):
    WIDTH = 10
    def __init__(self, name='net'):
        super(Net, self).__init__(name)
        self.a = self.conv(3, 4)
        self.b = self.conv(4)
        self.pool = nn.AdaptiveAvgPool2d(1)
    def forward(self, x):
        return self.head(self.b(self.a(x)))
""",
    "old-style constructor of the base": """
class Net(nn.Module):
    def __init__(self):
        nn.Module.__init__(self)
        self.c = nn.Conv2d(3, 10, 3)
    def forward(self, x):
        return torch.squeeze(F.adaptive_avg_pool2d(self.c(x), 1))
""",
    "arguments with a call below": """
class Net(nn.Module):
    def __init__(self, classes, width=8, *, act='relu', drop=0.0):
        super().__init__()
        self.a = nn.Conv2d(3, width, 3)
        self.act = {'relu': nn.ReLU, 'gelu': nn.GELU}[act]()
        self.drop = nn.Dropout(drop) if drop > 0 else nn.Identity()
        self.b = nn.Conv2d(width, classes, 1)
    def forward(self, x):
        return self.b(self.drop(self.act(self.a(x)))).mean([2, 3])
model = Net(10, 12, act='gelu', drop=0.25)
""",
    "dict of settings": """
CONFIG = dict(width=8, norm='group', drop=0.1, layers=[1, 2])
class Net(nn.Module):
    def __init__(self, config=CONFIG):
        super().__init__()
        w = config['width']
        self.a = nn.Conv2d(3, w, 3)
        self.n = nn.GroupNorm(2, w) if config.get('norm') == 'group' else nn.BatchNorm2d(w)
        self.d = nn.Dropout(config.get('other', config['drop']))
        self.rest = nn.Sequential(*(nn.Conv2d(w, w, 3, dilation=d) for d in config['layers']))
    def forward(self, x):
        x = self.rest(self.d(self.n(self.a(x))))
        return x.mean((2, 3))
""",
    "dataclass of settings": """
import torch, torch.nn as nn
from dataclasses import dataclass, field
from typing import List
@dataclass
class Config:
    width: int = 4
    kernels: List[int] = field(default_factory=lambda: [3, 5])
    bias: bool = False
    @property
    def double(self) -> int:
        return self.width * 2
class Net(nn.Module):
    def __init__(self, config: Config = Config(width=6)) -> None:
        super().__init__()
        c: int = 3
        layers: List[nn.Module] = []
        for k in config.kernels:
            layers.append(nn.Conv2d(c, config.double, k, bias=config.bias))
            c = config.double
        self.net = nn.Sequential(*layers)
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x).mean((2, 3))
""",
    "SimpleNamespace and plain class of settings": """
import torch.nn as nn
from types import SimpleNamespace
class Opt:
    drop = 0.3
    def __init__(self):
        self.k = 3
ns = SimpleNamespace(cin=3, cout=10)
class Net(nn.Module):
    def __init__(self, opt=Opt(), ns=ns):
        super().__init__()
        self.opt = opt
        self.c = nn.Conv2d(ns.cin, ns.cout, opt.k)
        self.d = nn.Dropout2d(self.opt.drop)
        self.p = nn.AdaptiveAvgPool2d(1)
    def forward(self, x):
        x = self.p(self.d(self.c(x)))
        return x.view(x.shape[0], -1)
""",
    "partial, lambda and class in a variable": """
import torch.nn as nn
from functools import partial
norm = partial(nn.GroupNorm, 2)
act = lambda: nn.ReLU(inplace=False)
Conv = nn.Conv2d
class Net(nn.Module):
    def __init__(self, norm_layer=norm, act_layer=act, pool=None):
        super().__init__()
        if pool is None:
            pool = nn.AdaptiveAvgPool2d
        self.c = Conv(3, 10, 3)
        self.n, self.a, self.p = norm_layer(10), act_layer(), pool(1)
    def forward(self, x):
        return self.p(self.a(self.n(self.c(x)))).flatten(start_dim=1)
""",
    "static and class methods, properties": """
class Net(nn.Module):
    count = 3
    @staticmethod
    def unit(a, b):
        return nn.Sequential(nn.Conv2d(a, b, 3), nn.ReLU())
    @classmethod
    def small(cls, width):
        return cls(width)
    @property
    def last(self):
        return self.width
    def __init__(self, width=5):
        super().__init__()
        self.width = width
        self.units = nn.ModuleList(self.unit(3 if i == 0 else width, self.last) for i in range(self.count))
    def forward(self, x):
        for unit in self.units:
            x = unit(x)
        return x.mean((2, 3))
model = Net.small(7)
""",
    "varargs and unpacking": """
def stack(*layers, tail=()):
    return nn.Sequential(*layers, *tail)
class Net(nn.Module):
    def __init__(self, *widths, **options):
        super().__init__()
        first, *rest = widths or (4, 6, 10)
        kw = {'bias': False, **options}
        (a, b), c = (3, 1), 1
        self.stem = nn.Conv2d(3, first, a, **kw)
        pairs = list(zip([first] + rest[:-1], rest))
        self.body = stack(*[nn.Conv2d(i, o, b, padding=c) for i, o in pairs], tail=[nn.ReLU()])
    def forward(self, *inputs):
        x, = inputs
        return self.body(self.stem(x)).mean((2, 3))
""",
    "copies of a layer": """
import copy
import torch.nn as nn
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3)
        layer = nn.Sequential(nn.Conv2d(6, 6, 3, padding=1), nn.ReLU())
        self.rest = nn.ModuleList([copy.deepcopy(layer) for _ in range(3)])
    def forward(self, x):
        x = self.first(x)
        for layer in self.rest:
            x = layer(x)
        return x.mean((2, 3))
""",
    "initial weights": """
def init_weights(m):
    if isinstance(m, nn.Conv2d):
        nn.init.kaiming_normal_(m.weight)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 10, 3)
        self.n = nn.BatchNorm2d(10)
        self.apply(init_weights)
        self._initialize_weights()
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                n = m.kernel_size[0] * m.kernel_size[1] * m.out_channels
                m.weight.data.normal_(0, (2. / n) ** 0.5)
                if m.bias is not None:
                    m.bias.data.zero_()
        nn.init.constant_(self.n.weight, 0.5)
        with torch.no_grad():
            self.c.weight.mul_(0.5)
    def _initialize_weights(self):
        for name, p in self.named_parameters():
            if p.dim() > 1:
                nn.init.xavier_uniform_(p)
        if self.c.bias is not None:
            self.c.bias.data.fill_(0)
    def forward(self, x):
        '''Of an image (B, 3, 32, 32).'''
        assert x.shape[1] == 3, 'three channels'
        if x.dim() != 4:
            raise ValueError('images')
        return self.n(self.c(x)).mean((2, 3))
""",
    "generator of layers": """
class Net(nn.Module):
    def layers(self, c=3):
        for w in (4, 8):
            yield nn.Conv2d(c, w, 3)
            yield nn.ReLU()
            c = w
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(*self.layers())
        self.net = nn.Sequential(*list(self.net.children())[:-1], nn.Tanh())
    def forward(self, x):
        return self.net(x).mean((2, 3))
""",
    "network in main": """
def build(classes):
    return Net(classes, 6)
class Net(nn.Module):
    def __init__(self, classes, w):
        super().__init__()
        self.a = nn.Conv2d(3, w, 3)
        self.b = nn.Conv2d(w, classes, 1)
    def forward(self, x):
        return self.b(F.silu(self.a(x))).mean((2, 3))
model = build(classes=10)
device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
if __name__ == '__main__':
    model = model.to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(10 ** 9):
        for images, labels in loader:
            optimizer.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
""",
}

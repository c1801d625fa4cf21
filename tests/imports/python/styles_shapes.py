"""More ways, found in students' files: older habits, oddities that torch takes, and cifar7's own model.py."""

STYLES = {
    "cifar7's own file": '''
"""my net: images of 3x32x32 to 10 classes.

1,234 parameters, 5,678 multiply-accumulates an image.
Receptive field 7 pixels before the pooling head, 37 with it.
"""

import torch
from torch import nn


class Residual(nn.Sequential):
    """Layers in a row, and their input added to what they put out (He et al. 2015)."""

    def forward(self, x):  # (B, C, H, W)
        return x + super().forward(x)  # (B, C, H, W)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.C1 = nn.Sequential(
            nn.Conv2d(3, 8, kernel_size=3, padding=1),  # (8, 32, 32), RF 3, jump 1
            nn.ReLU(),  # (8, 32, 32)
            Residual(
                nn.Conv2d(8, 8, kernel_size=3, padding=1),  # (8, 32, 32), RF 5, jump 1
                nn.ReLU(),
            ),  # and its input added: (8, 32, 32), RF 5
        )
        self.O = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),  # (8, 1, 1), RF 37, jump 1
            nn.Flatten(),
            nn.Linear(8, 10),  # (10)
        )

    def forward(self, x):  # (B, 3, 32, 32)
        x = self.C1(x)
        return self.O(x)  # logits (B, 10)


if __name__ == "__main__":
    network = Network()
    print(network)
    print(f"{sum(p.numel() for p in network.parameters()):,} parameters")
    print(network(torch.zeros(2, 3, 32, 32)).shape)
''',
    "two blanks and a tab": """
class Net(nn.Module):
  def __init__(self):
    super(Net, self).__init__()
    self.conv1 = nn.Conv2d(3, 8, 3) # RF=3
    if True:
    \tself.conv2 = nn.Conv2d(8, 10, 3); self.p = nn.AvgPool2d(28)
  def forward(self, x):
    x = self.conv2(self.conv1(x)); x = self.p(x)
    return x.view(-1, 10)
""",
    "try, with and global": """
import torch
from torch import nn
try:
    import apex
except ImportError:
    apex = None
WIDTH = 4
def widen():
    global WIDTH
    WIDTH *= 2
widen()
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        try:
            self.a = nn.Conv2d(3, WIDTH, 3)
        finally:
            self.b = nn.Conv2d(WIDTH, 10, 1)
        del WIDTH_TABLE['x']
    def forward(self, x):
        with torch.enable_grad():
            return self.b(self.a(x)).mean((2, 3))
WIDTH_TABLE = {'x': 1}
""",
    "changed from outside": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU())
        self.fc = nn.Linear(8, 1000)
    def forward(self, x):
        return self.fc(self.features(x).mean((2, 3)))
model = Net()
model.fc = nn.Linear(model.fc.in_features, 10)
model.features[1] = nn.GELU()
model.features.add_module('last', nn.BatchNorm2d(8))
""",
    "closure and nonlocal": """
def counted():
    n = 0
    def make(cin, cout):
        nonlocal n
        n += 1
        return nn.Conv2d(cin, cout, 1 if n > 1 else 3)
    return make
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        make = counted()
        self.net = nn.Sequential(make(3, 4), make(4, 10))
    def forward(self, x):
        return self.net(x).mean((2, 3))
""",
    "strings of a table": """
TABLE = 'c3-8 r p c8-10'
class Net(nn.Module):
    def __init__(self, table=TABLE):
        super().__init__()
        layers = []
        for word in table.split():
            if word.startswith('c'):
                a, b = map(int, word[1:].split('-'))
                layers.append(nn.Conv2d(a, b, 3))
            else:
                layers.append({'r': nn.ReLU(), 'p': nn.MaxPool2d(2)}[word])
        self.net = nn.Sequential(*layers)
    def forward(self, x):
        return self.net(x).mean((2, 3))
""",
    "two parts side by side in a module": """
class Both(nn.Module):
    def __init__(self, left, right):
        super().__init__()
        self.left, self.right = left, right
    def forward(self, x):
        return torch.cat([self.left(x), self.right(x)], dim=1)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = Both(nn.Conv2d(3, 4, 1), nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU()))
        self.b = Both(nn.AdaptiveAvgPool2d(1), nn.AdaptiveMaxPool2d(1))
        self.fc = nn.Linear(16, 10)
    def forward(self, x):
        return self.fc(self.b(self.a(x)).flatten(1))
""",
    "an inverted bottleneck": """
def _make_divisible(v, divisor, min_value=None):
    if min_value is None:
        min_value = divisor
    new_v = max(min_value, int(v + divisor / 2) // divisor * divisor)
    if new_v < 0.9 * v:
        new_v += divisor
    return new_v
class InvertedResidual(nn.Module):
    def __init__(self, inp, oup, stride, expand_ratio):
        super(InvertedResidual, self).__init__()
        self.stride = stride
        assert stride in [1, 2]
        hidden_dim = int(round(inp * expand_ratio))
        self.use_res_connect = self.stride == 1 and inp == oup
        layers = []
        if expand_ratio != 1:
            layers.append(nn.Conv2d(inp, hidden_dim, 1, bias=False))
        layers.extend([
            nn.Conv2d(hidden_dim, hidden_dim, 3, stride, 1, groups=hidden_dim, bias=False),
            nn.BatchNorm2d(hidden_dim), nn.ReLU6(inplace=True),
            nn.Conv2d(hidden_dim, oup, 1, 1, 0, bias=False)])
        self.conv = nn.Sequential(*layers)
    def forward(self, x):
        if self.use_res_connect:
            return x + self.conv(x)
        else:
            return self.conv(x)
class MobileNet(nn.Module):
    def __init__(self, num_classes=10, width_mult=1.0, setting=None):
        super().__init__()
        if setting is None:
            setting = [
                # t, c, n, s
                [1, 8, 1, 1],
                [6, 16, 2, 2],
            ]
        c_in = _make_divisible(8 * width_mult, 8)
        features = [nn.Conv2d(3, c_in, 3, 1, 1)]
        for t, c, n, s in setting:
            c_out = _make_divisible(c * width_mult, 8)
            for i in range(n):
                features.append(InvertedResidual(c_in, c_out, s if i == 0 else 1, expand_ratio=t))
                c_in = c_out
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(c_in, num_classes))
        for m in self.modules():
            if isinstance(m, (nn.Conv2d, nn.Linear)):
                if m.bias is not None:
                    nn.init.zeros_(m.bias)
    def _forward_impl(self, x):
        x = self.features(x)
        x = nn.functional.adaptive_avg_pool2d(x, (1, 1)).reshape(x.shape[0], -1)
        return self.classifier(x)
    def forward(self, x):
        return self._forward_impl(x)
""",
    "padding computed, lists as kernels": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        pad = lambda k, d=1: (d * (k - 1)) // 2
        self.convs = nn.ModuleList(
            [nn.Conv2d(3 if not i else 6, 6, [k, k], padding=[pad(k, d)] * 2, dilation=d)
             for i, (k, d) in enumerate([(3, 1), (3, 2), (5, 1)])])
        self.act = getattr(nn, 'ReLU')()
    def forward(self, x):
        for i, conv in enumerate(self.convs):
            x = self.act(conv(x)) if i < len(self.convs) - 1 else conv(x)
        return x.mean((2, 3))
""",
    "identity and nothing": """
class Net(nn.Module):
    def __init__(self, norm=False):
        super().__init__()
        self.a = nn.Conv2d(3, 10, 3)
        self.n = nn.BatchNorm2d(10) if norm else nn.Identity(54, unused=1)
        self.s = nn.Sequential()
    def forward(self, x):
        print(x.shape, 'in')
        x = self.s(self.n(self.a(x)))
        return (x.mean((2, 3)))
""",
    "forward by name and by super": """
class Residual(nn.Sequential):
    def forward(self, x):
        return x + super().forward(x)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3)
        self.r = Residual(nn.Conv2d(8, 8, 3, padding=1), nn.ReLU())
    def forward(self, x):
        x = self.a.forward(x)
        x = self.r.forward(x)
        return Net.end(self, x)
    def end(self, x):
        return x.mean((2, 3))
""",
    "devices, counts and weights that do not matter": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.device = 'cuda' if torch.cuda.is_available() else 'cpu'
        if torch.cuda.is_available():
            self.where = torch.device('cuda')
        else:
            self.where = torch.device('cpu')
        self.a = nn.Conv2d(3, 10, 3)
        self.size = sum(p.numel() for p in self.parameters() if p.requires_grad)
        if self.size > 10 ** 6:
            print('large')
        self.act = F.relu
    def forward(self, x):
        for name in self._modules:
            x = self._modules[name](x)
        x = self.act(x)
        return F.adaptive_avg_pool2d(x, 1)[:, :, 0, 0]
""",
}

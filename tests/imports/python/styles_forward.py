"""Ways to write forward: one text each."""

STYLES = {
    "functional relu and pools": """
class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)
    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = x.view(-1, 16 * 5 * 5)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)
""",
    "num_flat_features": """
class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc = nn.Linear(4 * 15 * 15, 10)
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv(x)), (2, 2))
        x = x.view(-1, self.num_flat_features(x))
        return self.fc(x)
    def num_flat_features(self, x):
        size = x.size()[1:]
        num_features = 1
        for s in size:
            num_features *= s
        return num_features
""",
    "residual by plus": """
class Block(nn.Module):
    expansion = 1
    def __init__(self, cin, cout, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(cin, cout, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)
        self.shortcut = nn.Sequential()
        if stride != 1 or cin != self.expansion * cout:
            self.shortcut = nn.Sequential(
                nn.Conv2d(cin, cout, 1, stride=stride, bias=False), nn.BatchNorm2d(cout))
    def forward(self, x):
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out += self.shortcut(x)
        return F.relu(out)
class ResNet(nn.Module):
    def __init__(self, block, blocks, classes=10):
        super().__init__()
        self.planes = 4
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.layer1 = self._make(block, 4, blocks[0], 1)
        self.layer2 = self._make(block, 8, blocks[1], 2)
        self.linear = nn.Linear(8 * block.expansion, classes)
    def _make(self, block, planes, n, stride):
        strides = [stride] + [1] * (n - 1)
        layers = []
        for stride in strides:
            layers.append(block(self.planes, planes, stride))
            self.planes = planes * block.expansion
        return nn.Sequential(*layers)
    def forward(self, x):
        out = self.layer2(self.layer1(F.relu(self.stem(x))))
        out = F.avg_pool2d(out, 4)
        out = out.view(out.size(0), -1)
        return self.linear(out)
class ResNetSmall(ResNet):
    def __init__(self):
        super().__init__(Block, [1, 2])
    def forward(self, x):
        out = self.layer2(self.layer1(F.relu(self.stem(x))))
        return self.linear(F.adaptive_avg_pool2d(out, 1).flatten(1))
""",
    "residual in place": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 6, 3, padding=1)
        self.b = nn.Conv2d(6, 6, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
    def forward(self, x):
        x = self.a(x)
        identity = x
        out = self.relu(x)
        out = self.b(out)
        if self.downsample is not None:
            identity = self.downsample(x)
        out = out + identity
        y = out
        y += identity
        F.relu(y, inplace=True)
        return out.mean((2, 3))
""",
    "torch.add and branches": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 4, 3, padding=1)
        self.b = nn.Conv2d(3, 4, 3, padding=2, dilation=2)
        self.c = nn.Conv2d(4, 4, 1)
    def forward(self, x):
        left, right = self.a(x), self.b(x)
        y = torch.add(left, right)
        y = y.add(self.c(y))
        z = sum([y, left, right])
        return z.mean((2, 3))
""",
    "concatenation": """
class Dense(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 4, 3, padding=1)
        self.b = nn.Conv2d(7, 4, 3, padding=1)
        self.c = nn.Conv2d(11, 10, 1)
    def forward(self, x):
        features = [x]
        for layer in (self.a, self.b):
            new = F.relu(layer(torch.cat(features, 1)))
            features.append(new)
        x = self.c(torch.cat(tuple(features), dim=1))
        p = torch.cat([F.adaptive_avg_pool2d(x, 1), F.adaptive_max_pool2d(x, 1)], -3)
        return p.flatten(1)
""",
    "dropout with self.training": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3)
        self.fc = nn.Linear(8, 10)
        self.p = 0.3
    def forward(self, x):
        x = F.dropout2d(self.a(x), 0.1, self.training)
        x = F.adaptive_avg_pool2d(x, 1).view(x.size(0), -1)
        x = F.dropout(x, p=self.p, training=self.training)
        return F.log_softmax(self.fc(x), dim=1)
""",
    "methods of tensors": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3)
    def forward(self, x):
        x = self.a(x).relu()
        x = torch.tanh(x).sigmoid()
        x = torch.sigmoid(x.contiguous()).relu_()
        x = x.mean(dim=[2, 3], keepdim=True).squeeze(-1).squeeze(-1)
        return x.log_softmax(dim=-1)
""",
    "functional activations": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 10, 3)
    def forward(self, x):
        x = F.leaky_relu(self.a(x), 0.1, inplace=True)
        x = F.elu(F.selu(F.silu(F.gelu(F.mish(x)))))
        x = F.hardswish(F.relu6(F.softplus(x)))
        x = torch.nn.functional.leaky_relu(x, negative_slope=.3)
        return F.softmax(torch.mean(x, dim=(2, 3)), dim=1)
""",
    "pools with numbers of all kinds": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 10, 3)
    def forward(self, x):
        x = F.max_pool2d(self.a(x), 3, 2, 1)
        x = F.max_pool2d(x, kernel_size=2, stride=1, ceil_mode=True)
        x = F.avg_pool2d(x, 2, padding=1)
        return F.max_pool2d(x, kernel_size=x.size()[2:]).reshape(-1, 10)
""",
    "nested calls and walrus": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 6, 3), nn.Sequential(nn.BatchNorm2d(6), nn.Sequential(nn.ReLU())))
        self.out = nn.Conv2d(6, 10, 1)
    def features(self, x, /, *, twice=False):
        return self.stem(x)
    def forward(self, x):
        if (y := self.features(x, twice=True)) is not None:
            y = self.out(y)
        b, c, h, w = y.shape
        return nn.functional.adaptive_avg_pool2d(y, (1, 1)).reshape(b, c)
""",
    "flags decide": """
class Net(nn.Module):
    def __init__(self, pre=True, depth=2, kind='max'):
        super().__init__()
        self.pre, self.depth = pre, depth
        self.c = nn.ModuleList([nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3), nn.Conv2d(8, 10, 3)])
        self.pool = nn.MaxPool2d(2) if kind in ('max', 'MAX') else nn.AvgPool2d(2)
    def forward(self, x):
        i = 0
        while True:
            x = self.c[i](x)
            i += 1
            if i > self.depth:
                break
            elif i == 1 and self.pre:
                x = self.pool(x)
                continue
            x = F.relu(x) if self.pre and not i == 5 else x
        return x.mean((2, 3))
""",
    "channels moved behind": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3)
        self.norm = nn.LayerNorm(8, eps=1e-6)
        self.out = nn.Linear(8, 10)
    def forward(self, x):
        x = self.a(x).permute(0, 2, 3, 1)
        x = F.gelu(self.norm(x))
        x = x.permute((0, 3, 1, 2))
        return self.out(self.norm(x.mean([-2, -1])))
""",
    "rows of pixels": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 10, 3)
    def forward(self, x):
        x = self.a(x)
        return x.view(x.size(0), x.size(1), -1).mean(2)
""",
    "kernel from the size of the map": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 10, 3)
    def forward(self, x):
        x = self.a(x)
        x = F.avg_pool2d(x, kernel_size=x.shape[-1])
        return x.view(len(x.shape) and -1, 10)
""",
    "softmax as a layer": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 10, 3)
        self.gap = nn.AdaptiveAvgPool2d(1)
        self.s, self.l = nn.Softmax(dim=1), nn.LogSoftmax(dim=-1)
    def forward(self, x):
        return self.l(self.s(self.gap(self.a(x)).flatten(1)))
""",
    "unused layers": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 10, 3)
        self.old = nn.Sequential(nn.Conv2d(3, 7, 3, bias=False), nn.BatchNorm2d(7), nn.ReLU(), nn.PReLU(3))
        self.lstm = nn.LSTM(4, 5, num_layers=2, bidirectional=True)
        self.up = nn.ConvTranspose2d(4, 6, (2, 3), groups=2)
        self.e, self.one = nn.Embedding(7, 3), nn.Conv1d(4, 6, 3, groups=2)
        self.scale = nn.Parameter(torch.ones(1, 10, 1, 1))
        self.attention = nn.MultiheadAttention(8, 2)
        self.ln, self.gn = nn.LayerNorm([2, 3, 4]), nn.GroupNorm(2, 4)
    def forward(self, x):
        return self.a(x).mean((2, 3))
""",
    "a layer called twice": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3)
        self.b = nn.Conv2d(8, 8, 3, padding=1)
        self.relu = nn.ReLU()
    def forward(self, x):
        x = self.relu(self.a(x))
        for _ in range(3):
            x = self.relu(self.b(x))
        return x.mean((2, 3))
""",
}
